-- name: InsertAPIKey :exec
INSERT INTO api_keys (hash, id, site, name, scopes, created_at)
VALUES (sqlc.arg(hash), sqlc.arg(id), sqlc.arg(site), sqlc.arg(name), sqlc.arg(scopes), sqlc.arg(created_at))
ON CONFLICT (hash) DO NOTHING;

-- name: APIKeyByHash :one
SELECT * FROM api_keys WHERE hash = sqlc.arg(hash);

-- name: APIKeysOfSite :many
SELECT * FROM api_keys WHERE site = sqlc.arg(site) ORDER BY created_at, id;

-- name: RevokeAPIKey :execrows
UPDATE api_keys SET revoked_at = COALESCE(revoked_at, sqlc.arg(now)::timestamptz) WHERE site = sqlc.arg(site) AND id = sqlc.arg(id);

-- name: UseAPIKey :exec
UPDATE api_keys SET last_used_at = sqlc.arg(now)::timestamptz WHERE site = sqlc.arg(site) AND id = sqlc.arg(id);
