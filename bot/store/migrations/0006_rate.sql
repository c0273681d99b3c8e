-- The turns of all who share a rate. Times are microseconds, since a rate of 20 a second is no whole number of milliseconds.

-- +goose Up
CREATE TABLE pb_rate (
    name   TEXT   NOT NULL PRIMARY KEY,
    at     BIGINT NOT NULL, -- unix, by the database's clock: when the others were true, and what they lessen from
    booked BIGINT NOT NULL, -- until the next turn that nobody has taken
    rest   BIGINT NOT NULL  -- until those who have one may use it
);
INSERT INTO pb_rate (name, at, booked, rest) VALUES ('cdn', 0, 0, 0);
