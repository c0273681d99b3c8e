-- What an answer or a call needs to know is looked up or kept as a sum, so that none of it takes longer the more was purged.

-- +goose Up
-- The calls of the last days by what they purge: see lately.go. What is older than a step of the migration fills in, which is no file.
CREATE TABLE pb_sent (
    target BIGINT NOT NULL, -- hash of what is purged in which way and area
    at     BIGINT NOT NULL, -- when the call left
    purge  TEXT   NOT NULL, -- no reference, since rows are forgotten sooner
    area   TEXT   NOT NULL,
    n      BIGINT NOT NULL,
    batch  BIGINT NOT NULL,
    try    BIGINT NOT NULL
);
CREATE INDEX pb_sent_target ON pb_sent (target, at);

-- Kept sums: see tally.go.
CREATE TABLE pb_tally (
    who  TEXT   NOT NULL, -- '' for what is counted of everybody
    what TEXT   NOT NULL,
    at   BIGINT NOT NULL, -- when what is counted began; 0 of what is counted as it is now
    n    BIGINT NOT NULL,
    PRIMARY KEY (who, what, at)
);
INSERT INTO pb_tally (who, what, at, n)
    SELECT o.requester, 'open', 0, count(*) FROM pb_purge o LEFT JOIN pb_decision d ON d.purge = o.id
    WHERE o.finished_at = 0 AND o.follows IS NULL AND (d.what IS NULL OR d.what = 'confirmed') GROUP BY o.requester;
INSERT INTO pb_tally (who, what, at, n)
    SELECT '', 'waiting', 0, count(*) FROM pb_purge p WHERE p.state = 'waiting' AND NOT EXISTS (SELECT 1 FROM pb_decision d WHERE d.purge = p.id);
INSERT INTO pb_tally (who, what, at, n)
    SELECT u.requester, w.what, u.at - u.at % w.width, sum(u.urls) FROM
        (SELECT p.requester, p.urls, CASE WHEN p.confirm = '' THEN p.created_at ELSE d.at END AS at
            FROM pb_purge p LEFT JOIN pb_decision d ON d.purge = p.id AND d.what = 'confirmed' WHERE p.urls > 0) u,
        (SELECT 'urls by second' AS what, 1000 AS width UNION ALL SELECT 'urls by minute', 60000) w
    WHERE u.at > (SELECT max(created_at) FROM pb_purge) - 7200000 GROUP BY u.requester, w.what, u.at - u.at % w.width;

-- The turn of a card stands in its row: see card.go.
ALTER TABLE pb_card ADD COLUMN asked BIGINT NOT NULL DEFAULT 0; -- when its purge was
ALTER TABLE pb_card ADD COLUMN turn  BIGINT NOT NULL DEFAULT 0; -- those of less come first
UPDATE pb_card SET asked = (SELECT p.created_at FROM pb_purge p WHERE p.id = pb_card.purge),
    turn = (SELECT COALESCE(max(f.fails), 0) FROM pb_card f WHERE f.purge = pb_card.purge AND f.shown < f.wanted)
        + CASE WHEN role = 'status' AND ref = '' AND (SELECT p.follows FROM pb_purge p WHERE p.id = pb_card.purge) IS NULL THEN 0 ELSE 8 END;
DROP INDEX pb_card_due;
CREATE INDEX pb_card_due ON pb_card (turn, asked, purge, role DESC) WHERE shown < wanted;
CREATE INDEX pb_notice_turn ON pb_notice (fails, at, id);

-- What is open is looked for by what it purges, and questions apart from it.
DROP INDEX pb_purge_open;
CREATE INDEX pb_purge_open ON pb_purge (digest, created_at) WHERE finished_at = 0;
CREATE INDEX pb_purge_asking ON pb_purge (state) WHERE finished_at = 0 AND confirm <> '';
CREATE INDEX pb_purge_rejoined ON pb_purge (digest, requester, channel, created_at) WHERE joined IS NOT NULL;

-- Each index is pages to write: these held what another tells as well, or what nothing asked for any more.
DROP INDEX pb_purge_requester;
CREATE INDEX pb_purge_requester ON pb_purge (requester, created_at);
DROP INDEX pb_purge_finished;
DROP INDEX pb_call_day;
