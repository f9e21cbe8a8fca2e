-- name: AudienceAll :many
SELECT id FROM subscriptions
WHERE site = sqlc.arg(site) AND push_service = sqlc.arg(push_service) AND id > sqlc.arg(after)
ORDER BY id LIMIT sqlc.arg(at_most);

-- name: AudienceChannels :many
SELECT DISTINCT subscription FROM subscription_channels
WHERE site = sqlc.arg(site) AND push_service = sqlc.arg(push_service) AND subscription > sqlc.arg(after)
  AND channel = ANY (sqlc.arg(channels)::text[])
ORDER BY subscription LIMIT sqlc.arg(at_most);

-- name: CountAll :one
SELECT COUNT(*) FROM subscriptions WHERE site = sqlc.arg(site) AND push_service = sqlc.arg(push_service);

-- name: CountChannels :one
SELECT COUNT(DISTINCT subscription) FROM subscription_channels
WHERE site = sqlc.arg(site) AND push_service = sqlc.arg(push_service) AND channel = ANY (sqlc.arg(channels)::text[]);

-- name: WindowAll :many
-- The last subscription of the next ones, and how many they are; no row where there
-- are none.
SELECT w.id, COUNT(*) OVER () AS n FROM (
    SELECT s.id FROM subscriptions s
    WHERE s.site = sqlc.arg(site) AND s.push_service = sqlc.arg(push_service) AND s.id > sqlc.arg(after)
    ORDER BY s.id LIMIT sqlc.arg(at_most)) w
ORDER BY w.id DESC LIMIT 1;

-- name: WindowChannels :many
-- See WindowAll.
SELECT w.subscription, COUNT(*) OVER () AS n FROM (
    SELECT DISTINCT c.subscription FROM subscription_channels c
    WHERE c.site = sqlc.arg(site) AND c.push_service = sqlc.arg(push_service) AND c.subscription > sqlc.arg(after)
      AND c.channel = ANY (sqlc.arg(channels)::text[])
    ORDER BY c.subscription LIMIT sqlc.arg(at_most)) w
ORDER BY w.subscription DESC LIMIT 1;

-- name: ZonesAll :many
SELECT id FROM subscriptions
WHERE site = sqlc.arg(site) AND push_service = sqlc.arg(push_service) AND id > sqlc.arg(after) AND id <= sqlc.arg(last)
  AND (time_zone = ANY (sqlc.arg(zones)::text[])) <> sqlc.arg(rest)::boolean
ORDER BY id LIMIT sqlc.arg(at_most);

-- name: ZonesChannels :many
SELECT DISTINCT c.subscription
FROM subscription_channels c JOIN subscriptions s ON s.site = c.site AND s.push_service = c.push_service AND s.id = c.subscription
WHERE c.site = sqlc.arg(site) AND c.push_service = sqlc.arg(push_service) AND c.subscription > sqlc.arg(after) AND c.subscription <= sqlc.arg(last)
  AND c.channel = ANY (sqlc.arg(channels)::text[])
  AND (s.time_zone = ANY (sqlc.arg(zones)::text[])) <> sqlc.arg(rest)::boolean
ORDER BY c.subscription LIMIT sqlc.arg(at_most);
