-- One text for SQLite and PostgreSQL: ids and JSON are TEXT, times are unix milliseconds (0: none), truth is 0 or 1.

-- +goose Up
CREATE TABLE pb_event (
    platform  TEXT   NOT NULL,
    workspace TEXT   NOT NULL,
    event     TEXT   NOT NULL,
    digest    TEXT   NOT NULL,
    purge     TEXT   NOT NULL, -- '' if it made none; no reference, since events are forgotten sooner
    at        BIGINT NOT NULL,
    PRIMARY KEY (platform, workspace, event)
);
CREATE INDEX pb_event_at ON pb_event (at);

CREATE TABLE pb_purge (
    id               TEXT   NOT NULL PRIMARY KEY,
    secret           TEXT   NOT NULL,
    short            TEXT   NOT NULL,
    platform         TEXT   NOT NULL,
    workspace        TEXT   NOT NULL,
    event            TEXT   NOT NULL,
    event_digest     TEXT   NOT NULL,
    requester        TEXT   NOT NULL,
    name             TEXT   NOT NULL,
    requester_groups TEXT   NOT NULL,
    thread           TEXT   NOT NULL,
    channel          TEXT   NOT NULL,
    kind             TEXT   NOT NULL,
    mode             TEXT   NOT NULL,
    areas            TEXT   NOT NULL, -- in the request's order; its targets are in pb_target
    urls             BIGINT NOT NULL, -- how many of its targets are URLs
    digest           TEXT   NOT NULL,
    policy           TEXT   NOT NULL,
    confirm          TEXT   NOT NULL,
    reason           TEXT   NOT NULL,
    private          BIGINT NOT NULL,
    notes            TEXT   NOT NULL,
    state            TEXT   NOT NULL,
    problem          TEXT   NOT NULL,
    expires_at       BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    finished_at      BIGINT NOT NULL, -- 0 while it is open
    cancelled        TEXT   NOT NULL,
    button           TEXT   NOT NULL UNIQUE, -- leads from a token on its cards to it
    UNIQUE (short, platform, workspace)
);
-- Each index is a page more to write before an answer: those that hold nothing of a new purge are partial.
-- What is open and what waits is found without stepping over what is finished, however much that is.
CREATE INDEX pb_purge_open ON pb_purge (finished_at, requester, channel, digest, created_at) WHERE finished_at = 0;
CREATE INDEX pb_purge_waiting ON pb_purge (state) WHERE state = 'waiting';
CREATE INDEX pb_purge_requester ON pb_purge (requester, created_at, urls);
CREATE INDEX pb_purge_finished ON pb_purge (finished_at) WHERE finished_at > 0;

CREATE TABLE pb_target (
    purge   TEXT   NOT NULL REFERENCES pb_purge (id) ON DELETE CASCADE,
    area    TEXT   NOT NULL,
    n       BIGINT NOT NULL,
    target  TEXT   NOT NULL,
    batch   BIGINT NOT NULL, -- -1 if it is in none
    place   BIGINT NOT NULL, -- in the batch
    outcome TEXT   NOT NULL DEFAULT 'pending',
    reason  TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (purge, area, n)
);

CREATE TABLE pb_host (
    host  TEXT   NOT NULL,
    at    BIGINT NOT NULL,
    purge TEXT   NOT NULL REFERENCES pb_purge (id) ON DELETE CASCADE,
    PRIMARY KEY (host, at, purge)
);
CREATE INDEX pb_host_purge ON pb_host (purge);

CREATE TABLE pb_decision (
    purge      TEXT   NOT NULL PRIMARY KEY REFERENCES pb_purge (id) ON DELETE CASCADE,
    what       TEXT   NOT NULL,
    who        TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    who_groups TEXT   NOT NULL,
    problem    TEXT   NOT NULL,
    at         BIGINT NOT NULL
);

CREATE TABLE pb_call (
    purge   TEXT   NOT NULL REFERENCES pb_purge (id) ON DELETE CASCADE,
    batch   BIGINT NOT NULL,
    try     BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    area    TEXT   NOT NULL,
    units   BIGINT NOT NULL,
    day     TEXT   NOT NULL,
    owner   TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    state   TEXT   NOT NULL,
    receipt TEXT   NOT NULL,
    problem TEXT   NOT NULL,
    next    TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (purge, batch, try)
);

-- The sum of pb_call's units, kept beside it so that one conditional UPDATE decides who gets the last unit.
CREATE TABLE pb_spent (
    day   TEXT   NOT NULL,
    kind  TEXT   NOT NULL,
    area  TEXT   NOT NULL,
    units BIGINT NOT NULL,
    PRIMARY KEY (day, kind, area)
);

CREATE TABLE pb_card (
    purge  TEXT   NOT NULL REFERENCES pb_purge (id) ON DELETE CASCADE,
    role   TEXT   NOT NULL,
    ref    TEXT   NOT NULL,
    wanted BIGINT NOT NULL,
    shown  BIGINT NOT NULL,
    fails  BIGINT NOT NULL,
    PRIMARY KEY (purge, role)
);
CREATE INDEX pb_card_due ON pb_card (purge, role) WHERE shown < wanted;

-- What private replies offer, and forms. The buttons of a purge's own cards are in no table: see pb_purge.button.
CREATE TABLE pb_button (
    token   TEXT   NOT NULL PRIMARY KEY, -- hex SHA-256 of what travels
    purge   TEXT   REFERENCES pb_purge (id) ON DELETE CASCADE,
    action  TEXT   NOT NULL,
    who     TEXT   NOT NULL,
    channel TEXT   NOT NULL,
    request TEXT   NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX pb_button_purge ON pb_button (purge);
CREATE INDEX pb_button_loose ON pb_button (expires) WHERE purge IS NULL;

CREATE TABLE pb_audit (
    seq   BIGINT NOT NULL PRIMARY KEY,
    at    BIGINT NOT NULL,
    who   TEXT   NOT NULL,
    name  TEXT   NOT NULL,
    what  TEXT   NOT NULL,
    purge TEXT   NOT NULL, -- no reference: the audit outlives the purge
    body  TEXT   NOT NULL,
    prev  TEXT   NOT NULL,
    hash  TEXT   NOT NULL
);
CREATE INDEX pb_audit_purge ON pb_audit (purge, seq) WHERE purge <> '';

-- The one row that orders the audit's writers. The pruned pair is the last row that age removed.
CREATE TABLE pb_audit_head (
    id          BIGINT NOT NULL PRIMARY KEY,
    seq         BIGINT NOT NULL,
    hash        TEXT   NOT NULL,
    pruned_seq  BIGINT NOT NULL,
    pruned_hash TEXT   NOT NULL
);
INSERT INTO pb_audit_head (id, seq, hash, pruned_seq, pruned_hash) VALUES (1, 0, '', 0, '');
