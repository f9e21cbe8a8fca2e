-- name: UserSubscriptions :many
SELECT * FROM subscriptions INDEXED BY subscriptions_user
WHERE site = ? AND user = ? AND user <> '' ORDER BY created_at DESC, id DESC LIMIT ?;

-- name: UserTombstones :many
SELECT * FROM tombstones INDEXED BY tombstones_user
WHERE site = ? AND user = ? AND user <> '' ORDER BY ended_at DESC, id DESC LIMIT ?;

-- name: SomeOfUser :many
SELECT endpoint_hash FROM subscriptions INDEXED BY subscriptions_user
WHERE site = ? AND user = ? AND user <> '' LIMIT ?;

-- name: SomeTombstonesOfUser :many
SELECT endpoint_hash FROM tombstones INDEXED BY tombstones_user
WHERE site = ? AND user = ? AND user <> '' LIMIT ?;

-- name: SubscriptionByID :one
SELECT * FROM subscriptions
WHERE site = ? AND push_service IN (SELECT s.id FROM push_services s) AND subscriptions.id = sqlc.arg(id);
