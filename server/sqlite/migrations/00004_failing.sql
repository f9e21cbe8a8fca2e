-- +goose Up

-- Subscriptions whose last delivery failed by their own doing. The row goes with
-- the next one that is accepted.
CREATE TABLE failing (
    site         INTEGER NOT NULL,
    push_service INTEGER NOT NULL,
    subscription BLOB    NOT NULL,
    since        INTEGER NOT NULL,
    last_at      INTEGER NOT NULL,
    failures     INTEGER NOT NULL,
    status       INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    PRIMARY KEY (site, push_service, subscription),
    FOREIGN KEY (site, push_service, subscription)
        REFERENCES subscriptions (site, push_service, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- +goose Down

DROP TABLE failing;
