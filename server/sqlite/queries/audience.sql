-- Every parameter is a plain "?": numbered ones would count a slice as one.

-- name: AudienceAll :many
SELECT id FROM subscriptions
WHERE site = ? AND push_service = ? AND id > ? ORDER BY id LIMIT ?;

-- name: AudienceChannels :many
SELECT DISTINCT subscription FROM subscription_channels
WHERE site = ? AND push_service = ? AND subscription > ? AND channel IN (sqlc.slice(channels))
ORDER BY subscription LIMIT ?;

-- name: CountAll :one
SELECT COUNT(*) FROM subscriptions WHERE site = ? AND push_service = ?;

-- name: CountChannels :one
SELECT COUNT(DISTINCT subscription) FROM subscription_channels
WHERE site = ? AND push_service = ? AND channel IN (sqlc.slice(channels));

-- name: WindowAll :one
SELECT COUNT(*) AS n, CAST(COALESCE(MAX(id), x'') AS BLOB) AS last_id FROM (
    SELECT id FROM subscriptions
    WHERE site = ? AND push_service = ? AND id > ? ORDER BY id LIMIT ?);

-- name: WindowChannels :one
SELECT COUNT(*) AS n, CAST(COALESCE(MAX(subscription), x'') AS BLOB) AS last_id FROM (
    SELECT DISTINCT subscription FROM subscription_channels
    WHERE site = ? AND push_service = ? AND subscription > ? AND channel IN (sqlc.slice(channels))
    ORDER BY subscription LIMIT ?);

-- name: ZonesAll :many
SELECT id FROM subscriptions
WHERE site = ? AND push_service = ? AND id > ? AND id <= ? AND (time_zone IN (sqlc.slice(zones))) <> CAST(? AS INTEGER)
ORDER BY id LIMIT ?;

-- name: ZonesChannels :many
SELECT DISTINCT c.subscription
FROM subscription_channels c JOIN subscriptions s ON s.site = c.site AND s.push_service = c.push_service AND s.id = c.subscription
WHERE c.site = ? AND c.push_service = ? AND c.subscription > ? AND c.subscription <= ? AND c.channel IN (sqlc.slice(channels))
  AND (s.time_zone IN (sqlc.slice(zones))) <> CAST(? AS INTEGER)
ORDER BY c.subscription LIMIT ?;
