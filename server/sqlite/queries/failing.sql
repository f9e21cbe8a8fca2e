-- name: FailingBetween :many
SELECT subscription FROM failing
WHERE site = ? AND push_service = ? AND subscription >= sqlc.arg(least) AND subscription <= sqlc.arg(greatest);

-- name: DeleteFailing :exec
DELETE FROM failing WHERE site = ? AND push_service = ? AND subscription = ?;

-- name: PutFailing :exec
INSERT INTO failing (site, push_service, subscription, since, last_at, failures, status, reason)
SELECT s.site, s.push_service, s.id, sqlc.arg(now), sqlc.arg(now), 1, CAST(sqlc.arg(status) AS INTEGER), CAST(sqlc.arg(reason) AS TEXT)
FROM subscriptions s WHERE s.site = sqlc.arg(site) AND s.push_service = sqlc.arg(push_service) AND s.id = sqlc.arg(id)
ON CONFLICT (site, push_service, subscription) DO UPDATE SET
    last_at = excluded.last_at, failures = failures + 1, status = excluded.status, reason = excluded.reason;

-- name: FailingOfPage :many
SELECT * FROM failing
WHERE site = ? AND (push_service, subscription) >= (CAST(sqlc.arg(first_service) AS INTEGER), CAST(sqlc.arg(first) AS BLOB))
    AND (push_service, subscription) <= (CAST(sqlc.arg(last_service) AS INTEGER), CAST(sqlc.arg(last) AS BLOB));

-- name: FailingAfter :many
SELECT sqlc.embed(s) FROM failing f
JOIN subscriptions s ON s.site = f.site AND s.push_service = f.push_service AND s.id = f.subscription
WHERE f.site = ? AND (f.push_service, f.subscription) > (CAST(sqlc.arg(push_service) AS INTEGER), CAST(sqlc.arg(id) AS BLOB))
    AND f.since <= sqlc.arg(since)
ORDER BY f.site, f.push_service, f.subscription LIMIT sqlc.arg(limit);

-- name: CountFailing :one
SELECT COUNT(*) FROM failing WHERE site = ? AND since <= ?;
