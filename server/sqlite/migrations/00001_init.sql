-- +goose Up

-- Times are milliseconds since 1970. Every row belongs to a site. Keys begin
-- with the site, so that one server can hold many.

CREATE TABLE sites (
    id          INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    token_key   BLOB    NOT NULL CHECK (length(token_key) = 32),
    user_secret BLOB    NOT NULL CHECK (length(user_secret) = 32),
    created_at  INTEGER NOT NULL
) STRICT;

-- Relative URLs of messages are resolved against the origin at position 0.
CREATE TABLE origins (
    site     INTEGER NOT NULL REFERENCES sites (id),
    position INTEGER NOT NULL,
    origin   TEXT    NOT NULL,
    PRIMARY KEY (site, position)
) STRICT, WITHOUT ROWID;

-- How the server last delivered, for a command that delivers in its place.
CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    site       INTEGER NOT NULL REFERENCES sites (id),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- state: 1 current, 0 older.
CREATE TABLE vapid_keys (
    site       INTEGER NOT NULL REFERENCES sites (id),
    key_id     INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    public     TEXT    NOT NULL,
    private    BLOB    NOT NULL CHECK (length(private) = 32),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (site, key_id),
    UNIQUE (site, public)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX vapid_keys_current ON vapid_keys (site) WHERE state = 1;

CREATE TABLE push_services (
    id   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE
) STRICT;

CREATE TABLE subscriptions (
    site          INTEGER NOT NULL REFERENCES sites (id),
    push_service  INTEGER NOT NULL REFERENCES push_services (id),
    id            BLOB    NOT NULL CHECK (length(id) = 16),
    endpoint_hash BLOB    NOT NULL CHECK (length(endpoint_hash) = 16),
    endpoint      TEXT    NOT NULL,
    p256dh        BLOB    NOT NULL CHECK (length(p256dh) = 65),
    auth          BLOB    NOT NULL CHECK (length(auth) = 16),
    key_id        INTEGER NOT NULL,
    locale        TEXT    NOT NULL,
    time_zone     TEXT    NOT NULL,
    user          TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL,
    PRIMARY KEY (site, push_service, id),
    FOREIGN KEY (site, key_id) REFERENCES vapid_keys (site, key_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX subscriptions_endpoint ON subscriptions (site, endpoint_hash);
CREATE INDEX subscriptions_user ON subscriptions (site, user) WHERE user <> '';

CREATE TABLE subscription_channels (
    site         INTEGER NOT NULL,
    channel      TEXT    NOT NULL,
    push_service INTEGER NOT NULL,
    subscription BLOB    NOT NULL,
    PRIMARY KEY (site, channel, push_service, subscription),
    FOREIGN KEY (site, push_service, subscription)
        REFERENCES subscriptions (site, push_service, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX subscription_channels_subscription
    ON subscription_channels (site, push_service, subscription);

-- Endpoints that have ended, so that a browser which still believes in one is
-- told, and so that what followed it can be carried over.
-- reason: gone (the push service's word), unsubscribed, replaced.
CREATE TABLE tombstones (
    site          INTEGER NOT NULL REFERENCES sites (id),
    endpoint_hash BLOB    NOT NULL CHECK (length(endpoint_hash) = 16),
    reason        TEXT    NOT NULL,
    ended_at      INTEGER NOT NULL,
    id            BLOB    NOT NULL,
    channels      TEXT    NOT NULL, -- a JSON array
    user          TEXT    NOT NULL,
    PRIMARY KEY (site, endpoint_hash)
) STRICT, WITHOUT ROWID;

-- state: sending, sent or cancelled; a message that is not due yet is scheduled.
CREATE TABLE messages (
    id             BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    site           INTEGER NOT NULL REFERENCES sites (id),
    state          TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    due_at         INTEGER NOT NULL,
    ttl            INTEGER NOT NULL, -- seconds
    urgency        TEXT    NOT NULL,
    topic          TEXT    NOT NULL,
    audience       TEXT    NOT NULL, -- JSON
    payload        BLOB    NOT NULL,
    targeted_final INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX messages_site ON messages (site, id);

CREATE TABLE idempotency (
    site       INTEGER NOT NULL REFERENCES sites (id),
    key        TEXT    NOT NULL,
    request    BLOB    NOT NULL CHECK (length(request) = 32),
    message    BLOB    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (site, key)
) STRICT, WITHOUT ROWID;

-- How far the audience of a message has been read at one push service. The row
-- goes when the end is reached.
CREATE TABLE expansions (
    message      BLOB    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    push_service INTEGER NOT NULL,
    time_zone    TEXT    NOT NULL,
    due_at       INTEGER NOT NULL,
    cursor       BLOB    NOT NULL, -- the last subscription's id
    PRIMARY KEY (message, push_service, time_zone)
) STRICT, WITHOUT ROWID;

CREATE INDEX expansions_due ON expansions (due_at);

-- state: 0 waiting, 1 leased, 2 done. outcomes and events have a byte for each
-- member. A lease ends with the process that holds the database's lock.
CREATE TABLE batches (
    message      BLOB    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    no           INTEGER NOT NULL,
    push_service INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    state        INTEGER NOT NULL,
    outcomes     BLOB    NOT NULL,
    events       BLOB    NOT NULL,
    targeted     INTEGER NOT NULL,
    accepted     INTEGER NOT NULL DEFAULT 0,
    gone         INTEGER NOT NULL DEFAULT 0,
    failed       INTEGER NOT NULL DEFAULT 0,
    expired      INTEGER NOT NULL DEFAULT 0,
    cancelled    INTEGER NOT NULL DEFAULT 0,
    pending      INTEGER NOT NULL,
    displayed    INTEGER NOT NULL DEFAULT 0,
    clicked      INTEGER NOT NULL DEFAULT 0,
    closed       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (message, no),
    CHECK (targeted = accepted + gone + failed + expired + cancelled + pending),
    CHECK (length(outcomes) = targeted AND length(events) = targeted)
) STRICT, WITHOUT ROWID;

CREATE INDEX batches_waiting ON batches (due_at) WHERE state = 0;
CREATE INDEX batches_leased ON batches (message) WHERE state = 1;

-- The subscriptions' ids, 16 bytes each, apart from the counts that change
-- often. The row goes when the batch is done.
CREATE TABLE batch_members (
    message BLOB    NOT NULL,
    no      INTEGER NOT NULL,
    members BLOB    NOT NULL,
    PRIMARY KEY (message, no),
    FOREIGN KEY (message, no) REFERENCES batches (message, no) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Deliveries that were not accepted at once: those to be tried again have a
-- next_at, those that failed for good keep the push service's words.
CREATE TABLE exceptions (
    message     BLOB    NOT NULL,
    batch       INTEGER NOT NULL,
    ordinal     INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,
    next_at     INTEGER,
    leased      INTEGER NOT NULL DEFAULT 0,
    status      INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    PRIMARY KEY (message, batch, ordinal),
    FOREIGN KEY (message, batch) REFERENCES batches (message, no) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX exceptions_due ON exceptions (next_at) WHERE next_at IS NOT NULL AND leased = 0;

-- +goose Down

DROP TABLE exceptions;
DROP TABLE batch_members;
DROP TABLE batches;
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
