-- +goose Up

-- How many subscriptions ended on a day (of UTC, from 1970 on) for a reason. Counted
-- where they end: their tombstones are swept, and go where a browser comes back.
CREATE TABLE losses (
    site   INTEGER NOT NULL REFERENCES sites (id),
    day    INTEGER NOT NULL,
    reason TEXT    NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (site, day, reason)
) STRICT, WITHOUT ROWID;

INSERT INTO losses (site, day, reason, count)
SELECT site, ended_at / 86400000, reason, COUNT(*) FROM tombstones WHERE reason <> 'replaced' GROUP BY 1, 2, 3;

-- For the sweep.
CREATE INDEX tombstones_ended ON tombstones (ended_at);

-- +goose Down

DROP INDEX tombstones_ended;
DROP TABLE losses;
