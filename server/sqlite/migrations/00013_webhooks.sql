-- +goose Up

-- Where a site's back end is told of events. types is a set (push.WebhookTypes).
-- former is the secret of before, which signs as well until former_until. failures
-- counts the attempts that failed since the last one that succeeded; until next_at the
-- webhook is left alone.
CREATE TABLE webhooks (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    site          INTEGER NOT NULL REFERENCES sites (id),
    url           TEXT    NOT NULL,
    types         INTEGER NOT NULL,
    secret        BLOB    NOT NULL CHECK (length(secret) = 32),
    former        BLOB,
    former_until  INTEGER,
    created_at    INTEGER NOT NULL,
    next_at       INTEGER NOT NULL,
    succeeded_at  INTEGER,
    failed_at     INTEGER,
    failure       TEXT    NOT NULL DEFAULT '',
    failing_since INTEGER,
    failures      INTEGER NOT NULL DEFAULT 0,
    disabled_at   INTEGER,
    dropped       INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- What webhooks are to be told. next_at is when it is tried, NULL where it was given
-- up; node is who is at it. With a rowid, so that the way to a row is not through the
-- bodies of others. No foreign key: a webhook is deleted at once, its events in steps.
CREATE TABLE webhook_events (
    webhook     BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    type        INTEGER NOT NULL,
    happened_at INTEGER NOT NULL,
    attempt     INTEGER NOT NULL DEFAULT 0,
    next_at     INTEGER,
    node        BLOB,
    status      INTEGER NOT NULL DEFAULT 0,
    reason      TEXT    NOT NULL DEFAULT '',
    body        BLOB    NOT NULL,
    PRIMARY KEY (webhook, id)
) STRICT;

CREATE INDEX webhook_events_due ON webhook_events (webhook, next_at) WHERE next_at IS NOT NULL AND node IS NULL;
CREATE INDEX webhook_events_leased ON webhook_events (node) WHERE node IS NOT NULL;
CREATE INDEX webhook_events_given_up ON webhook_events (webhook, id) WHERE next_at IS NULL;

-- +goose Down

DROP TABLE webhook_events;
DROP TABLE webhooks;
