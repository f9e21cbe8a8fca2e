-- name: CountLosses :exec
INSERT INTO losses (site, day, reason, slot, count)
VALUES (sqlc.arg(site), sqlc.arg(day), sqlc.arg(reason), sqlc.arg(slot), sqlc.arg(count))
ON CONFLICT (site, day, reason, slot) DO UPDATE SET count = losses.count + excluded.count;

-- name: Losses :many
SELECT day, reason, sum(count)::bigint AS count FROM losses
WHERE site = sqlc.arg(site) AND day >= sqlc.arg(first) AND day <= sqlc.arg(last)
GROUP BY day, reason ORDER BY day, reason COLLATE "C";

-- name: DeleteOldLosses :exec
DELETE FROM losses l USING (
    SELECT o.site, o.day, o.reason, o.slot FROM losses o WHERE o.day < sqlc.arg(day)
    ORDER BY o.site, o.day, o.reason, o.slot FOR UPDATE SKIP LOCKED
) old WHERE l.site = old.site AND l.day = old.day AND l.reason = old.reason AND l.slot = old.slot;

-- name: DeleteOldTombstones :execrows
DELETE FROM tombstones t USING (
    SELECT o.site, o.endpoint_hash FROM tombstones o WHERE o.ended_at <= sqlc.arg(until)
    ORDER BY o.ended_at LIMIT sqlc.arg(at_most) FOR UPDATE SKIP LOCKED
) old WHERE t.site = old.site AND t.endpoint_hash = old.endpoint_hash;

-- name: ScanSubscriptions :many
SELECT s.push_service, s.id, s.endpoint_hash, s.last_seen_at, p.name AS service
FROM subscriptions s JOIN push_services p ON p.id = s.push_service
WHERE s.site = sqlc.arg(site) AND (s.push_service, s.id) > (sqlc.arg(push_service)::integer, sqlc.arg(id)::uuid)
ORDER BY s.site, s.push_service, s.id LIMIT sqlc.arg(at_most);
