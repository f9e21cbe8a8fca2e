-- name: LatestLease :one
SELECT CAST(COALESCE(MAX(alive_until), 0) AS INTEGER) FROM nodes;

-- name: ShortenLeases :exec
UPDATE nodes SET alive_until = sqlc.arg(until) WHERE alive_until > sqlc.arg(until);

-- name: ShiftExceptions :exec
UPDATE exceptions SET next_at = next_at - CAST(sqlc.arg(shift) AS INTEGER) WHERE next_at > sqlc.arg(now);

-- name: ShiftBatches :exec
UPDATE batches SET due_at = due_at - CAST(sqlc.arg(shift) AS INTEGER), ttl_from = ttl_from - CAST(sqlc.arg(shift) AS INTEGER)
WHERE state <> 2 AND due_at > sqlc.arg(now) AND due_at <= sqlc.arg(before);

-- name: ShiftExpansions :exec
UPDATE expansions SET due_at = due_at - CAST(sqlc.arg(shift) AS INTEGER), start_at = start_at - CAST(sqlc.arg(shift) AS INTEGER)
WHERE due_at > sqlc.arg(now) AND due_at <= sqlc.arg(before);

-- name: ShiftMessages :exec
UPDATE messages SET due_at = due_at - CAST(sqlc.arg(shift) AS INTEGER)
WHERE due_at > sqlc.arg(now) AND due_at <= sqlc.arg(before);
