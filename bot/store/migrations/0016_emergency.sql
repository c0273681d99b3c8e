-- +goose Up
-- Why a purge could not wait for its approval has a column of its own. A confirmation said it in that of a refusal until here.
ALTER TABLE pb_decision ADD COLUMN emergency TEXT NOT NULL DEFAULT '';
UPDATE pb_decision SET emergency = problem, problem = '' WHERE what = 'confirmed' AND problem <> '';
