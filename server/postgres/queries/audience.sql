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

-- name: MembersAll :many
-- The bounds stand once more within, so that no plan reads a channel beyond them.
SELECT s.id FROM subscriptions s
WHERE s.site = sqlc.arg(site) AND s.push_service = sqlc.arg(push_service) AND s.id > sqlc.arg(after) AND s.id <= sqlc.arg(last)
  AND (s.time_zone = ANY (sqlc.arg(zones)::text[])) <> sqlc.arg(rest)::boolean
  AND NOT EXISTS (SELECT 1 FROM subscription_channels n
      WHERE n.site = sqlc.arg(site) AND n.push_service = sqlc.arg(push_service) AND n.subscription = s.id
        AND n.subscription > sqlc.arg(after) AND n.subscription <= sqlc.arg(last) AND n.channel = ANY (sqlc.arg(without)::text[]))
ORDER BY s.id LIMIT sqlc.arg(at_most);

-- name: MembersOfChannels :many
-- See MembersAll.
SELECT DISTINCT c.subscription
FROM subscription_channels c JOIN subscriptions s ON s.site = c.site AND s.push_service = c.push_service AND s.id = c.subscription
WHERE c.site = sqlc.arg(site) AND c.push_service = sqlc.arg(push_service) AND c.subscription > sqlc.arg(after) AND c.subscription <= sqlc.arg(last)
  AND c.channel = ANY (sqlc.arg(channels)::text[])
  AND (s.time_zone = ANY (sqlc.arg(zones)::text[])) <> sqlc.arg(rest)::boolean
  AND (SELECT COUNT(*) FROM subscription_channels r
      WHERE r.site = c.site AND r.push_service = c.push_service AND r.subscription = c.subscription AND r.channel = ANY (sqlc.arg(required)::text[])
      ) = cardinality(sqlc.arg(required)::text[])
  AND NOT EXISTS (SELECT 1 FROM subscription_channels n
      WHERE n.site = sqlc.arg(site) AND n.push_service = sqlc.arg(push_service) AND n.subscription = c.subscription
        AND n.subscription > sqlc.arg(after) AND n.subscription <= sqlc.arg(last) AND n.channel = ANY (sqlc.arg(without)::text[]))
ORDER BY c.subscription LIMIT sqlc.arg(at_most);

-- name: CountMembersAll :one
SELECT COUNT(*) FROM subscriptions s
WHERE s.site = sqlc.arg(site) AND s.push_service = sqlc.arg(push_service)
  AND NOT EXISTS (SELECT 1 FROM subscription_channels n
      WHERE n.site = s.site AND n.push_service = s.push_service AND n.subscription = s.id AND n.channel = ANY (sqlc.arg(without)::text[]));

-- name: CountMembersOfChannels :one
SELECT COUNT(DISTINCT c.subscription) FROM subscription_channels c
WHERE c.site = sqlc.arg(site) AND c.push_service = sqlc.arg(push_service) AND c.channel = ANY (sqlc.arg(channels)::text[])
  AND (SELECT COUNT(*) FROM subscription_channels r
      WHERE r.site = c.site AND r.push_service = c.push_service AND r.subscription = c.subscription AND r.channel = ANY (sqlc.arg(required)::text[])
      ) = cardinality(sqlc.arg(required)::text[])
  AND NOT EXISTS (SELECT 1 FROM subscription_channels n
      WHERE n.site = c.site AND n.push_service = c.push_service AND n.subscription = c.subscription AND n.channel = ANY (sqlc.arg(without)::text[]));
