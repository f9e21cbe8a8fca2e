-- +goose Up

ALTER TABLE sites ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';
ALTER TABLE sites ADD COLUMN quiet_hours TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN schedule TEXT NOT NULL DEFAULT '{}'; -- JSON

-- From when the TTL of a batch's deliveries counts.
ALTER TABLE batches ADD COLUMN ttl_from INTEGER NOT NULL DEFAULT 0;
UPDATE batches SET ttl_from = due_at WHERE state <> 2;

-- How far a part of a message's audience has been read at one push service: the
-- subscriptions of some time zones (a JSON array), or with rest of all but these.
-- start_at is when the part would be due without quiet hours, due_at when its next
-- step is. Of total subscriptions, where they were counted, scanned were looked at.
-- The row goes when the end is reached.
CREATE TABLE expansions_by_part (
    message      BLOB    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    push_service INTEGER NOT NULL,
    part         INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    start_at     INTEGER NOT NULL,
    zones        TEXT    NOT NULL,
    rest         INTEGER NOT NULL,
    cursor       BLOB    NOT NULL, -- the last subscription's id
    scanned      INTEGER NOT NULL,
    total        INTEGER NOT NULL,
    PRIMARY KEY (message, push_service, part)
) STRICT, WITHOUT ROWID;

INSERT INTO expansions_by_part (message, push_service, part, due_at, start_at, zones, rest, cursor, scanned, total)
SELECT message, push_service, 0, due_at, due_at, '[]', 1, cursor, 0, 0 FROM expansions;
DROP TABLE expansions;
ALTER TABLE expansions_by_part RENAME TO expansions;
CREATE INDEX expansions_due ON expansions (due_at);

-- +goose Down

CREATE TABLE expansions_by_zone (
    message      BLOB    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    push_service INTEGER NOT NULL,
    time_zone    TEXT    NOT NULL,
    due_at       INTEGER NOT NULL,
    cursor       BLOB    NOT NULL,
    PRIMARY KEY (message, push_service, time_zone)
) STRICT, WITHOUT ROWID;

INSERT INTO expansions_by_zone (message, push_service, time_zone, due_at, cursor)
SELECT message, push_service, '', due_at, cursor FROM expansions WHERE rest = 1;
DROP TABLE expansions;
ALTER TABLE expansions_by_zone RENAME TO expansions;
CREATE INDEX expansions_due ON expansions (due_at);

ALTER TABLE batches DROP COLUMN ttl_from;
ALTER TABLE messages DROP COLUMN schedule;
ALTER TABLE sites DROP COLUMN quiet_hours;
ALTER TABLE sites DROP COLUMN time_zone;
