-- +goose Up

-- Tags of notifications that a subscription's browser is to close, until they rode on
-- a push or the browser asked for them. What was sent after posted_at stays.
CREATE TABLE closings (
    site         INTEGER NOT NULL,
    subscription BLOB    NOT NULL,
    tag          TEXT    NOT NULL,
    push_service INTEGER NOT NULL,
    posted_at    INTEGER NOT NULL,
    PRIMARY KEY (site, subscription, tag),
    FOREIGN KEY (site, push_service, subscription)
        REFERENCES subscriptions (site, push_service, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX closings_posted ON closings (posted_at);

-- +goose Down

DROP TABLE closings;
