-- Each audit row binds what its transaction made true of a purge or a rule, so that tables which are altered later are found out.
-- What is in the tables already is bound as it is found, by step 10, which is no file: see bindOld.

-- +goose Up
ALTER TABLE pb_audit ADD COLUMN facts TEXT NOT NULL DEFAULT ''; -- '' of rows from before, and of those that made nothing true
