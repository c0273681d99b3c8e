-- A request that came while an identical purge was under way: it sends nothing, and its messages tell what becomes of that one.

-- +goose Up
ALTER TABLE pb_purge ADD COLUMN joined TEXT REFERENCES pb_purge (id) ON DELETE CASCADE; -- NULL of one that is a purge itself
CREATE INDEX pb_purge_joined ON pb_purge (joined) WHERE joined IS NOT NULL;
