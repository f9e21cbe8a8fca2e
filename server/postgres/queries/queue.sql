-- name: InsertExpansion :exec
INSERT INTO expansions (message, push_service, part, due_at, start_at, zones, rest, small, cursor, scanned, total)
VALUES (sqlc.arg(message), sqlc.arg(push_service), sqlc.arg(part), sqlc.arg(due_at), sqlc.arg(start_at), sqlc.arg(zones), sqlc.arg(rest), sqlc.arg(small),
    '00000000-0000-0000-0000-000000000000', 0, sqlc.arg(total));

-- name: LockExpansion :one
SELECT * FROM expansions
WHERE due_at <= COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp())
ORDER BY small DESC, due_at LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: StepExpansion :exec
UPDATE expansions SET cursor = sqlc.arg(cursor), due_at = sqlc.arg(due_at), scanned = sqlc.arg(scanned)
WHERE message = sqlc.arg(message) AND push_service = sqlc.arg(push_service) AND part = sqlc.arg(part);

-- name: DeleteExpansion :exec
DELETE FROM expansions
WHERE message = sqlc.arg(message) AND push_service = sqlc.arg(push_service) AND part = sqlc.arg(part);

-- name: DeleteExpansions :execrows
DELETE FROM expansions WHERE message = sqlc.arg(message);

-- name: InsertBatch :exec
INSERT INTO batches (message, no, push_service, due_at, ttl_from, small, state, node, fence, outcomes, events, targeted, expired, pending)
VALUES (sqlc.arg(message), sqlc.arg(no), sqlc.arg(push_service), sqlc.arg(due_at), sqlc.arg(ttl_from), sqlc.arg(small), sqlc.arg(state), sqlc.narg(node), sqlc.arg(fence),
    sqlc.arg(outcomes), sqlc.arg(events), sqlc.arg(targeted), sqlc.arg(expired), sqlc.arg(pending));

-- name: InsertMembers :exec
INSERT INTO batch_members (message, no, members) VALUES (sqlc.arg(message), sqlc.arg(no), sqlc.arg(members));

-- name: Members :one
SELECT members FROM batch_members WHERE message = sqlc.arg(message) AND no = sqlc.arg(no);

-- name: DeleteMembers :exec
DELETE FROM batch_members m
USING (SELECT unnest(sqlc.arg(messages)::uuid[]) AS message, unnest(sqlc.arg(nos)::bigint[]) AS no) w
WHERE m.message = w.message AND m.no = w.no;

-- name: LeaseBatches :many
-- Excepted are push services, and with a site's number behind a space those of a site.
WITH due AS (
    SELECT w.message, w.no, p.name AS service
    FROM batches w JOIN push_services p ON p.id = w.push_service
    WHERE w.state = 0 AND w.due_at <= COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp())
      AND p.name <> ALL (sqlc.arg(excepted)::text[])
      AND p.name || ' ' || (SELECT m.site FROM messages m WHERE m.id = w.message) <> ALL (sqlc.arg(excepted)::text[])
    ORDER BY w.due_at LIMIT sqlc.arg(at_most) FOR UPDATE OF w SKIP LOCKED
)
UPDATE batches b SET state = 1, node = sqlc.arg(node)::uuid, fence = b.fence + 1
FROM due WHERE b.message = due.message AND b.no = due.no
RETURNING b.message, b.no, b.push_service, b.ttl_from, b.outcomes, b.fence, due.service;

-- name: LeaseSmallBatches :many
WITH due AS (
    SELECT w.message, w.no, p.name AS service
    FROM batches w JOIN push_services p ON p.id = w.push_service
    WHERE w.state = 0 AND w.small AND w.due_at <= COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp())
      AND p.name <> ALL (sqlc.arg(excepted)::text[])
      AND p.name || ' ' || (SELECT m.site FROM messages m WHERE m.id = w.message) <> ALL (sqlc.arg(excepted)::text[])
    ORDER BY w.due_at LIMIT sqlc.arg(at_most) FOR UPDATE OF w SKIP LOCKED
)
UPDATE batches b SET state = 1, node = sqlc.arg(node)::uuid, fence = b.fence + 1
FROM due WHERE b.message = due.message AND b.no = due.no
RETURNING b.message, b.no, b.push_service, b.ttl_from, b.outcomes, b.fence, due.service;

-- name: ReleaseBatch :execrows
UPDATE batches SET state = 0, node = NULL, fence = fence + 1
WHERE message = sqlc.arg(message) AND no = sqlc.arg(no) AND fence = sqlc.arg(fence) AND state = 1 AND node = sqlc.arg(node)::uuid;

-- name: ReleaseException :execrows
UPDATE exceptions SET leased = false, node = NULL, fence = fence + 1
WHERE message = sqlc.arg(message) AND batch = sqlc.arg(batch) AND ordinal = sqlc.arg(ordinal) AND fence = sqlc.arg(fence) AND leased
  AND node = sqlc.arg(node)::uuid;

-- name: ForfeitBatches :exec
WITH mine AS (
    SELECT message, no FROM batches WHERE state = 1 AND node = sqlc.arg(node)::uuid
    ORDER BY message, no FOR NO KEY UPDATE
)
UPDATE batches b SET state = 0, node = NULL, fence = b.fence + 1
FROM mine WHERE b.message = mine.message AND b.no = mine.no;

-- name: ForfeitExceptions :exec
WITH mine AS (
    SELECT message, batch, ordinal FROM exceptions WHERE leased AND node = sqlc.arg(node)::uuid
    ORDER BY message, batch, ordinal FOR NO KEY UPDATE
)
UPDATE exceptions e SET leased = false, node = NULL, fence = e.fence + 1
FROM mine WHERE e.message = mine.message AND e.batch = mine.batch AND e.ordinal = mine.ordinal;

-- name: PutNode :exec
INSERT INTO nodes (id, alive_until)
VALUES (sqlc.arg(id), COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()) + make_interval(secs => sqlc.arg(seconds)::float8))
ON CONFLICT (id) DO UPDATE SET alive_until = excluded.alive_until;

-- name: DeleteNode :exec
DELETE FROM nodes WHERE id = sqlc.arg(id);

-- name: DeleteDeadNodes :exec
DELETE FROM nodes WHERE id IN (
    SELECT n.id FROM nodes n WHERE n.alive_until <= COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp())
    ORDER BY n.id FOR UPDATE SKIP LOCKED);

-- name: IsAnyNodeAlive :one
SELECT EXISTS (SELECT 1 FROM nodes WHERE alive_until > COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()));

-- name: ReleaseDeadBatches :execrows
WITH dead AS (
    SELECT message, no FROM batches
    WHERE state = 1 AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = batches.node)
    ORDER BY message, no FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE batches b SET state = 0, node = NULL, fence = b.fence + 1
FROM dead WHERE b.message = dead.message AND b.no = dead.no;

-- name: ReleaseDeadExceptions :execrows
WITH dead AS (
    SELECT message, batch, ordinal FROM exceptions
    WHERE leased AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = exceptions.node)
    ORDER BY message, batch, ordinal FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE exceptions e SET leased = false, node = NULL, fence = e.fence + 1
FROM dead WHERE e.message = dead.message AND e.batch = dead.batch AND e.ordinal = dead.ordinal;

-- name: LockBatches :many
SELECT b.message, b.no, b.outcomes, b.fence
FROM batches b
JOIN (SELECT unnest(sqlc.arg(messages)::uuid[]) AS message, unnest(sqlc.arg(nos)::bigint[]) AS no) w
  ON w.message = b.message AND w.no = b.no
ORDER BY b.message, b.no FOR NO KEY UPDATE OF b;

-- name: LockUnfinishedBatches :many
SELECT message, no, outcomes, fence, (state = 1)::boolean AS leased FROM batches
WHERE message = sqlc.arg(message) AND no > sqlc.arg(after) AND state <> 2
ORDER BY no LIMIT sqlc.arg(at_most) FOR NO KEY UPDATE;

-- name: LockExceptionsToTry :many
SELECT batch, ordinal, leased FROM exceptions
WHERE message = sqlc.arg(message) AND batch = ANY (sqlc.arg(batches)::bigint[]) AND next_at IS NOT NULL
ORDER BY batch, ordinal FOR NO KEY UPDATE;

-- name: CancelledOfNode :many
-- The messages of a state of which a node has leases.
SELECT m.id FROM messages m
WHERE m.state = sqlc.arg(state) AND m.id IN (
    SELECT b.message FROM batches b WHERE b.state = 1 AND b.node = sqlc.arg(node)::uuid
    UNION SELECT e.message FROM exceptions e WHERE e.leased AND e.node = sqlc.arg(node)::uuid);

-- name: UpdateOutcomes :exec
UPDATE batches b SET outcomes = w.outcomes, accepted = w.accepted, gone = w.gone, failed = w.failed, expired = w.expired,
    cancelled = w.cancelled, pending = w.pending, state = CASE WHEN w.pending = 0 THEN 2 ELSE b.state END
FROM (SELECT unnest(sqlc.arg(messages)::uuid[]) AS message, unnest(sqlc.arg(nos)::bigint[]) AS no,
             unnest(sqlc.arg(outcomes)::bytea[]) AS outcomes, unnest(sqlc.arg(accepted)::bigint[]) AS accepted,
             unnest(sqlc.arg(gone)::bigint[]) AS gone, unnest(sqlc.arg(failed)::bigint[]) AS failed,
             unnest(sqlc.arg(expired)::bigint[]) AS expired, unnest(sqlc.arg(cancelled)::bigint[]) AS cancelled,
             unnest(sqlc.arg(pending)::bigint[]) AS pending) w
WHERE b.message = w.message AND b.no = w.no;

-- name: LockExceptions :many
SELECT e.message, e.batch, e.ordinal, e.leased, e.fence, (e.next_at IS NOT NULL)::boolean AS again
FROM exceptions e
JOIN (SELECT unnest(sqlc.arg(messages)::uuid[]) AS message, unnest(sqlc.arg(batches)::bigint[]) AS batch,
             unnest(sqlc.arg(ordinals)::integer[]) AS ordinal) w
  ON w.message = e.message AND w.batch = e.batch AND w.ordinal = e.ordinal
ORDER BY e.message, e.batch, e.ordinal FOR NO KEY UPDATE OF e;

-- name: PutExceptions :exec
-- after is in how many seconds a delivery is tried again, negative where it is
-- not.
INSERT INTO exceptions (message, batch, ordinal, attempt, next_at, status, reason, subscription, outcome)
SELECT w.message, w.batch, w.ordinal, w.attempt,
       CASE WHEN w.after >= 0 THEN COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()) + w.after * interval '1 second' END,
       w.status, w.reason, w.subscription, w.outcome
FROM (SELECT unnest(sqlc.arg(messages)::uuid[]) AS message, unnest(sqlc.arg(batches)::bigint[]) AS batch,
             unnest(sqlc.arg(ordinals)::integer[]) AS ordinal, unnest(sqlc.arg(attempts)::integer[]) AS attempt,
             unnest(sqlc.arg(after)::float8[]) AS after,
             unnest(sqlc.arg(statuses)::integer[]) AS status, unnest(sqlc.arg(reasons)::text[]) AS reason,
             unnest(sqlc.arg(subscriptions)::uuid[]) AS subscription, unnest(sqlc.arg(outcomes)::smallint[]) AS outcome) w
ON CONFLICT (message, batch, ordinal) DO UPDATE SET
    attempt = excluded.attempt, next_at = excluded.next_at, leased = false, node = NULL, status = excluded.status, reason = excluded.reason,
    subscription = excluded.subscription, outcome = excluded.outcome;

-- name: DeleteExceptions :exec
DELETE FROM exceptions e
USING (SELECT unnest(sqlc.arg(messages)::uuid[]) AS message, unnest(sqlc.arg(batches)::bigint[]) AS batch,
              unnest(sqlc.arg(ordinals)::integer[]) AS ordinal) w
WHERE e.message = w.message AND e.batch = w.batch AND e.ordinal = w.ordinal;

-- name: ExceptionOrdinals :many
SELECT ordinal FROM exceptions WHERE message = sqlc.arg(message) AND batch = sqlc.arg(batch) AND next_at IS NOT NULL;

-- name: LeaseExceptions :many
WITH due AS (
    SELECT w.message, w.batch, w.ordinal, b.push_service, b.ttl_from, p.name AS service
    FROM exceptions w JOIN batches b ON b.message = w.message AND b.no = w.batch JOIN push_services p ON p.id = b.push_service
    WHERE w.next_at <= COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()) AND NOT w.leased
      AND p.name <> ALL (sqlc.arg(excepted)::text[])
      AND p.name || ' ' || (SELECT m.site FROM messages m WHERE m.id = w.message) <> ALL (sqlc.arg(excepted)::text[])
    ORDER BY w.next_at LIMIT sqlc.arg(at_most) FOR UPDATE OF w SKIP LOCKED
)
UPDATE exceptions e SET leased = true, node = sqlc.arg(node)::uuid, fence = e.fence + 1
FROM due WHERE e.message = due.message AND e.batch = due.batch AND e.ordinal = due.ordinal
RETURNING e.message, e.batch, e.ordinal, e.attempt, e.fence, due.push_service, due.ttl_from, due.service;

-- name: NextDue :one
-- In how many seconds there is work next; infinity where there is none.
SELECT COALESCE(EXTRACT(EPOCH FROM LEAST(
    (SELECT e.due_at FROM expansions e ORDER BY e.due_at LIMIT 1),
    (SELECT b.due_at FROM batches b JOIN push_services p ON p.id = b.push_service
     WHERE b.state = 0 AND p.name <> ALL (sqlc.arg(excepted)::text[])
       AND p.name || ' ' || (SELECT m.site FROM messages m WHERE m.id = b.message) <> ALL (sqlc.arg(excepted)::text[]) ORDER BY b.due_at LIMIT 1),
    (SELECT b.due_at FROM batches b JOIN push_services p ON p.id = b.push_service
     WHERE b.state = 0 AND b.small AND p.name <> ALL (sqlc.arg(excepted_small)::text[])
       AND p.name || ' ' || (SELECT m.site FROM messages m WHERE m.id = b.message) <> ALL (sqlc.arg(excepted_small)::text[]) ORDER BY b.due_at LIMIT 1),
    (SELECT e.next_at FROM exceptions e JOIN batches b ON b.message = e.message AND b.no = e.batch JOIN push_services p ON p.id = b.push_service
     WHERE e.next_at IS NOT NULL AND NOT e.leased AND p.name <> ALL (sqlc.arg(excepted)::text[])
       AND p.name || ' ' || (SELECT m.site FROM messages m WHERE m.id = e.message) <> ALL (sqlc.arg(excepted)::text[]) ORDER BY e.next_at LIMIT 1)
) - COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()))::float8, 'infinity'::float8)::float8 AS seconds;
