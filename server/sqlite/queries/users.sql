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

-- name: PutUser :exec
INSERT INTO users (site, id, attributes) VALUES (?, ?, ?)
ON CONFLICT (site, id) DO UPDATE SET attributes = excluded.attributes;

-- name: UserAttributes :one
SELECT attributes FROM users WHERE site = ? AND id = ?;

-- name: AttributesOfUsers :many
SELECT id, attributes FROM users WHERE site = ? AND id IN (sqlc.slice(ids));

-- name: DeleteUser :exec
DELETE FROM users WHERE site = ? AND id = ?;

-- name: UsersAfter :many
SELECT id, attributes FROM users WHERE site = ? AND id > ? ORDER BY id LIMIT ?;

-- name: IsUserSubscribed :one
SELECT EXISTS (SELECT 1 FROM subscriptions INDEXED BY subscriptions_user WHERE site = ? AND user = ? AND user <> '');

-- name: UserOfSubscription :one
SELECT user FROM subscriptions
WHERE site = ? AND push_service IN (SELECT s.id FROM push_services s) AND subscriptions.id = sqlc.arg(id);
