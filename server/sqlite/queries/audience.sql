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

-- name: MembersAll :many
-- An empty slice is NULL, which no time zone and no channel is in.
SELECT s.id FROM subscriptions s
WHERE s.site = ? AND s.push_service = ? AND s.id > ? AND s.id <= ?
  AND COALESCE(s.time_zone IN (sqlc.slice(zones)), 0) <> CAST(? AS INTEGER)
  AND NOT EXISTS (SELECT 1 FROM subscription_channels n
      WHERE n.site = s.site AND n.push_service = s.push_service AND n.subscription = s.id AND n.channel IN (sqlc.slice(without)))
ORDER BY s.id LIMIT ?;

-- name: MembersOfChannels :many
-- See MembersAll.
SELECT DISTINCT c.subscription
FROM subscription_channels c JOIN subscriptions s ON s.site = c.site AND s.push_service = c.push_service AND s.id = c.subscription
WHERE c.site = ? AND c.push_service = ? AND c.subscription > ? AND c.subscription <= ? AND c.channel IN (sqlc.slice(channels))
  AND COALESCE(s.time_zone IN (sqlc.slice(zones)), 0) <> CAST(? AS INTEGER)
  AND (SELECT COUNT(*) FROM subscription_channels r
      WHERE r.site = c.site AND r.push_service = c.push_service AND r.subscription = c.subscription AND r.channel IN (sqlc.slice(required))
      ) = CAST(? AS INTEGER)
  AND NOT EXISTS (SELECT 1 FROM subscription_channels n
      WHERE n.site = c.site AND n.push_service = c.push_service AND n.subscription = c.subscription AND n.channel IN (sqlc.slice(without)))
ORDER BY c.subscription LIMIT ?;

-- name: CountMembersAll :one
SELECT COUNT(*) FROM subscriptions s
WHERE s.site = ? AND s.push_service = ?
  AND NOT EXISTS (SELECT 1 FROM subscription_channels n
      WHERE n.site = s.site AND n.push_service = s.push_service AND n.subscription = s.id AND n.channel IN (sqlc.slice(without)));

-- name: CountMembersOfChannels :one
SELECT COUNT(DISTINCT c.subscription) FROM subscription_channels c
WHERE c.site = ? AND c.push_service = ? AND c.channel IN (sqlc.slice(channels))
  AND (SELECT COUNT(*) FROM subscription_channels r
      WHERE r.site = c.site AND r.push_service = c.push_service AND r.subscription = c.subscription AND r.channel IN (sqlc.slice(required))
      ) = CAST(? AS INTEGER)
  AND NOT EXISTS (SELECT 1 FROM subscription_channels n
      WHERE n.site = c.site AND n.push_service = c.push_service AND n.subscription = c.subscription AND n.channel IN (sqlc.slice(without)));
