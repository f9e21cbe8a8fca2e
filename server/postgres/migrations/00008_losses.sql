-- +goose Up

-- How many subscriptions ended on a day (of UTC, from 1970 on) for a reason. Counted
-- where they end: their tombstones are swept, and go where a browser comes back. A
-- count is the sum of its slots, so that nodes do not wait for each other.
CREATE TABLE losses (
    site   bigint   NOT NULL REFERENCES sites (id),
    day    integer  NOT NULL,
    reason text     NOT NULL,
    slot   smallint NOT NULL,
    count  bigint   NOT NULL,
    PRIMARY KEY (site, day, reason, slot)
);

INSERT INTO losses (site, day, reason, slot, count)
SELECT site, floor(extract(epoch FROM ended_at) / 86400)::integer, reason, 0, count(*) FROM tombstones WHERE reason <> 'replaced' GROUP BY 1, 2, 3;

-- For the sweep.
CREATE INDEX tombstones_ended ON tombstones (ended_at);

-- +goose Down

DROP INDEX tombstones_ended;
DROP TABLE losses;
