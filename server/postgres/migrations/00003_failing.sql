-- +goose Up

-- Subscriptions whose last delivery failed by their own doing. The row goes with
-- the next one that is accepted.
CREATE TABLE failing (
    site         bigint      NOT NULL,
    push_service integer     NOT NULL,
    subscription uuid        NOT NULL,
    since        timestamptz NOT NULL,
    last_at      timestamptz NOT NULL,
    failures     bigint      NOT NULL,
    status       integer     NOT NULL,
    reason       text        NOT NULL,
    PRIMARY KEY (site, push_service, subscription),
    FOREIGN KEY (site, push_service, subscription)
        REFERENCES subscriptions (site, push_service, id) ON DELETE CASCADE
);

-- +goose Down

DROP TABLE failing;
