-- name: UserSubscriptions :many
SELECT sqlc.embed(s), p.name AS service,
       ARRAY(SELECT c.channel FROM subscription_channels c
             WHERE c.site = s.site AND c.push_service = s.push_service AND c.subscription = s.id
             ORDER BY c.channel COLLATE "C")::text[] AS channels
FROM subscriptions s JOIN push_services p ON p.id = s.push_service
WHERE s.site = sqlc.arg(site) AND s.user_id = sqlc.arg(user_id) AND s.user_id <> ''
ORDER BY s.created_at DESC, s.id DESC LIMIT sqlc.arg(at_most);

-- name: UserTombstones :many
SELECT * FROM tombstones
WHERE site = sqlc.arg(site) AND user_id = sqlc.arg(user_id) AND user_id <> ''
ORDER BY ended_at DESC, id DESC LIMIT sqlc.arg(at_most);

-- name: SomeOfUser :many
SELECT endpoint_hash FROM subscriptions
WHERE site = sqlc.arg(site) AND user_id = sqlc.arg(user_id) AND user_id <> '' LIMIT sqlc.arg(at_most);

-- name: DeleteTombstonesOfUser :execrows
DELETE FROM tombstones t USING (
    SELECT o.site, o.endpoint_hash FROM tombstones o
    WHERE o.site = sqlc.arg(site) AND o.user_id = sqlc.arg(user_id) AND o.user_id <> ''
    ORDER BY o.endpoint_hash LIMIT sqlc.arg(at_most) FOR UPDATE
) old WHERE t.site = old.site AND t.endpoint_hash = old.endpoint_hash;

-- name: SubscriptionHashByID :one
SELECT s.endpoint_hash FROM subscriptions s
WHERE s.site = sqlc.arg(site) AND s.push_service IN (SELECT p.id FROM push_services p) AND s.id = sqlc.arg(id);

-- name: DeleteSubscriptions :exec
DELETE FROM subscriptions WHERE site = sqlc.arg(site) AND endpoint_hash = ANY (sqlc.arg(hashes)::bytea[]);

-- name: PutUser :exec
INSERT INTO users (site, id, attributes) VALUES (sqlc.arg(site), sqlc.arg(id), sqlc.arg(attributes))
ON CONFLICT (site, id) DO UPDATE SET attributes = excluded.attributes;

-- name: UserAttributes :one
SELECT attributes FROM users WHERE site = sqlc.arg(site) AND id = sqlc.arg(id);

-- name: AttributesOfUsers :many
SELECT id, attributes FROM users WHERE site = sqlc.arg(site) AND id = ANY (sqlc.arg(ids)::text[]);

-- name: DeleteUser :exec
DELETE FROM users WHERE site = sqlc.arg(site) AND id = sqlc.arg(id);

-- name: UsersAfter :many
SELECT id, attributes FROM users WHERE site = sqlc.arg(site) AND id > sqlc.arg(id) ORDER BY id LIMIT sqlc.arg(at_most);

-- name: IsUserSubscribed :one
SELECT EXISTS (SELECT 1 FROM subscriptions WHERE site = sqlc.arg(site) AND user_id = sqlc.arg(user_id) AND user_id <> '');

-- name: UserOfSubscription :one
SELECT s.user_id FROM subscriptions s
WHERE s.site = sqlc.arg(site) AND s.push_service IN (SELECT p.id FROM push_services p) AND s.id = sqlc.arg(id);
