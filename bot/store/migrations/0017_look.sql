-- Two more answers that are looked up: whose card a message is, and who has used the day's quota.

-- +goose Up
CREATE INDEX IF NOT EXISTS pb_card_ref ON pb_card (ref) WHERE ref <> '';

-- The sum of pb_call's units by person.
CREATE TABLE IF NOT EXISTS pb_spent_by (
    day   TEXT   NOT NULL,
    kind  TEXT   NOT NULL,
    area  TEXT   NOT NULL,
    who   TEXT   NOT NULL,
    name  TEXT   NOT NULL, -- one they had that day
    units BIGINT NOT NULL,
    PRIMARY KEY (day, kind, area, who)
);
INSERT INTO pb_spent_by (day, kind, area, who, name, units)
    SELECT c.day, c.kind, c.area, p.requester, max(p.name), sum(c.units) FROM pb_call c JOIN pb_purge p ON p.id = c.purge
    WHERE c.state NOT IN ('unsent', 'refused') GROUP BY c.day, c.kind, c.area, p.requester
    ON CONFLICT (day, kind, area, who) DO NOTHING;
