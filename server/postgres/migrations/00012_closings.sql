-- +goose Up

-- Tags of notifications that a subscription's browser is to close, until they rode on
-- a push or the browser asked for them. What was sent after posted_at stays.
CREATE TABLE closings (
    site         bigint      NOT NULL,
    subscription uuid        NOT NULL,
    tag          text        NOT NULL,
    push_service integer     NOT NULL,
    posted_at    timestamptz NOT NULL,
    PRIMARY KEY (site, subscription, tag),
    FOREIGN KEY (site, push_service, subscription)
        REFERENCES subscriptions (site, push_service, id) ON DELETE CASCADE
);

CREATE INDEX closings_posted ON closings (posted_at);

-- +goose Down

DROP TABLE closings;
