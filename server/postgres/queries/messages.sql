-- name: InsertMessage :one
-- A message that is not scheduled is due now, whatever the node's clock shows.
INSERT INTO messages (id, site, state, created_at, due_at, schedule, ttl, urgency, topic, audience, payload, content, targeted_final)
VALUES (sqlc.arg(id), sqlc.arg(site), sqlc.arg(state), sqlc.arg(created_at),
    CASE WHEN sqlc.arg(scheduled)::boolean THEN sqlc.arg(due_at)::timestamptz
         ELSE LEAST(sqlc.arg(due_at)::timestamptz, COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp())) END,
    sqlc.arg(schedule), sqlc.arg(ttl), sqlc.arg(urgency), sqlc.arg(topic), sqlc.arg(audience), sqlc.arg(payload), sqlc.arg(content), false)
RETURNING due_at, (due_at <= COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()))::boolean AS is_due;

-- name: MessageByID :one
SELECT sqlc.embed(m), s.token_key FROM messages m JOIN sites s ON s.id = m.site WHERE m.id = sqlc.arg(id);

-- name: MessageAudience :one
SELECT audience FROM messages WHERE site = sqlc.arg(site) AND id = sqlc.arg(id);

-- name: MessageOfSite :one
SELECT sqlc.embed(message_statuses), (message_statuses.due_at > COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()))::boolean AS waits,
    m.audience, m.schedule, m.payload, m.content
FROM message_statuses JOIN messages m ON m.id = message_statuses.id
WHERE message_statuses.site = sqlc.arg(site) AND message_statuses.id = sqlc.arg(id);

-- name: MessagesBefore :many
SELECT sqlc.embed(message_statuses), (message_statuses.due_at > COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()))::boolean AS waits,
    m.audience, m.schedule, m.payload, m.content
FROM message_statuses JOIN messages m ON m.id = message_statuses.id
WHERE message_statuses.site = sqlc.arg(site) AND message_statuses.id < sqlc.arg(id)
ORDER BY message_statuses.id DESC LIMIT sqlc.arg(at_most);

-- name: CountBatches :one
-- Numbers the next batches of a message: its row is locked until the end of the
-- transaction. No row: it was cancelled.
UPDATE messages SET batches = batches + sqlc.arg(more)::bigint
WHERE id = sqlc.arg(id) AND state <> sqlc.arg(cancelled) RETURNING batches;

-- name: MessagesOfState :many
SELECT id FROM messages WHERE id = ANY (sqlc.arg(ids)::uuid[]) AND state = sqlc.arg(state);

-- name: CancelMessage :exec
-- One that is sent, or cancelled, stays so.
UPDATE messages SET state = sqlc.arg(cancelled), targeted_final = true
WHERE site = sqlc.arg(site) AND id = sqlc.arg(id) AND state = sqlc.arg(sending);

-- name: LockMessages :exec
SELECT id FROM messages WHERE id = ANY (sqlc.arg(ids)::uuid[]) ORDER BY id FOR NO KEY UPDATE;

-- name: FinishMessages :many
-- The messages are locked, so that of two nodes that finish the last two batches
-- the second sees what the first has done. What was sent or cancelled stays so.
UPDATE messages m SET targeted_final = true,
    state = CASE WHEN EXISTS (SELECT 1 FROM batches b WHERE b.message = m.id AND b.state <> 2)
                 THEN sqlc.arg(sending)::text ELSE sqlc.arg(sent)::text END
WHERE m.id = ANY (sqlc.arg(ids)::uuid[]) AND m.state NOT IN (sqlc.arg(sent)::text, sqlc.arg(cancelled)::text)
  AND NOT EXISTS (SELECT 1 FROM expansions e WHERE e.message = m.id)
RETURNING m.id, m.site, m.state;

-- name: InsertIdempotency :exec
INSERT INTO idempotency (site, key, request, message, answer, created_at)
VALUES (sqlc.arg(site), sqlc.arg(key), sqlc.arg(request), sqlc.arg(message), sqlc.arg(answer),
    COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()));

-- name: IdempotencyByKey :one
SELECT request, message, answer,
    (created_at <= COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()) - make_interval(secs => sqlc.arg(seconds)::float8))::boolean AS is_old
FROM idempotency WHERE site = sqlc.arg(site) AND key = sqlc.arg(key);

-- name: DeleteIdempotency :exec
-- Of two that find the same old key, the second waits here, and then fails to insert
-- its own.
DELETE FROM idempotency WHERE site = sqlc.arg(site) AND key = sqlc.arg(key)
  AND created_at <= COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()) - make_interval(secs => sqlc.arg(seconds)::float8);

-- name: SweepIdempotency :execrows
DELETE FROM idempotency WHERE (site, key) IN (
    SELECT i.site, i.key FROM idempotency i
    WHERE i.created_at <= COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()) - make_interval(secs => sqlc.arg(seconds)::float8)
    ORDER BY i.created_at LIMIT sqlc.arg(at_most) FOR UPDATE SKIP LOCKED);

-- name: LockEvents :many
SELECT b.message, b.no, b.events
FROM batches b
JOIN messages m ON m.id = b.message
JOIN (SELECT unnest(sqlc.arg(messages)::uuid[]) AS message, unnest(sqlc.arg(nos)::bigint[]) AS no) w
  ON w.message = b.message AND w.no = b.no
WHERE m.site = sqlc.arg(site)
ORDER BY b.message, b.no FOR NO KEY UPDATE OF b;

-- name: UpdateEvents :exec
UPDATE batches SET events = sqlc.arg(events), displayed = sqlc.arg(displayed), clicked = sqlc.arg(clicked), closed = sqlc.arg(closed)
WHERE message = sqlc.arg(message) AND no = sqlc.arg(no);
