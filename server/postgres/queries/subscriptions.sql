-- name: LockSubscriptions :many
SELECT sqlc.embed(s), p.name AS service, f.since, f.last_at, f.failures, f.status, f.reason
FROM subscriptions s JOIN push_services p ON p.id = s.push_service
LEFT JOIN failing f ON f.site = s.site AND f.push_service = s.push_service AND f.subscription = s.id
WHERE s.site = sqlc.arg(site) AND s.endpoint_hash = ANY (sqlc.arg(hashes)::bytea[])
ORDER BY s.endpoint_hash FOR UPDATE OF s;

-- name: LockTombstones :many
SELECT * FROM tombstones
WHERE site = sqlc.arg(site) AND endpoint_hash = ANY (sqlc.arg(hashes)::bytea[])
ORDER BY endpoint_hash FOR UPDATE;

-- name: InsertSubscription :exec
INSERT INTO subscriptions (site, push_service, id, endpoint_hash, endpoint, p256dh, auth,
    key_id, locale, time_zone, user_id, created_at, last_seen_at)
VALUES (sqlc.arg(site), sqlc.arg(push_service), sqlc.arg(id), sqlc.arg(endpoint_hash), sqlc.arg(endpoint), sqlc.arg(p256dh), sqlc.arg(auth),
    sqlc.arg(key_id), sqlc.arg(locale), sqlc.arg(time_zone), sqlc.arg(user_id), sqlc.arg(created_at), sqlc.arg(last_seen_at));

-- name: UpdateSubscription :exec
UPDATE subscriptions SET key_id = sqlc.arg(key_id), locale = sqlc.arg(locale), time_zone = sqlc.arg(time_zone),
    user_id = sqlc.arg(user_id), last_seen_at = sqlc.arg(last_seen_at)
WHERE site = sqlc.arg(site) AND endpoint_hash = sqlc.arg(endpoint_hash);

-- name: TouchSubscription :exec
UPDATE subscriptions SET last_seen_at = sqlc.arg(last_seen_at)
WHERE site = sqlc.arg(site) AND endpoint_hash = sqlc.arg(endpoint_hash);

-- name: SubscriptionByEndpoint :one
SELECT sqlc.embed(s), p.name AS service,
       ARRAY(SELECT c.channel FROM subscription_channels c
             WHERE c.site = s.site AND c.push_service = s.push_service AND c.subscription = s.id
             ORDER BY c.channel COLLATE "C")::text[] AS channels,
       f.since, f.last_at, f.failures, f.status, f.reason,
       (SELECT count(*) FROM closings w WHERE w.site = s.site AND w.subscription = s.id) AS closings
FROM subscriptions s JOIN push_services p ON p.id = s.push_service
LEFT JOIN failing f ON f.site = s.site AND f.push_service = s.push_service AND f.subscription = s.id
WHERE s.site = sqlc.arg(site) AND s.endpoint_hash = sqlc.arg(endpoint_hash);

-- name: SubscriptionsAfter :many
SELECT sqlc.embed(s), p.name AS service,
       ARRAY(SELECT c.channel FROM subscription_channels c
             WHERE c.site = s.site AND c.push_service = s.push_service AND c.subscription = s.id
             ORDER BY c.channel COLLATE "C")::text[] AS channels
FROM subscriptions s JOIN push_services p ON p.id = s.push_service
WHERE s.site = sqlc.arg(site) AND (s.push_service, s.id) > (sqlc.arg(push_service)::integer, sqlc.arg(id)::uuid)
ORDER BY s.site, s.push_service, s.id LIMIT sqlc.arg(at_most);

-- name: Recipients :many
SELECT id, endpoint, p256dh, auth, key_id, locale, time_zone, user_id FROM subscriptions
WHERE site = sqlc.arg(site) AND push_service = sqlc.arg(push_service) AND id = ANY (sqlc.arg(ids)::uuid[]);

-- name: SubscriptionPlaces :many
SELECT s.push_service, s.id, s.time_zone FROM subscriptions s
WHERE s.site = sqlc.arg(site) AND s.push_service IN (SELECT p.id FROM push_services p)
  AND s.id = ANY (sqlc.arg(ids)::uuid[]);

-- name: SubscriptionsOfUsers :many
SELECT push_service, id, time_zone FROM subscriptions
WHERE site = sqlc.arg(site) AND user_id = ANY (sqlc.arg(users)::text[]) AND user_id <> '';

-- name: InsertChannels :exec
INSERT INTO subscription_channels (site, channel, push_service, subscription)
SELECT sqlc.arg(site)::bigint, unnest(sqlc.arg(channels)::text[]), sqlc.arg(push_service)::integer, sqlc.arg(subscription)::uuid;

-- name: DeleteChannels :exec
DELETE FROM subscription_channels
WHERE site = sqlc.arg(site) AND push_service = sqlc.arg(push_service) AND subscription = sqlc.arg(subscription)
  AND channel = ANY (sqlc.arg(channels)::text[]);

-- name: PutTombstone :exec
INSERT INTO tombstones (site, endpoint_hash, reason, ended_at, id, channels, user_id)
VALUES (sqlc.arg(site), sqlc.arg(endpoint_hash), sqlc.arg(reason), sqlc.arg(ended_at), sqlc.arg(id), sqlc.arg(channels), sqlc.arg(user_id))
ON CONFLICT (site, endpoint_hash) DO UPDATE SET
    reason = excluded.reason, ended_at = excluded.ended_at, id = excluded.id,
    channels = excluded.channels, user_id = excluded.user_id;

-- name: TombstoneByEndpoint :one
SELECT * FROM tombstones WHERE site = sqlc.arg(site) AND endpoint_hash = sqlc.arg(endpoint_hash);

-- name: DeleteTombstone :exec
DELETE FROM tombstones WHERE site = sqlc.arg(site) AND endpoint_hash = sqlc.arg(endpoint_hash);

-- name: EndSubscriptions :execrows
-- The subscriptions are locked, so that their channels do not change meanwhile.
WITH ended AS (
    DELETE FROM subscriptions s WHERE s.site = sqlc.arg(site) AND s.endpoint_hash = ANY (sqlc.arg(hashes)::bytea[])
    RETURNING s.site, s.push_service, s.id, s.endpoint_hash, s.user_id
)
INSERT INTO tombstones (site, endpoint_hash, reason, ended_at, id, channels, user_id)
SELECT e.site, e.endpoint_hash, sqlc.arg(reason)::text, sqlc.arg(ended_at)::timestamptz, e.id,
       ARRAY(SELECT c.channel FROM subscription_channels c
             WHERE c.site = e.site AND c.push_service = e.push_service AND c.subscription = e.id
             ORDER BY c.channel COLLATE "C"), e.user_id
FROM ended e
ON CONFLICT (site, endpoint_hash) DO UPDATE SET
    reason = excluded.reason, ended_at = excluded.ended_at, id = excluded.id,
    channels = excluded.channels, user_id = excluded.user_id;

-- name: ChannelsOfSubscriptions :many
-- Not with LockSubscriptions: a statement that has waited for a lock still sees
-- other tables as they were before.
SELECT subscription, channel FROM subscription_channels
WHERE site = sqlc.arg(site) AND (push_service, subscription) IN
    (SELECT unnest(sqlc.arg(push_services)::integer[]), unnest(sqlc.arg(subscriptions)::uuid[]))
ORDER BY subscription, channel COLLATE "C";

-- name: InsertSubscriptions :exec
INSERT INTO subscriptions (site, push_service, id, endpoint_hash, endpoint, p256dh, auth,
    key_id, locale, time_zone, user_id, created_at, last_seen_at)
SELECT sqlc.arg(site)::bigint, unnest(sqlc.arg(push_services)::integer[]), unnest(sqlc.arg(ids)::uuid[]),
    unnest(sqlc.arg(endpoint_hashes)::bytea[]), unnest(sqlc.arg(endpoints)::text[]),
    unnest(sqlc.arg(p256dhs)::bytea[]), unnest(sqlc.arg(auths)::bytea[]), unnest(sqlc.arg(key_ids)::bigint[]),
    unnest(sqlc.arg(locales)::text[]), unnest(sqlc.arg(time_zones)::text[]), unnest(sqlc.arg(user_ids)::text[]),
    unnest(sqlc.arg(created_at)::timestamptz[]), unnest(sqlc.arg(last_seen_at)::timestamptz[]);

-- name: InsertChannelsOfMany :exec
INSERT INTO subscription_channels (site, channel, push_service, subscription)
SELECT sqlc.arg(site)::bigint, unnest(sqlc.arg(channels)::text[]), unnest(sqlc.arg(push_services)::integer[]), unnest(sqlc.arg(subscriptions)::uuid[]);

-- name: UpdateSubscriptions :exec
UPDATE subscriptions s SET key_id = u.key_id, locale = u.locale, time_zone = u.time_zone, user_id = u.user_id, last_seen_at = u.last_seen_at
FROM (SELECT unnest(sqlc.arg(endpoint_hashes)::bytea[]) AS endpoint_hash, unnest(sqlc.arg(key_ids)::bigint[]) AS key_id,
             unnest(sqlc.arg(locales)::text[]) AS locale, unnest(sqlc.arg(time_zones)::text[]) AS time_zone,
             unnest(sqlc.arg(user_ids)::text[]) AS user_id, unnest(sqlc.arg(last_seen_at)::timestamptz[]) AS last_seen_at) u
WHERE s.site = sqlc.arg(site) AND s.endpoint_hash = u.endpoint_hash;

-- name: DeleteChannelsOfMany :exec
DELETE FROM subscription_channels c
USING (SELECT unnest(sqlc.arg(channels)::text[]) AS channel, unnest(sqlc.arg(push_services)::integer[]) AS push_service,
              unnest(sqlc.arg(subscriptions)::uuid[]) AS subscription) d
WHERE c.site = sqlc.arg(site) AND c.push_service = d.push_service AND c.subscription = d.subscription AND c.channel = d.channel;
