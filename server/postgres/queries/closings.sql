-- name: LockSeenLastOfUser :many
-- In the order in which others lock subscriptions.
SELECT s.push_service, s.id FROM subscriptions s JOIN (
    SELECT o.site, o.push_service, o.id FROM subscriptions o
    WHERE o.site = sqlc.arg(site) AND o.user_id = sqlc.arg(user_id) AND o.user_id <> ''
    ORDER BY o.last_seen_at DESC, o.id LIMIT sqlc.arg(at_most)
) last ON s.site = last.site AND s.push_service = last.push_service AND s.id = last.id
ORDER BY s.endpoint_hash FOR KEY SHARE OF s;

-- name: PutClosings :exec
INSERT INTO closings (site, subscription, tag, push_service, posted_at)
SELECT sqlc.arg(site)::bigint, s.id, t.tag, s.push_service, sqlc.arg(posted_at)::timestamptz
FROM (SELECT unnest(sqlc.arg(subscriptions)::uuid[]) AS id, unnest(sqlc.arg(push_services)::integer[]) AS push_service) s,
     (SELECT unnest(sqlc.arg(tags)::text[]) AS tag) t
ORDER BY s.id, t.tag
ON CONFLICT (site, subscription, tag) DO UPDATE SET posted_at = GREATEST(closings.posted_at, excluded.posted_at);

-- name: DropOldestClosings :exec
-- All but at most so many of each, the latest.
DELETE FROM closings c USING (
    SELECT o.subscription, o.tag, row_number() OVER (PARTITION BY o.subscription ORDER BY o.posted_at DESC, o.tag) AS no
    FROM closings o WHERE o.site = sqlc.arg(site) AND o.subscription = ANY (sqlc.arg(subscriptions)::uuid[])
) old WHERE c.site = sqlc.arg(site) AND c.subscription = old.subscription AND c.tag = old.tag AND old.no > sqlc.arg(at_most)::bigint;

-- name: SiteHasClosings :one
SELECT EXISTS (SELECT 1 FROM closings WHERE site = sqlc.arg(site));

-- name: ClosingsOf :many
SELECT subscription, tag, posted_at FROM closings
WHERE site = sqlc.arg(site) AND subscription = ANY (sqlc.arg(subscriptions)::uuid[])
ORDER BY subscription, posted_at, tag COLLATE "C";

-- name: TakeClosings :many
WITH taken AS (
    DELETE FROM closings WHERE site = sqlc.arg(site) AND subscription = sqlc.arg(subscription) RETURNING tag, posted_at
) SELECT tag, posted_at FROM taken ORDER BY posted_at, tag COLLATE "C";

-- name: DeleteClosings :exec
-- They are locked in the order in which PutClosings writes them.
DELETE FROM closings c USING (
    SELECT o.site, o.subscription, o.tag FROM closings o
    JOIN (SELECT unnest(sqlc.arg(sites)::bigint[]) AS site, unnest(sqlc.arg(subscriptions)::uuid[]) AS subscription,
                 unnest(sqlc.arg(tags)::text[]) AS tag, unnest(sqlc.arg(posted_at)::timestamptz[]) AS posted_at) rode
    ON o.site = rode.site AND o.subscription = rode.subscription AND o.tag = rode.tag AND o.posted_at <= rode.posted_at
    ORDER BY o.site, o.subscription, o.tag FOR UPDATE OF o
) done WHERE c.site = done.site AND c.subscription = done.subscription AND c.tag = done.tag;

-- name: DeleteOldClosings :execrows
DELETE FROM closings c USING (
    SELECT o.site, o.subscription, o.tag FROM closings o WHERE o.posted_at <= sqlc.arg(until)
    ORDER BY o.posted_at LIMIT sqlc.arg(at_most) FOR UPDATE SKIP LOCKED
) old WHERE c.site = old.site AND c.subscription = old.subscription AND c.tag = old.tag;
