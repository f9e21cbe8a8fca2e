-- name: CountLosses :exec
INSERT INTO losses (site, day, reason, count) VALUES (?, ?, ?, ?)
ON CONFLICT (site, day, reason) DO UPDATE SET count = count + excluded.count;

-- name: Losses :many
SELECT day, reason, count FROM losses
WHERE site = ? AND day >= sqlc.arg(first) AND day <= sqlc.arg(last) ORDER BY day, reason;

-- name: HasOldLosses :one
SELECT EXISTS (SELECT 1 FROM losses WHERE day < ?);

-- name: DeleteOldLosses :exec
DELETE FROM losses WHERE day < ?;

-- name: HasOldTombstones :one
SELECT EXISTS (SELECT 1 FROM tombstones WHERE ended_at <= ?);

-- name: OldTombstones :many
SELECT site, endpoint_hash FROM tombstones INDEXED BY tombstones_ended WHERE ended_at <= ? ORDER BY ended_at LIMIT ?;

-- name: ScanSubscriptions :many
SELECT push_service, id, endpoint_hash, last_seen_at FROM subscriptions
WHERE site = ? AND (push_service, id) > (CAST(sqlc.arg(push_service) AS INTEGER), CAST(sqlc.arg(id) AS BLOB))
ORDER BY site, push_service, id LIMIT sqlc.arg(limit);
