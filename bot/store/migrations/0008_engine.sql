-- The durable engine has kept what a workflow was started with in another table since its version 1.4, where an older one does not
-- find it and would go on with nothing. Nothing of ours changes but the number, by which an older purgebot refuses the database.

-- +goose Up
SELECT 1;
