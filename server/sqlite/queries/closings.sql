-- name: SeenLastOfUser :many
SELECT push_service, id FROM subscriptions INDEXED BY subscriptions_user
WHERE site = ? AND user = ? AND user <> '' ORDER BY last_seen_at DESC, id LIMIT ?;

-- name: PutClosing :exec
INSERT INTO closings (site, subscription, tag, push_service, posted_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (site, subscription, tag) DO UPDATE SET posted_at = MAX(posted_at, excluded.posted_at);

-- name: DropOldestClosings :exec
-- All but as many as the offset says, the latest.
DELETE FROM closings WHERE closings.site = sqlc.arg(site) AND closings.subscription = sqlc.arg(subscription) AND closings.tag IN (
    SELECT o.tag FROM closings o WHERE o.site = sqlc.arg(site) AND o.subscription = sqlc.arg(subscription)
    ORDER BY o.posted_at DESC, o.tag LIMIT -1 OFFSET sqlc.arg(at_most));

-- name: SiteHasClosings :one
SELECT EXISTS (SELECT 1 FROM closings WHERE site = ?);

-- name: ClosingsOf :many
SELECT subscription, tag, posted_at FROM closings WHERE site = ? AND subscription IN (sqlc.slice(subscriptions))
ORDER BY subscription, posted_at, tag;

-- name: DeleteClosings :exec
DELETE FROM closings WHERE site = ? AND subscription = ?;

-- name: DeleteClosing :exec
DELETE FROM closings WHERE site = ? AND subscription = ? AND tag = ? AND posted_at <= ?;

-- name: HasOldClosings :one
SELECT EXISTS (SELECT 1 FROM closings WHERE posted_at <= ?);

-- name: OldClosings :many
SELECT site, subscription, tag, posted_at FROM closings WHERE posted_at <= ? ORDER BY posted_at LIMIT ?;
