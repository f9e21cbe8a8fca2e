-- name: LatestLease :one
SELECT max(alive_until)::timestamptz AS latest, COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp())::timestamptz AS now
FROM nodes HAVING count(*) > 0;

-- name: ShortenLeases :execrows
UPDATE nodes SET alive_until = sqlc.arg(until) WHERE id IN (
    SELECT n.id FROM nodes n WHERE n.alive_until > sqlc.arg(beyond) ORDER BY n.id FOR UPDATE);

-- name: ShiftExceptions :exec
UPDATE exceptions SET next_at = next_at - make_interval(secs => sqlc.arg(seconds)::float8)
WHERE (message, batch, ordinal) IN (
    SELECT e.message, e.batch, e.ordinal FROM exceptions e WHERE e.next_at > sqlc.arg(now)::timestamptz
    ORDER BY e.message, e.batch, e.ordinal FOR UPDATE);

-- name: ShiftBatches :exec
UPDATE batches SET due_at = due_at - make_interval(secs => sqlc.arg(seconds)::float8), ttl_from = ttl_from - make_interval(secs => sqlc.arg(seconds)::float8)
WHERE (message, no) IN (
    SELECT b.message, b.no FROM batches b
    WHERE b.state <> 2 AND b.due_at > sqlc.arg(now)::timestamptz AND b.due_at <= sqlc.arg(before)::timestamptz
    ORDER BY b.message, b.no FOR UPDATE);

-- name: ShiftExpansions :exec
UPDATE expansions SET due_at = due_at - make_interval(secs => sqlc.arg(seconds)::float8), start_at = start_at - make_interval(secs => sqlc.arg(seconds)::float8)
WHERE (message, push_service, part) IN (
    SELECT e.message, e.push_service, e.part FROM expansions e
    WHERE e.due_at > sqlc.arg(now)::timestamptz AND e.due_at <= sqlc.arg(before)::timestamptz
    ORDER BY e.message, e.push_service, e.part FOR UPDATE);

-- name: ShiftMessages :exec
UPDATE messages SET due_at = due_at - make_interval(secs => sqlc.arg(seconds)::float8)
WHERE id IN (
    SELECT m.id FROM messages m
    WHERE m.due_at > sqlc.arg(now)::timestamptz AND m.due_at <= sqlc.arg(before)::timestamptz
    ORDER BY m.id FOR UPDATE);
