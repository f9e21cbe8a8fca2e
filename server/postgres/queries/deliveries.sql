-- name: CountEnded :many
-- That the outcome is not 0 is what the index asks for. Up to a number each.
SELECT w.message::uuid AS message, w.outcome::smallint AS outcome, (
    SELECT count(*) FROM (
        SELECT 1 FROM exceptions e WHERE e.message = w.message AND e.outcome = w.outcome AND e.outcome <> 0 LIMIT sqlc.arg(at_most)) k) AS ended
FROM (SELECT unnest(sqlc.arg(messages)::uuid[]) AS message, unnest(sqlc.arg(outcomes)::smallint[]) AS outcome) w;

-- name: EndedAfter :many
SELECT e.batch, e.ordinal, e.status, e.reason, e.subscription, p.name AS service
FROM exceptions e
JOIN messages m ON m.id = e.message
JOIN batches b ON b.message = e.message AND b.no = e.batch
JOIN push_services p ON p.id = b.push_service
WHERE m.site = sqlc.arg(site) AND e.message = sqlc.arg(message) AND e.outcome = sqlc.arg(outcome) AND e.outcome <> 0
    AND (e.batch, e.ordinal) > (sqlc.arg(batch)::bigint, sqlc.arg(ordinal)::integer)
ORDER BY e.batch, e.ordinal LIMIT sqlc.arg(at_most);

-- name: WaitingAfter :many
SELECT e.batch, e.ordinal, e.status, e.reason, e.subscription, e.next_at::timestamptz AS next_at, p.name AS service
FROM exceptions e
JOIN messages m ON m.id = e.message
JOIN batches b ON b.message = e.message AND b.no = e.batch
JOIN push_services p ON p.id = b.push_service
WHERE m.site = sqlc.arg(site) AND e.message = sqlc.arg(message) AND e.next_at IS NOT NULL
    AND (e.batch, e.ordinal) > (sqlc.arg(batch)::bigint, sqlc.arg(ordinal)::integer)
ORDER BY e.batch, e.ordinal LIMIT sqlc.arg(at_most);
