-- name: InsertWebhook :exec
INSERT INTO webhooks (id, site, url, types, secret, created_at, next_at)
VALUES (sqlc.arg(id), sqlc.arg(site), sqlc.arg(url), sqlc.arg(types), sqlc.arg(secret), sqlc.arg(created_at), COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()));

-- name: CountWebhooks :one
-- The site is locked, so that of two at once the second counts the first's.
SELECT count(*) FROM webhooks WHERE site = sqlc.arg(site);

-- name: WebhooksOfSite :many
SELECT sqlc.embed(w),
       (SELECT count(*) FROM webhook_events e WHERE e.webhook = w.id AND e.next_at IS NOT NULL) AS waiting,
       (SELECT count(*) FROM webhook_events e WHERE e.webhook = w.id AND e.next_at IS NULL) AS given_up
FROM webhooks w WHERE w.site = sqlc.arg(site) ORDER BY w.created_at, w.id;

-- name: WebhookByID :one
SELECT * FROM webhooks WHERE id = sqlc.arg(id);

-- name: LockWebhook :one
SELECT * FROM webhooks WHERE id = sqlc.arg(id) FOR NO KEY UPDATE;

-- name: DeleteWebhook :execrows
DELETE FROM webhooks WHERE site = sqlc.arg(site) AND id = sqlc.arg(id);

-- name: RotateWebhook :one
UPDATE webhooks SET former = secret, former_until = sqlc.arg(until)::timestamptz, secret = sqlc.arg(secret)
WHERE site = sqlc.arg(site) AND id = sqlc.arg(id) RETURNING *;

-- name: EnableWebhook :one
UPDATE webhooks SET disabled_at = NULL, failing_since = NULL, failures = 0, next_at = COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp())
WHERE site = sqlc.arg(site) AND id = sqlc.arg(id) RETURNING *;

-- name: TryGivenUp :exec
UPDATE webhook_events e SET next_at = COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()) FROM (
    SELECT o.webhook, o.id FROM webhook_events o WHERE o.webhook = sqlc.arg(webhook) AND o.next_at IS NULL
    ORDER BY o.id FOR NO KEY UPDATE
) given_up WHERE e.webhook = given_up.webhook AND e.id = given_up.id;

-- name: WebhookOfSite :one
SELECT * FROM webhooks WHERE site = sqlc.arg(site) AND id = sqlc.arg(id);

-- name: GivenUpBefore :many
SELECT id, type, happened_at, attempt, status, reason, body FROM webhook_events
WHERE webhook = sqlc.arg(webhook) AND next_at IS NULL AND id < sqlc.arg(before) ORDER BY id DESC LIMIT sqlc.arg(at_most);

-- name: WantedTypes :many
SELECT site, types FROM webhooks WHERE disabled_at IS NULL;

-- name: InsertWebhookEvents :exec
INSERT INTO webhook_events (webhook, id, type, happened_at, body, next_at)
SELECT w.id, e.id, sqlc.arg(type)::integer, sqlc.arg(happened_at)::timestamptz, e.body, COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp())
FROM webhooks w CROSS JOIN (SELECT unnest(sqlc.arg(ids)::uuid[]) AS id, unnest(sqlc.arg(bodies)::bytea[]) AS body) e
WHERE w.site = sqlc.arg(site) AND w.disabled_at IS NULL AND (w.types & sqlc.arg(type)::integer) <> 0;

-- name: NextWebhooks :many
-- In how many seconds the next event of each is due.
SELECT w.id, w.failures, EXTRACT(EPOCH FROM GREATEST(w.next_at, e.next_at) - COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()))::float8 AS seconds
FROM webhooks w CROSS JOIN LATERAL (
    SELECT o.next_at FROM webhook_events o WHERE o.webhook = w.id AND o.next_at IS NOT NULL AND o.node IS NULL ORDER BY o.next_at LIMIT 1) e
WHERE w.disabled_at IS NULL;

-- name: LeaseWebhookEvents :many
WITH due AS (
    SELECT d.webhook, d.id FROM webhook_events d
    WHERE d.webhook = sqlc.arg(webhook) AND d.next_at IS NOT NULL AND d.next_at <= COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()) AND d.node IS NULL
      AND EXISTS (SELECT 1 FROM webhooks w WHERE w.id = d.webhook AND w.next_at <= COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()))
    ORDER BY d.next_at LIMIT sqlc.arg(at_most) FOR UPDATE SKIP LOCKED
)
UPDATE webhook_events e SET node = sqlc.arg(node)::uuid FROM due WHERE e.webhook = due.webhook AND e.id = due.id
RETURNING e.id, e.type, e.happened_at, e.body, e.attempt;

-- name: DeleteWebhookEvents :exec
DELETE FROM webhook_events WHERE webhook = sqlc.arg(webhook) AND id = ANY (sqlc.arg(ids)::uuid[]);

-- name: PutOffWebhookEvents :exec
-- Only where they are still leased as they were. after is in how many seconds one is
-- tried again, negative where it is given up.
UPDATE webhook_events e SET attempt = e.attempt + 1, node = NULL, status = w.status, reason = w.reason,
    next_at = CASE WHEN w.after >= 0 THEN COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()) + w.after * interval '1 second' END
FROM (SELECT unnest(sqlc.arg(ids)::uuid[]) AS id, unnest(sqlc.arg(attempts)::integer[]) AS attempt, unnest(sqlc.arg(after)::float8[]) AS after,
             unnest(sqlc.arg(statuses)::integer[]) AS status, unnest(sqlc.arg(reasons)::text[]) AS reason) w
WHERE e.webhook = sqlc.arg(webhook) AND e.id = w.id AND e.attempt = w.attempt AND e.node = sqlc.arg(node)::uuid;

-- name: NoteWebhook :exec
-- pause is in how many seconds it is called again, negative where that does not change.
UPDATE webhooks SET succeeded_at = sqlc.narg(succeeded_at), failed_at = sqlc.narg(failed_at), failure = sqlc.arg(failure), failing_since = sqlc.narg(failing_since),
    failures = sqlc.arg(failures), disabled_at = sqlc.narg(disabled_at),
    next_at = CASE WHEN sqlc.arg(pause)::float8 >= 0 THEN COALESCE(sqlc.narg(now)::timestamptz, clock_timestamp()) + sqlc.arg(pause)::float8 * interval '1 second' ELSE next_at END
WHERE id = sqlc.arg(id);

-- name: ReleaseDeadWebhookEvents :exec
WITH dead AS (
    SELECT d.webhook, d.id FROM webhook_events d
    WHERE d.node IS NOT NULL AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = d.node)
    ORDER BY d.webhook, d.id FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE webhook_events e SET node = NULL FROM dead WHERE e.webhook = dead.webhook AND e.id = dead.id;

-- name: CountWaiting :one
SELECT count(*) FROM webhook_events WHERE webhook = sqlc.arg(webhook) AND next_at IS NOT NULL AND node IS NULL;

-- name: CountGivenUp :one
SELECT count(*) FROM webhook_events WHERE webhook = sqlc.arg(webhook) AND next_at IS NULL;

-- name: DropWaiting :execrows
DELETE FROM webhook_events e USING (
    SELECT o.webhook, o.id FROM webhook_events o WHERE o.webhook = sqlc.arg(webhook) AND o.next_at IS NOT NULL
    ORDER BY o.id LIMIT sqlc.arg(at_most) FOR UPDATE SKIP LOCKED
) old WHERE e.webhook = old.webhook AND e.id = old.id;

-- name: DropGivenUp :execrows
DELETE FROM webhook_events e USING (
    SELECT o.webhook, o.id FROM webhook_events o WHERE o.webhook = sqlc.arg(webhook) AND o.next_at IS NULL
    ORDER BY o.id LIMIT sqlc.arg(at_most) FOR UPDATE SKIP LOCKED
) old WHERE e.webhook = old.webhook AND e.id = old.id;

-- name: DropWebhookEvents :execrows
DELETE FROM webhook_events e USING (
    SELECT o.webhook, o.id FROM webhook_events o WHERE o.webhook = sqlc.arg(webhook)
    ORDER BY o.id LIMIT sqlc.arg(at_most) FOR UPDATE
) old WHERE e.webhook = old.webhook AND e.id = old.id;

-- name: CountDropped :exec
UPDATE webhooks SET dropped = dropped + sqlc.arg(more) WHERE id = sqlc.arg(id);

-- name: DropOldWebhookEvents :execrows
-- Those that are older than an id, and those of no webhook.
DELETE FROM webhook_events e USING (
    SELECT o.webhook, o.id FROM webhook_events o
    WHERE o.id < sqlc.arg(before) OR NOT EXISTS (SELECT 1 FROM webhooks w WHERE w.id = o.webhook)
    ORDER BY o.webhook, o.id LIMIT sqlc.arg(at_most) FOR UPDATE SKIP LOCKED
) old WHERE e.webhook = old.webhook AND e.id = old.id;

-- name: AllWebhookIDs :many
SELECT id FROM webhooks ORDER BY id;

-- name: CountWebhookEvents :one
SELECT count(*) FROM webhook_events e JOIN webhooks w ON w.id = e.webhook WHERE w.site = sqlc.arg(site) AND e.next_at IS NOT NULL;

-- name: ShiftWebhooks :exec
UPDATE webhooks SET next_at = next_at - make_interval(secs => sqlc.arg(seconds)::float8)
WHERE id IN (SELECT w.id FROM webhooks w WHERE w.next_at > sqlc.arg(now)::timestamptz ORDER BY w.id FOR UPDATE);

-- name: ShiftWebhookEvents :exec
UPDATE webhook_events SET next_at = next_at - make_interval(secs => sqlc.arg(seconds)::float8)
WHERE (webhook, id) IN (
    SELECT e.webhook, e.id FROM webhook_events e WHERE e.next_at > sqlc.arg(now)::timestamptz ORDER BY e.webhook, e.id FOR UPDATE);
