-- Rules from chat, daily budgets, and the indexes that keep history and look-ups from slowing down with age.

-- +goose Up
CREATE TABLE pb_rule (
    id         TEXT   NOT NULL PRIMARY KEY,
    kind       TEXT   NOT NULL, -- freeze or grant
    platform   TEXT   NOT NULL, -- where it was made; it holds everywhere
    workspace  TEXT   NOT NULL,
    grantee    TEXT   NOT NULL, -- '' of a freeze
    domain     TEXT   NOT NULL,
    path       TEXT   NOT NULL, -- '' is all of the domain
    kinds      TEXT   NOT NULL,
    areas      TEXT   NOT NULL,
    until      BIGINT NOT NULL,
    maker      TEXT   NOT NULL,
    name       TEXT   NOT NULL, -- the maker's, as it was then
    groups_of  TEXT   NOT NULL, -- the maker's, as they were then
    reason     TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL, -- 0 while it holds
    revoked_by TEXT   NOT NULL
);
CREATE INDEX pb_rule_active ON pb_rule (until) WHERE revoked_at = 0;
CREATE INDEX pb_rule_until ON pb_rule (until);

-- The one row that tells whether the rules have changed since they were read.
CREATE TABLE pb_rule_version (
    id      BIGINT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);
INSERT INTO pb_rule_version (id, version) VALUES (1, 0);

-- The sum of pb_charge's units that were not given back, kept beside it so that one conditional UPDATE decides.
CREATE TABLE pb_budget (
    day   TEXT   NOT NULL,
    key   TEXT   NOT NULL,
    kind  TEXT   NOT NULL,
    area  TEXT   NOT NULL,
    units BIGINT NOT NULL CHECK (units >= 0),
    PRIMARY KEY (day, key, kind, area)
);

CREATE TABLE pb_charge (
    purge    TEXT   NOT NULL REFERENCES pb_purge (id) ON DELETE CASCADE,
    day      TEXT   NOT NULL,
    key      TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    area     TEXT   NOT NULL,
    units    BIGINT NOT NULL,
    targets  TEXT   NOT NULL, -- the n of those it is for; 'null' is all of the area
    returned BIGINT NOT NULL, -- units that were given back when the purge ended
    PRIMARY KEY (purge, day, key, kind, area)
);

CREATE INDEX pb_call_at ON pb_call (at);
CREATE INDEX pb_call_day ON pb_call (day);
CREATE INDEX pb_purge_at ON pb_purge (created_at);
CREATE INDEX pb_purge_state ON pb_purge (platform, workspace, state, created_at) WHERE finished_at > 0;
CREATE INDEX pb_purge_done ON pb_purge (kind, areas, finished_at) WHERE state = 'done';
CREATE INDEX pb_audit_at ON pb_audit (at, seq);
