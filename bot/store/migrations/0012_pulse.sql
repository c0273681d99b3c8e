-- What readiness writes now and then, to know that the database still takes something.

-- +goose Up
CREATE TABLE pb_pulse (
    name    TEXT   NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL, -- unix microseconds, by the database's clock
    ballast BLOB             -- of the row that is always taken back: it asks for room
);
