-- name: InsertMessage :exec
INSERT INTO messages (id, site, state, created_at, due_at, schedule, ttl, urgency, topic, audience, payload, content, targeted_final)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: MessageByID :one
SELECT * FROM messages WHERE id = ?;

-- name: MessageAudience :one
SELECT audience FROM messages WHERE site = ? AND id = ?;

-- name: MessageOfSite :one
SELECT id, state, created_at, due_at, targeted_final, audience, schedule, payload, content FROM messages WHERE site = ? AND id = ?;

-- name: MessagesBefore :many
SELECT id, state, created_at, due_at, targeted_final, audience, schedule, payload, content FROM messages
WHERE site = ? AND id < ? ORDER BY id DESC LIMIT ?;

-- name: FinishMessage :execrows
-- A message that was cancelled stays so. No row: nothing has changed.
UPDATE messages SET state = sqlc.arg(state), targeted_final = 1
WHERE id = sqlc.arg(id) AND state <> sqlc.arg(cancelled) AND (state <> sqlc.arg(state) OR targeted_final = 0);

-- name: CancelMessage :execrows
-- One that is sent, or cancelled, stays so.
UPDATE messages SET state = sqlc.arg(cancelled), targeted_final = 1
WHERE site = sqlc.arg(site) AND id = sqlc.arg(id) AND state = sqlc.arg(sending);

-- name: MessageCounts :one
SELECT CAST(COALESCE(SUM(targeted), 0) AS INTEGER) AS targeted,
       CAST(COALESCE(SUM(accepted), 0) AS INTEGER) AS accepted,
       CAST(COALESCE(SUM(gone), 0) AS INTEGER) AS gone,
       CAST(COALESCE(SUM(failed), 0) AS INTEGER) AS failed,
       CAST(COALESCE(SUM(expired), 0) AS INTEGER) AS expired,
       CAST(COALESCE(SUM(cancelled), 0) AS INTEGER) AS cancelled,
       CAST(COALESCE(SUM(pending), 0) AS INTEGER) AS pending,
       CAST(COALESCE(SUM(displayed), 0) AS INTEGER) AS displayed,
       CAST(COALESCE(SUM(clicked), 0) AS INTEGER) AS clicked,
       CAST(COALESCE(SUM(closed), 0) AS INTEGER) AS closed
FROM batches WHERE message = ?;

-- name: InsertIdempotency :exec
INSERT INTO idempotency (site, key, request, message, answer, created_at) VALUES (?, ?, ?, ?, ?, ?);

-- name: IdempotencyByKey :one
SELECT request, message, answer, created_at FROM idempotency WHERE site = ? AND key = ?;

-- name: DeleteIdempotency :exec
DELETE FROM idempotency WHERE site = ? AND key = ?;

-- name: HasOldIdempotency :one
SELECT EXISTS (SELECT 1 FROM idempotency WHERE created_at <= ?);

-- name: OldIdempotency :many
SELECT site, key FROM idempotency WHERE created_at <= ? ORDER BY created_at LIMIT ?;
