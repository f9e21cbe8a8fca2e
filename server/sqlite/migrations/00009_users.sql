-- +goose Up

-- What is remembered of a user's subscriptions that have ended.
CREATE INDEX tombstones_user ON tombstones (site, user) WHERE user <> '';

-- +goose Down

DROP INDEX tombstones_user;
