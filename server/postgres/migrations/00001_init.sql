-- +goose Up

-- Every row belongs to a site, and keys begin with it. The database may be one
-- that only speaks PostgreSQL's protocol: no sequence is drawn from often, and
-- nothing needs advisory locks or LISTEN.

CREATE TABLE sites (
    id          bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name        text        NOT NULL UNIQUE,
    token_key   bytea       NOT NULL CHECK (length(token_key) = 32),
    user_secret bytea       NOT NULL CHECK (length(user_secret) = 32),
    created_at  timestamptz NOT NULL
);

-- Relative URLs of messages are resolved against the origin at position 0.
CREATE TABLE origins (
    site     bigint  NOT NULL REFERENCES sites (id),
    position integer NOT NULL,
    origin   text    NOT NULL,
    PRIMARY KEY (site, position)
);

CREATE TABLE settings (
    name  text NOT NULL PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE api_keys (
    hash       bytea       NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    site       bigint      NOT NULL REFERENCES sites (id),
    created_at timestamptz NOT NULL
);

-- state: 1 current, 0 older.
CREATE TABLE vapid_keys (
    site       bigint      NOT NULL REFERENCES sites (id),
    key_id     bigint      NOT NULL,
    state      smallint    NOT NULL,
    public     text        NOT NULL,
    private    bytea       NOT NULL CHECK (length(private) = 32),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (site, key_id),
    UNIQUE (site, public)
);

CREATE UNIQUE INDEX vapid_keys_current ON vapid_keys (site) WHERE state = 1;

CREATE TABLE push_services (
    id   integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name text    NOT NULL UNIQUE
);

CREATE TABLE subscriptions (
    site          bigint      NOT NULL REFERENCES sites (id),
    push_service  integer     NOT NULL REFERENCES push_services (id),
    id            uuid        NOT NULL,
    endpoint_hash bytea       NOT NULL CHECK (length(endpoint_hash) = 16),
    endpoint      text        NOT NULL,
    p256dh        bytea       NOT NULL CHECK (length(p256dh) = 65),
    auth          bytea       NOT NULL CHECK (length(auth) = 16),
    key_id        bigint      NOT NULL,
    locale        text        NOT NULL,
    time_zone     text        NOT NULL,
    user_id       text        NOT NULL,
    created_at    timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    PRIMARY KEY (site, push_service, id),
    FOREIGN KEY (site, key_id) REFERENCES vapid_keys (site, key_id)
);

CREATE UNIQUE INDEX subscriptions_endpoint ON subscriptions (site, endpoint_hash);
CREATE INDEX subscriptions_user ON subscriptions (site, user_id) WHERE user_id <> '';

CREATE TABLE subscription_channels (
    site         bigint  NOT NULL,
    channel      text    NOT NULL,
    push_service integer NOT NULL,
    subscription uuid    NOT NULL,
    PRIMARY KEY (site, channel, push_service, subscription),
    FOREIGN KEY (site, push_service, subscription)
        REFERENCES subscriptions (site, push_service, id) ON DELETE CASCADE
);

CREATE INDEX subscription_channels_subscription
    ON subscription_channels (site, push_service, subscription);

-- Endpoints that have ended, so that a browser which still believes in one is
-- told, and so that what followed it can be carried over.
-- reason: gone (the push service's word), unsubscribed, replaced.
CREATE TABLE tombstones (
    site          bigint      NOT NULL REFERENCES sites (id),
    endpoint_hash bytea       NOT NULL CHECK (length(endpoint_hash) = 16),
    reason        text        NOT NULL,
    ended_at      timestamptz NOT NULL,
    id            uuid        NOT NULL,
    channels      text[]      NOT NULL,
    user_id       text        NOT NULL,
    PRIMARY KEY (site, endpoint_hash)
);

-- state: sending, sent or cancelled; a message that is not due yet is scheduled.
-- batches counts the message's, and numbers the next.
CREATE TABLE messages (
    id             uuid        NOT NULL PRIMARY KEY,
    site           bigint      NOT NULL REFERENCES sites (id),
    state          text        NOT NULL,
    created_at     timestamptz NOT NULL,
    due_at         timestamptz NOT NULL,
    ttl            integer     NOT NULL, -- seconds
    urgency        text        NOT NULL,
    topic          text        NOT NULL,
    audience       text        NOT NULL, -- JSON
    payload        bytea       NOT NULL,
    targeted_final boolean     NOT NULL,
    batches        bigint      NOT NULL DEFAULT 0
);

CREATE INDEX messages_site ON messages (site, id);

CREATE TABLE idempotency (
    site       bigint      NOT NULL REFERENCES sites (id),
    key        bytea       NOT NULL, -- a header field's value may be any bytes
    request    bytea       NOT NULL CHECK (length(request) = 32),
    message    uuid        NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (site, key)
);

-- How far the audience of a message has been read at one push service: cursor
-- is the last subscription's id. The row goes when the end is reached.
CREATE TABLE expansions (
    message      uuid        NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    push_service integer     NOT NULL,
    time_zone    text        NOT NULL,
    due_at       timestamptz NOT NULL,
    cursor       uuid        NOT NULL,
    PRIMARY KEY (message, push_service, time_zone)
);

CREATE INDEX expansions_due ON expansions (due_at);

-- A lease belongs to a node, and ends when the node has not been heard of for a
-- time. The fence counts the leases: what was leased again is no longer the
-- former holder's to write.
CREATE TABLE nodes (
    id          uuid        NOT NULL PRIMARY KEY,
    alive_until timestamptz NOT NULL
);

-- state: 0 waiting, 1 leased, 2 done. outcomes and events have a byte for each
-- member.
CREATE TABLE batches (
    message      uuid        NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    no           bigint      NOT NULL,
    push_service integer     NOT NULL,
    due_at       timestamptz NOT NULL,
    state        smallint    NOT NULL,
    node         uuid,
    fence        bigint      NOT NULL,
    outcomes     bytea       NOT NULL,
    events       bytea       NOT NULL,
    targeted     bigint      NOT NULL,
    accepted     bigint      NOT NULL DEFAULT 0,
    gone         bigint      NOT NULL DEFAULT 0,
    failed       bigint      NOT NULL DEFAULT 0,
    expired      bigint      NOT NULL DEFAULT 0,
    cancelled    bigint      NOT NULL DEFAULT 0,
    pending      bigint      NOT NULL,
    displayed    bigint      NOT NULL DEFAULT 0,
    clicked      bigint      NOT NULL DEFAULT 0,
    closed       bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (message, no),
    CHECK (targeted = accepted + gone + failed + expired + cancelled + pending),
    CHECK (length(outcomes) = targeted AND length(events) = targeted)
);

CREATE INDEX batches_waiting ON batches (due_at) WHERE state = 0;
CREATE INDEX batches_leased ON batches (node) WHERE state = 1;
CREATE INDEX batches_unfinished ON batches (message) WHERE state <> 2;

-- The subscriptions' ids, 16 bytes each, apart from the counts that change
-- often. The row goes when the batch is done.
CREATE TABLE batch_members (
    message uuid   NOT NULL,
    no      bigint NOT NULL,
    members bytea  NOT NULL,
    PRIMARY KEY (message, no),
    FOREIGN KEY (message, no) REFERENCES batches (message, no) ON DELETE CASCADE
);

-- Deliveries that were not accepted at once: those to be tried again have a
-- next_at, those that failed for good keep the push service's words.
CREATE TABLE exceptions (
    message uuid    NOT NULL,
    batch   bigint  NOT NULL,
    ordinal integer NOT NULL,
    attempt integer NOT NULL,
    next_at timestamptz,
    leased  boolean NOT NULL DEFAULT false,
    node    uuid,
    fence   bigint  NOT NULL DEFAULT 0,
    status  integer NOT NULL,
    reason  text    NOT NULL,
    PRIMARY KEY (message, batch, ordinal),
    FOREIGN KEY (message, batch) REFERENCES batches (message, no) ON DELETE CASCADE
);

CREATE INDEX exceptions_due ON exceptions (next_at) WHERE next_at IS NOT NULL AND NOT leased;
CREATE INDEX exceptions_leased ON exceptions (node) WHERE leased;

-- A message with its counts, which are sums until it has ended for long.
CREATE VIEW message_statuses AS
SELECT m.site, m.id, m.state, m.created_at, m.due_at, m.targeted_final, c.*
FROM messages m CROSS JOIN LATERAL (
    SELECT COALESCE(SUM(b.targeted), 0)::bigint  AS targeted,
           COALESCE(SUM(b.accepted), 0)::bigint  AS accepted,
           COALESCE(SUM(b.gone), 0)::bigint      AS gone,
           COALESCE(SUM(b.failed), 0)::bigint    AS failed,
           COALESCE(SUM(b.expired), 0)::bigint   AS expired,
           COALESCE(SUM(b.cancelled), 0)::bigint AS cancelled,
           COALESCE(SUM(b.pending), 0)::bigint   AS pending,
           COALESCE(SUM(b.displayed), 0)::bigint AS displayed,
           COALESCE(SUM(b.clicked), 0)::bigint   AS clicked,
           COALESCE(SUM(b.closed), 0)::bigint    AS closed
    FROM batches b WHERE b.message = m.id) c;

-- +goose Down

DROP VIEW message_statuses;
DROP TABLE exceptions;
DROP TABLE batch_members;
DROP TABLE batches;
DROP TABLE nodes;
DROP TABLE expansions;
DROP TABLE idempotency;
DROP TABLE messages;
DROP TABLE tombstones;
DROP TABLE subscription_channels;
DROP TABLE subscriptions;
DROP TABLE push_services;
DROP TABLE vapid_keys;
DROP TABLE api_keys;
DROP TABLE settings;
DROP TABLE origins;
DROP TABLE sites;
