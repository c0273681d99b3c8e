-- Events are forgotten from the front of their table, where the oldest are, so nothing needs an index of their time.

-- +goose Up
DROP INDEX IF EXISTS pb_event_at;
