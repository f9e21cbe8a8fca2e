-- name: InsertWebhook :exec
INSERT INTO webhooks (id, site, url, types, secret, created_at, next_at) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: CountWebhooks :one
SELECT COUNT(*) FROM webhooks WHERE site = ?;

-- name: WebhooksOfSite :many
SELECT * FROM webhooks WHERE site = ? ORDER BY created_at, id;

-- name: WebhookByID :one
SELECT * FROM webhooks WHERE id = ?;

-- name: WebhookOfSite :one
SELECT * FROM webhooks WHERE site = ? AND id = ?;

-- name: DeleteWebhook :execrows
DELETE FROM webhooks WHERE site = ? AND id = ?;

-- name: RotateWebhook :execrows
UPDATE webhooks SET former = secret, former_until = sqlc.arg(until), secret = sqlc.arg(secret)
WHERE site = sqlc.arg(site) AND id = sqlc.arg(id);

-- name: EnableWebhook :execrows
UPDATE webhooks SET disabled_at = NULL, failing_since = NULL, failures = 0, next_at = sqlc.arg(now)
WHERE site = sqlc.arg(site) AND id = sqlc.arg(id);

-- name: TryGivenUp :exec
UPDATE webhook_events SET next_at = sqlc.arg(now) WHERE webhook = sqlc.arg(webhook) AND next_at IS NULL;

-- name: GivenUpBefore :many
SELECT id, type, happened_at, attempt, status, reason, body FROM webhook_events
WHERE webhook = ? AND next_at IS NULL AND id < ? ORDER BY id DESC LIMIT ?;

-- name: WantedTypes :many
SELECT site, types FROM webhooks WHERE disabled_at IS NULL;

-- name: InsertWebhookEvent :exec
INSERT INTO webhook_events (webhook, id, type, happened_at, body, next_at)
SELECT w.id, CAST(sqlc.arg(id) AS BLOB), CAST(sqlc.arg(type) AS INTEGER), CAST(sqlc.arg(happened_at) AS INTEGER), CAST(sqlc.arg(body) AS BLOB),
       CAST(sqlc.arg(happened_at) AS INTEGER)
FROM webhooks w
WHERE w.site = sqlc.arg(site) AND w.disabled_at IS NULL AND (w.types & CAST(sqlc.arg(type) AS INTEGER)) <> 0;

-- name: NextWebhooks :many
SELECT w.id, w.next_at, w.failures, CAST(COALESCE(
    (SELECT MIN(e.next_at) FROM webhook_events e WHERE e.webhook = w.id AND e.next_at IS NOT NULL AND e.node IS NULL),
    9223372036854775807) AS INTEGER) AS event_at
FROM webhooks w WHERE w.disabled_at IS NULL;

-- name: DueWebhookEvents :many
SELECT id, type, happened_at, body, attempt FROM webhook_events
WHERE webhook = ? AND next_at IS NOT NULL AND next_at <= ? AND node IS NULL ORDER BY next_at LIMIT ?;

-- name: LeaseWebhookEvent :exec
UPDATE webhook_events SET node = ? WHERE webhook = ? AND id = ?;

-- name: DeleteWebhookEvent :exec
DELETE FROM webhook_events WHERE webhook = ? AND id = ?;

-- name: PutOffWebhookEvent :exec
-- Only where it is still leased as it was. Without next_at it is given up.
UPDATE webhook_events SET attempt = attempt + 1, next_at = sqlc.narg(next_at), node = NULL, status = sqlc.arg(status), reason = sqlc.arg(reason)
WHERE webhook = sqlc.arg(webhook) AND id = sqlc.arg(id) AND attempt = sqlc.arg(attempt) AND node = sqlc.arg(node);

-- name: NoteWebhook :exec
UPDATE webhooks SET next_at = ?, succeeded_at = ?, failed_at = ?, failure = ?, failing_since = ?, failures = ?, disabled_at = ? WHERE id = ?;

-- name: ReleaseDeadWebhookEvents :exec
UPDATE webhook_events SET node = NULL WHERE node IS NOT NULL AND node NOT IN (SELECT n.id FROM nodes n);

-- name: CountWaiting :one
SELECT COUNT(*) FROM webhook_events WHERE webhook = ? AND next_at IS NOT NULL AND node IS NULL;

-- name: CountLeased :one
SELECT COUNT(*) FROM webhook_events WHERE webhook = ? AND node IS NOT NULL;

-- name: CountGivenUp :one
SELECT COUNT(*) FROM webhook_events WHERE webhook = ? AND next_at IS NULL;

-- name: DropWaiting :execrows
DELETE FROM webhook_events WHERE webhook_events.webhook = sqlc.arg(webhook) AND webhook_events.id IN (
    SELECT e.id FROM webhook_events e WHERE e.webhook = sqlc.arg(webhook) AND e.next_at IS NOT NULL ORDER BY e.id LIMIT sqlc.arg(most));

-- name: DropGivenUp :execrows
DELETE FROM webhook_events WHERE webhook_events.webhook = sqlc.arg(webhook) AND webhook_events.id IN (
    SELECT e.id FROM webhook_events e WHERE e.webhook = sqlc.arg(webhook) AND e.next_at IS NULL ORDER BY e.id LIMIT sqlc.arg(most));

-- name: DropWebhookEvents :execrows
DELETE FROM webhook_events WHERE webhook_events.webhook = sqlc.arg(webhook) AND webhook_events.id IN (
    SELECT e.id FROM webhook_events e WHERE e.webhook = sqlc.arg(webhook) LIMIT sqlc.arg(most));

-- name: CountDropped :exec
UPDATE webhooks SET dropped = dropped + sqlc.arg(more) WHERE id = sqlc.arg(id);

-- name: OldWebhookEvents :many
-- Those that are older than an id, and those of no webhook.
SELECT webhook, id FROM webhook_events
WHERE webhook_events.id < sqlc.arg(before) OR webhook_events.webhook NOT IN (SELECT w.id FROM webhooks w) LIMIT sqlc.arg(most);

-- name: AllWebhookIDs :many
SELECT id FROM webhooks;

-- name: CountWebhookEvents :one
SELECT COUNT(*) FROM webhook_events e JOIN webhooks w ON w.id = e.webhook WHERE w.site = ? AND e.next_at IS NOT NULL;

-- name: ShiftWebhooks :exec
UPDATE webhooks SET next_at = next_at - sqlc.arg(shift) WHERE next_at > sqlc.arg(now);

-- name: ShiftWebhookEvents :exec
UPDATE webhook_events SET next_at = next_at - sqlc.arg(shift) WHERE next_at > sqlc.arg(now);
