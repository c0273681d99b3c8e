-- What is still to be posted beside the cards of purges, how far the audit was fed on, and freezes that a purge overrides.

-- +goose Up
CREATE TABLE pb_notice (
    id     TEXT   NOT NULL PRIMARY KEY, -- the hash of the audit row that it was written with
    thread TEXT   NOT NULL,
    card   TEXT   NOT NULL,
    at     BIGINT NOT NULL,
    fails  BIGINT NOT NULL
);

CREATE TABLE pb_feed (
    name TEXT   NOT NULL PRIMARY KEY,
    seq  BIGINT NOT NULL -- of the last audit row that was passed on
);

ALTER TABLE pb_purge ADD COLUMN overrides TEXT NOT NULL DEFAULT '[]'; -- ids of freezes
