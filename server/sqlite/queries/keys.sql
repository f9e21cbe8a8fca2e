-- name: InsertAPIKey :exec
INSERT INTO api_keys (hash, id, site, name, scopes, created_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (hash) DO NOTHING;

-- name: APIKeyByHash :one
SELECT * FROM api_keys WHERE hash = ?;

-- name: APIKeysOfSite :many
SELECT * FROM api_keys WHERE site = ? ORDER BY created_at, id;

-- name: RevokeAPIKey :execrows
UPDATE api_keys SET revoked_at = COALESCE(revoked_at, sqlc.arg(now)) WHERE site = sqlc.arg(site) AND id = sqlc.arg(id);

-- name: UseAPIKey :exec
UPDATE api_keys SET last_used_at = ? WHERE site = ? AND id = ?;
