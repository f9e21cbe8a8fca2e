-- name: InsertSubscription :exec
INSERT INTO subscriptions (site, push_service, id, endpoint_hash, endpoint, p256dh, auth,
    key_id, locale, time_zone, user, created_at, last_seen_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: UpdateSubscription :exec
UPDATE subscriptions SET key_id = ?, locale = ?, time_zone = ?, user = ?, last_seen_at = ?
WHERE site = ? AND endpoint_hash = ?;

-- name: TouchSubscription :exec
-- It is written later than it was noted.
UPDATE subscriptions SET last_seen_at = MAX(last_seen_at, CAST(sqlc.arg(last_seen_at) AS INTEGER))
WHERE site = sqlc.arg(site) AND endpoint_hash = sqlc.arg(endpoint_hash);

-- name: SubscriptionByEndpoint :one
-- Whole, since each visit of a browser asks for it. What is correlated is so with
-- columns: SQLite prepares anew what has a bound 1 for a column of a primary key.
SELECT sqlc.embed(subscriptions),
    CAST((SELECT s.name FROM push_services s WHERE s.id = subscriptions.push_service) AS TEXT) AS service,
    CAST((SELECT json_group_array(c.channel) FROM subscription_channels c
        WHERE c.site = subscriptions.site AND c.push_service = subscriptions.push_service
            AND c.subscription = subscriptions.id) AS TEXT) AS channels,
    CAST((SELECT json_group_array(json_object(
            'since', f.since, 'lastAt', f.last_at, 'failures', f.failures, 'status', f.status, 'reason', f.reason)) FROM failing f
        WHERE f.site = subscriptions.site AND f.push_service = subscriptions.push_service
            AND f.subscription = subscriptions.id) AS TEXT) AS failing,
    CAST((SELECT COUNT(*) FROM closings w WHERE w.site = subscriptions.site AND w.subscription = subscriptions.id) AS INTEGER) AS closings,
    CAST((SELECT k.public FROM vapid_keys k WHERE k.site = subscriptions.site AND k.key_id = subscriptions.key_id) AS TEXT) AS key_public,
    CAST((SELECT k.state FROM vapid_keys k WHERE k.site = subscriptions.site AND k.key_id = subscriptions.key_id) AS INTEGER) AS key_state
FROM subscriptions WHERE subscriptions.site = ? AND subscriptions.endpoint_hash = ?;

-- name: DeleteSubscription :exec
DELETE FROM subscriptions WHERE site = ? AND endpoint_hash = ?;

-- name: SubscriptionsAfter :many
SELECT * FROM subscriptions
WHERE site = ? AND (push_service, id) > (CAST(sqlc.arg(push_service) AS INTEGER), CAST(sqlc.arg(id) AS BLOB))
ORDER BY site, push_service, id LIMIT sqlc.arg(limit);

-- name: SubscriptionsByIDs :many
SELECT * FROM subscriptions WHERE site = ? AND push_service = ? AND id IN (sqlc.slice(ids));

-- name: SubscriptionPlaceByID :one
SELECT push_service, time_zone FROM subscriptions
WHERE site = ? AND push_service IN (SELECT s.id FROM push_services s) AND subscriptions.id = sqlc.arg(id);

-- name: SubscriptionsOfUser :many
SELECT push_service, id, time_zone FROM subscriptions
WHERE site = ? AND user = ? AND user <> '';

-- name: ChannelsOfSubscription :many
SELECT channel FROM subscription_channels
WHERE site = ? AND push_service = ? AND subscription = ?
ORDER BY channel;

-- name: InsertChannel :exec
INSERT INTO subscription_channels (site, channel, push_service, subscription)
VALUES (?, ?, ?, ?);

-- name: DeleteChannel :exec
DELETE FROM subscription_channels
WHERE site = ? AND channel = ? AND push_service = ? AND subscription = ?;

-- name: PutTombstone :exec
INSERT INTO tombstones (site, endpoint_hash, reason, ended_at, id, channels, user)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (site, endpoint_hash) DO UPDATE SET
    reason = excluded.reason, ended_at = excluded.ended_at, id = excluded.id,
    channels = excluded.channels, user = excluded.user;

-- name: TombstoneByEndpoint :one
SELECT * FROM tombstones WHERE site = ? AND endpoint_hash = ?;

-- name: DeleteTombstone :exec
DELETE FROM tombstones WHERE site = ? AND endpoint_hash = ?;

-- name: SubscriptionsByEndpoints :many
-- Without statistics the planner would read all subscriptions of the site.
SELECT * FROM subscriptions INDEXED BY subscriptions_endpoint
WHERE site = ? AND endpoint_hash IN (sqlc.slice(hashes));

-- name: TombstonesByEndpoints :many
SELECT * FROM tombstones WHERE site = ? AND endpoint_hash IN (sqlc.slice(hashes));

-- name: KnownIDs :many
SELECT id FROM subscriptions
WHERE site = ? AND push_service IN (SELECT s.id FROM push_services s) AND subscriptions.id IN (sqlc.slice(ids));
