-- name: CountEnded :one
-- That the outcome is not 0 is what the index asks for. Up to a number.
SELECT COUNT(*) FROM (
    SELECT 1 FROM exceptions e WHERE e.message = sqlc.arg(message) AND e.outcome = sqlc.arg(outcome) AND e.outcome <> 0 LIMIT sqlc.arg(at_most));

-- name: EndedAfter :many
SELECT e.batch, e.ordinal, e.status, e.reason, e.subscription, s.name AS service
FROM exceptions e
JOIN messages m ON m.id = e.message
JOIN batches b ON b.message = e.message AND b.no = e.batch
JOIN push_services s ON s.id = b.push_service
WHERE m.site = sqlc.arg(site) AND e.message = sqlc.arg(message) AND e.outcome = sqlc.arg(outcome) AND e.outcome <> 0
    AND (e.batch, e.ordinal) > (CAST(sqlc.arg(batch) AS INTEGER), CAST(sqlc.arg(ordinal) AS INTEGER))
ORDER BY e.batch, e.ordinal LIMIT sqlc.arg(limit);

-- name: WaitingAfter :many
SELECT e.batch, e.ordinal, e.status, e.reason, e.subscription, e.next_at, s.name AS service
FROM exceptions e
JOIN messages m ON m.id = e.message
JOIN batches b ON b.message = e.message AND b.no = e.batch
JOIN push_services s ON s.id = b.push_service
WHERE m.site = sqlc.arg(site) AND e.message = sqlc.arg(message) AND e.next_at IS NOT NULL
    AND (e.batch, e.ordinal) > (CAST(sqlc.arg(batch) AS INTEGER), CAST(sqlc.arg(ordinal) AS INTEGER))
ORDER BY e.batch, e.ordinal LIMIT sqlc.arg(limit);
