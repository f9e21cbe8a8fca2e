-- name: InsertExpansion :exec
INSERT INTO expansions (message, push_service, time_zone, due_at, cursor) VALUES (?, ?, '', ?, x'');

-- name: NextExpansion :one
SELECT message, push_service, time_zone, cursor FROM expansions
WHERE due_at <= ? ORDER BY due_at LIMIT 1;

-- name: SetExpansionCursor :exec
UPDATE expansions SET cursor = ? WHERE message = ? AND push_service = ? AND time_zone = ?;

-- name: DeleteExpansion :exec
DELETE FROM expansions WHERE message = ? AND push_service = ? AND time_zone = ?;

-- name: AudienceAll :many
SELECT id FROM subscriptions
WHERE site = ? AND push_service = ? AND id > ? ORDER BY id LIMIT ?;

-- name: AudienceChannels :many
-- Every parameter is a plain "?": numbered ones would count the slice as one.
SELECT DISTINCT subscription FROM subscription_channels
WHERE site = ? AND push_service = ? AND subscription > ? AND channel IN (sqlc.slice(channels))
ORDER BY subscription LIMIT ?;

-- name: LastBatch :one
SELECT CAST(COALESCE(MAX(no), -1) AS INTEGER) FROM batches WHERE message = ?;

-- name: InsertBatch :exec
INSERT INTO batches (message, no, push_service, due_at, state, outcomes, events, targeted, pending)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: InsertMembers :exec
INSERT INTO batch_members (message, no, members) VALUES (?, ?, ?);

-- name: Members :one
SELECT members FROM batch_members WHERE message = ? AND no = ?;

-- name: DeleteMembers :exec
DELETE FROM batch_members WHERE message = ? AND no = ?;

-- name: WaitingBatches :many
SELECT message, no, push_service, outcomes FROM batches
WHERE state = 0 AND due_at <= ? ORDER BY due_at LIMIT ?;

-- name: LeaseBatch :exec
UPDATE batches SET state = 1 WHERE message = ? AND no = ?;

-- name: ReleaseBatches :exec
UPDATE batches SET state = 0 WHERE state = 1;

-- name: ReleaseExceptions :exec
UPDATE exceptions SET leased = 0 WHERE leased = 1;

-- name: BatchOutcomes :one
SELECT state, push_service, outcomes FROM batches WHERE message = ? AND no = ?;

-- name: UpdateOutcomes :exec
UPDATE batches SET outcomes = ?, accepted = ?, gone = ?, failed = ?, expired = ?, cancelled = ?, pending = ?, state = ?
WHERE message = ? AND no = ?;

-- name: BatchEvents :one
SELECT b.events FROM batches b JOIN messages m ON m.id = b.message
WHERE m.site = ? AND b.message = ? AND b.no = ?;

-- name: UpdateEvents :exec
UPDATE batches SET events = ?, displayed = ?, clicked = ?, closed = ? WHERE message = ? AND no = ?;

-- name: PutException :exec
INSERT INTO exceptions (message, batch, ordinal, attempt, next_at, status, reason)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (message, batch, ordinal) DO UPDATE SET
    attempt = excluded.attempt, next_at = excluded.next_at, leased = 0, status = excluded.status, reason = excluded.reason;

-- name: DeleteException :exec
DELETE FROM exceptions WHERE message = ? AND batch = ? AND ordinal = ?;

-- name: DueExceptions :many
SELECT e.message, e.batch, e.ordinal, e.attempt, b.push_service
FROM exceptions e JOIN batches b ON b.message = e.message AND b.no = e.batch
WHERE e.next_at <= sqlc.arg(now) AND e.leased = 0 ORDER BY e.next_at LIMIT sqlc.arg(limit);

-- name: LeaseException :exec
UPDATE exceptions SET leased = 1 WHERE message = ? AND batch = ? AND ordinal = ?;

-- name: UnfinishedWork :one
SELECT (SELECT COUNT(*) FROM expansions e WHERE e.message = sqlc.arg(message)) AS expansions,
       (SELECT COUNT(*) FROM batches b WHERE b.message = sqlc.arg(message) AND b.state <> 2) AS batches;

-- name: NextDue :one
SELECT CAST(MIN(
    COALESCE((SELECT MIN(due_at) FROM expansions), 9223372036854775807),
    COALESCE((SELECT MIN(due_at) FROM batches WHERE state = 0), 9223372036854775807),
    COALESCE((SELECT MIN(next_at) FROM exceptions WHERE next_at IS NOT NULL AND leased = 0), 9223372036854775807)) AS INTEGER);

-- name: ExceptionOrdinals :many
SELECT ordinal FROM exceptions WHERE message = ? AND batch = ? AND next_at IS NOT NULL;
