-- name: InsertExpansion :exec
INSERT INTO expansions (message, push_service, part, due_at, start_at, zones, rest, small, cursor, scanned, total)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, x'', 0, ?);

-- name: NextExpansion :one
SELECT * FROM expansions WHERE due_at <= ? ORDER BY small DESC, due_at LIMIT 1;

-- name: StepExpansion :execrows
-- No row: the step was made by somebody else, or the message was cancelled.
UPDATE expansions SET cursor = sqlc.arg(cursor), due_at = sqlc.arg(due_at), scanned = sqlc.arg(scanned)
WHERE message = sqlc.arg(message) AND push_service = sqlc.arg(push_service) AND part = sqlc.arg(part) AND cursor = sqlc.arg(before);

-- name: EndExpansion :execrows
-- No row: see StepExpansion.
DELETE FROM expansions WHERE message = ? AND push_service = ? AND part = ? AND cursor = ?;

-- name: DeleteExpansions :exec
DELETE FROM expansions WHERE message = ?;

-- name: LastBatch :one
SELECT CAST(COALESCE(MAX(no), -1) AS INTEGER) FROM batches WHERE message = ?;

-- name: InsertBatch :exec
INSERT INTO batches (message, no, push_service, due_at, ttl_from, small, state, node, fence, outcomes, events, targeted, expired, pending)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: InsertMembers :exec
INSERT INTO batch_members (message, no, members) VALUES (?, ?, ?);

-- name: Members :one
SELECT members FROM batch_members WHERE message = ? AND no = ?;

-- name: DeleteMembers :exec
DELETE FROM batch_members WHERE message = ? AND no = ?;

-- name: WaitingBatches :many
-- except has a line for each push service, and with a site's number behind a space for
-- each of a site.
SELECT b.message, b.no, b.push_service, b.ttl_from, b.outcomes, b.fence, s.name AS service
FROM batches b JOIN push_services s ON s.id = b.push_service
WHERE b.state = 0 AND b.due_at <= sqlc.arg(now) AND instr(sqlc.arg(except), char(10) || s.name || char(10)) = 0
  AND instr(sqlc.arg(except), char(10) || s.name || ' ' || (SELECT m.site FROM messages m WHERE m.id = b.message) || char(10)) = 0
ORDER BY b.due_at LIMIT sqlc.arg(at_most);

-- name: WaitingSmallBatches :many
-- See WaitingBatches.
SELECT b.message, b.no, b.push_service, b.ttl_from, b.outcomes, b.fence, s.name AS service
FROM batches b JOIN push_services s ON s.id = b.push_service
WHERE b.state = 0 AND b.small = 1 AND b.due_at <= sqlc.arg(now) AND instr(sqlc.arg(except), char(10) || s.name || char(10)) = 0
  AND instr(sqlc.arg(except), char(10) || s.name || ' ' || (SELECT m.site FROM messages m WHERE m.id = b.message) || char(10)) = 0
ORDER BY b.due_at LIMIT sqlc.arg(at_most);

-- name: LeaseBatch :exec
UPDATE batches SET state = 1, node = ?, fence = fence + 1 WHERE message = ? AND no = ?;

-- name: ReleaseBatch :exec
UPDATE batches SET state = 0, node = NULL, fence = fence + 1 WHERE message = ? AND no = ? AND fence = ? AND state = 1;

-- name: ForfeitBatches :exec
UPDATE batches SET state = 0, node = NULL, fence = fence + 1 WHERE state = 1 AND node = ?;

-- name: ForfeitExceptions :exec
UPDATE exceptions SET leased = 0, node = NULL, fence = fence + 1 WHERE leased = 1 AND node = ?;

-- name: PutNode :exec
INSERT INTO nodes (id, alive_until) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET alive_until = excluded.alive_until;

-- name: DeleteDeadNodes :exec
DELETE FROM nodes WHERE alive_until <= ?;

-- name: DeleteNodes :exec
DELETE FROM nodes;

-- name: ReleaseDeadBatches :execrows
UPDATE batches SET state = 0, node = NULL, fence = fence + 1
WHERE state = 1 AND node NOT IN (SELECT id FROM nodes);

-- name: ReleaseDeadExceptions :execrows
UPDATE exceptions SET leased = 0, node = NULL, fence = fence + 1
WHERE leased = 1 AND node NOT IN (SELECT id FROM nodes);

-- name: BatchOutcomes :one
SELECT b.push_service, b.state, b.outcomes, b.fence, m.state AS message_state
FROM batches b JOIN messages m ON m.id = b.message WHERE b.message = ? AND b.no = ?;

-- name: UpdateOutcomes :exec
UPDATE batches SET outcomes = ?, accepted = ?, gone = ?, failed = ?, expired = ?, cancelled = ?, pending = ?, state = ?
WHERE message = ? AND no = ?;

-- name: BatchEvents :one
SELECT b.events FROM batches b JOIN messages m ON m.id = b.message
WHERE m.site = ? AND b.message = ? AND b.no = ?;

-- name: UpdateEvents :exec
UPDATE batches SET events = ?, displayed = ?, clicked = ?, closed = ? WHERE message = ? AND no = ?;

-- name: PutException :exec
INSERT INTO exceptions (message, batch, ordinal, attempt, next_at, status, reason, subscription, outcome)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (message, batch, ordinal) DO UPDATE SET
    attempt = excluded.attempt, next_at = excluded.next_at, leased = 0, node = NULL, status = excluded.status, reason = excluded.reason,
    subscription = excluded.subscription, outcome = excluded.outcome;

-- name: ExceptionFence :one
SELECT fence FROM exceptions WHERE message = ? AND batch = ? AND ordinal = ? AND leased = 1;

-- name: IsTriedAgain :one
SELECT EXISTS (SELECT 1 FROM exceptions WHERE message = ? AND batch = ? AND ordinal = ? AND next_at IS NOT NULL);

-- name: DeleteException :exec
DELETE FROM exceptions WHERE message = ? AND batch = ? AND ordinal = ?;

-- name: DueExceptions :many
-- See WaitingBatches.
SELECT e.message, e.batch, e.ordinal, e.attempt, e.fence, b.push_service, b.ttl_from, s.name AS service
FROM exceptions e JOIN batches b ON b.message = e.message AND b.no = e.batch JOIN push_services s ON s.id = b.push_service
WHERE e.next_at <= sqlc.arg(now) AND e.leased = 0 AND instr(sqlc.arg(except), char(10) || s.name || char(10)) = 0
  AND instr(sqlc.arg(except), char(10) || s.name || ' ' || (SELECT m.site FROM messages m WHERE m.id = e.message) || char(10)) = 0
ORDER BY e.next_at LIMIT sqlc.arg(at_most);

-- name: LeaseException :exec
UPDATE exceptions SET leased = 1, node = ?, fence = fence + 1 WHERE message = ? AND batch = ? AND ordinal = ?;

-- name: UnfinishedWork :one
SELECT EXISTS (SELECT 1 FROM expansions e WHERE e.message = sqlc.arg(message)) AS expansions,
       EXISTS (SELECT 1 FROM batches b WHERE b.message = sqlc.arg(message) AND b.state < 2) AS batches;

-- name: NextExpansionDue :one
SELECT CAST(COALESCE(MIN(due_at), 9223372036854775807) AS INTEGER) FROM expansions;

-- name: NextBatchDue :one
SELECT CAST(COALESCE(MIN(b.due_at), 9223372036854775807) AS INTEGER)
FROM batches b JOIN push_services s ON s.id = b.push_service
WHERE b.state = 0 AND instr(sqlc.arg(except), char(10) || s.name || char(10)) = 0
  AND instr(sqlc.arg(except), char(10) || s.name || ' ' || (SELECT m.site FROM messages m WHERE m.id = b.message) || char(10)) = 0;

-- name: NextSmallBatchDue :one
SELECT CAST(COALESCE(MIN(b.due_at), 9223372036854775807) AS INTEGER)
FROM batches b JOIN push_services s ON s.id = b.push_service
WHERE b.state = 0 AND b.small = 1 AND instr(sqlc.arg(except), char(10) || s.name || char(10)) = 0
  AND instr(sqlc.arg(except), char(10) || s.name || ' ' || (SELECT m.site FROM messages m WHERE m.id = b.message) || char(10)) = 0;

-- name: NextExceptionDue :one
SELECT CAST(COALESCE(MIN(e.next_at), 9223372036854775807) AS INTEGER)
FROM exceptions e JOIN batches b ON b.message = e.message AND b.no = e.batch JOIN push_services s ON s.id = b.push_service
WHERE e.next_at IS NOT NULL AND e.leased = 0 AND instr(sqlc.arg(except), char(10) || s.name || char(10)) = 0
  AND instr(sqlc.arg(except), char(10) || s.name || ' ' || (SELECT m.site FROM messages m WHERE m.id = e.message) || char(10)) = 0;

-- name: UnfinishedBatches :many
SELECT no, state, outcomes FROM batches WHERE message = ? AND no > ? AND state <> 2 ORDER BY no LIMIT ?;

-- name: ExceptionsToTry :many
SELECT ordinal, leased FROM exceptions WHERE message = ? AND batch = ? AND next_at IS NOT NULL;

-- name: CancelledOfNode :many
-- The messages of a state of which a node has leases.
SELECT m.id FROM messages m
WHERE m.state = sqlc.arg(state) AND m.id IN (
    SELECT b.message FROM batches b WHERE b.state = 1 AND b.node = sqlc.arg(node)
    UNION SELECT e.message FROM exceptions e WHERE e.leased = 1 AND e.node = sqlc.arg(node));

-- name: ExceptionOrdinals :many
SELECT ordinal FROM exceptions WHERE message = ? AND batch = ? AND next_at IS NOT NULL;
