-- +goose Up

-- Where a site's back end is told of events. types is a set (push.WebhookTypes).
-- former is the secret of before, which signs as well until former_until. failures
-- counts the attempts that failed since the last one that succeeded; until next_at the
-- webhook is left alone.
CREATE TABLE webhooks (
    id            uuid        NOT NULL PRIMARY KEY,
    site          bigint      NOT NULL REFERENCES sites (id),
    url           text        NOT NULL,
    types         integer     NOT NULL,
    secret        bytea       NOT NULL CHECK (length(secret) = 32),
    former        bytea,
    former_until  timestamptz,
    created_at    timestamptz NOT NULL,
    next_at       timestamptz NOT NULL,
    succeeded_at  timestamptz,
    failed_at     timestamptz,
    failure       text        NOT NULL DEFAULT '',
    failing_since timestamptz,
    failures      integer     NOT NULL DEFAULT 0,
    disabled_at   timestamptz,
    dropped       bigint      NOT NULL DEFAULT 0
);

-- What webhooks are to be told. next_at is when it is tried, NULL where it was given
-- up; node is who is at it. No foreign key: who writes an event waits for nobody who
-- changes the webhook.
CREATE TABLE webhook_events (
    webhook     uuid        NOT NULL,
    id          uuid        NOT NULL,
    type        integer     NOT NULL,
    happened_at timestamptz NOT NULL,
    body        bytea       NOT NULL,
    attempt     integer     NOT NULL DEFAULT 0,
    next_at     timestamptz,
    node        uuid,
    status      integer     NOT NULL DEFAULT 0,
    reason      text        NOT NULL DEFAULT '',
    PRIMARY KEY (webhook, id)
);

CREATE INDEX webhook_events_due ON webhook_events (webhook, next_at) WHERE next_at IS NOT NULL AND node IS NULL;
CREATE INDEX webhook_events_leased ON webhook_events (node) WHERE node IS NOT NULL;
CREATE INDEX webhook_events_given_up ON webhook_events (webhook, id) WHERE next_at IS NULL;

-- +goose Down

DROP TABLE webhook_events;
DROP TABLE webhooks;
