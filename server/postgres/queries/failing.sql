-- name: LockFailing :many
-- By range, so that an empty table costs one look.
SELECT f.push_service, f.subscription FROM failing f
WHERE f.site = sqlc.arg(site) AND f.push_service = (SELECT p.id FROM push_services p WHERE p.name = sqlc.arg(service))
    AND f.subscription >= sqlc.arg(least)::uuid AND f.subscription <= sqlc.arg(greatest)::uuid
    AND f.subscription = ANY (sqlc.arg(subscriptions)::uuid[])
ORDER BY f.site, f.push_service, f.subscription FOR UPDATE;

-- name: DeleteFailing :exec
DELETE FROM failing
WHERE site = sqlc.arg(site) AND push_service = sqlc.arg(push_service) AND subscription = ANY (sqlc.arg(subscriptions)::uuid[]);

-- name: PutFailing :exec
INSERT INTO failing (site, push_service, subscription, since, last_at, failures, status, reason)
SELECT s.site, s.push_service, s.id, sqlc.arg(now)::timestamptz, sqlc.arg(now)::timestamptz, 1, w.status, w.reason
FROM subscriptions s
JOIN push_services p ON p.id = s.push_service
JOIN (SELECT unnest(sqlc.arg(subscriptions)::uuid[]) AS id, unnest(sqlc.arg(statuses)::integer[]) AS status, unnest(sqlc.arg(reasons)::text[]) AS reason) w ON w.id = s.id
WHERE s.site = sqlc.arg(site) AND p.name = sqlc.arg(service)
ON CONFLICT (site, push_service, subscription) DO UPDATE SET
    last_at = excluded.last_at, failures = failing.failures + 1, status = excluded.status, reason = excluded.reason;

-- name: FailingOfPage :many
SELECT * FROM failing
WHERE site = sqlc.arg(site) AND (push_service, subscription) >= (sqlc.arg(first_service)::integer, sqlc.arg(first)::uuid)
    AND (push_service, subscription) <= (sqlc.arg(last_service)::integer, sqlc.arg(last)::uuid);

-- name: FailingAfter :many
SELECT sqlc.embed(s), p.name AS service,
       ARRAY(SELECT c.channel FROM subscription_channels c
             WHERE c.site = s.site AND c.push_service = s.push_service AND c.subscription = s.id
             ORDER BY c.channel COLLATE "C")::text[] AS channels
FROM failing f
JOIN subscriptions s ON s.site = f.site AND s.push_service = f.push_service AND s.id = f.subscription
JOIN push_services p ON p.id = s.push_service
WHERE f.site = sqlc.arg(site) AND (f.push_service, f.subscription) > (sqlc.arg(push_service)::integer, sqlc.arg(id)::uuid)
    AND f.since <= sqlc.arg(since)::timestamptz
ORDER BY f.site, f.push_service, f.subscription LIMIT sqlc.arg(at_most);

-- name: CountFailing :one
SELECT count(*) FROM failing WHERE site = sqlc.arg(site) AND since <= sqlc.arg(since)::timestamptz;
