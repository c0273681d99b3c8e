-- A purge may want its URLs fetched again; what fetches them is a row like any other, written when the purge ends.

-- +goose Up
ALTER TABLE pb_purge ADD COLUMN prefetch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE pb_purge ADD COLUMN follows TEXT REFERENCES pb_purge (id) ON DELETE SET NULL; -- the purge that it fetches again; NULL of all others
CREATE INDEX pb_purge_follows ON pb_purge (follows) WHERE follows IS NOT NULL;
