-- name: InsertSite :one
-- No row: there is one of this name.
INSERT INTO sites (name, token_key, user_secret, time_zone, quiet_hours, created_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO NOTHING
RETURNING id;

-- name: SiteByName :one
SELECT id, name, token_key, user_secret, time_zone, quiet_hours FROM sites WHERE name = ?;

-- name: Sites :many
SELECT id, name, token_key, user_secret, time_zone, quiet_hours FROM sites ORDER BY id;

-- name: SetHours :exec
UPDATE sites SET time_zone = ?, quiet_hours = ? WHERE id = ?;

-- name: Origins :many
SELECT origin FROM origins WHERE site = ? ORDER BY position;

-- name: OriginsOfSites :many
SELECT site, origin FROM origins ORDER BY site, position;

-- name: SiteOfOrigin :one
SELECT s.id, s.name FROM origins o JOIN sites s ON s.id = o.site WHERE o.origin = ?;

-- name: DeleteOrigins :exec
DELETE FROM origins WHERE site = ?;

-- name: InsertOrigin :execrows
-- No row: a site has it already.
INSERT INTO origins (site, position, origin) VALUES (?, ?, ?) ON CONFLICT (origin) DO NOTHING;

-- name: PutSetting :exec
INSERT INTO settings (name, value) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: Setting :one
SELECT value FROM settings WHERE name = ?;

-- name: TokenKey :one
SELECT token_key FROM sites WHERE id = ?;

-- name: InsertVAPIDKey :exec
INSERT INTO vapid_keys (site, key_id, state, public, private, created_at)
VALUES (?, ?, ?, ?, ?, ?);

-- name: VAPIDKeys :many
SELECT key_id, state, public, private FROM vapid_keys
WHERE site = ? ORDER BY state DESC, key_id DESC;

-- name: VAPIDKeyByPublic :one
SELECT key_id FROM vapid_keys WHERE site = ? AND public = ?;

-- name: CurrentVAPIDKey :one
SELECT key_id FROM vapid_keys WHERE site = ? AND state = 1;

-- name: InsertPushService :exec
INSERT INTO push_services (name) VALUES (?) ON CONFLICT (name) DO NOTHING;

-- name: PushServiceByName :one
SELECT id FROM push_services WHERE name = ?;

-- name: PushServices :many
SELECT id, name FROM push_services;

-- name: LastVAPIDKeyID :one
SELECT key_id FROM vapid_keys WHERE site = ? ORDER BY key_id DESC LIMIT 1;

-- name: IsVAPIDKeyUsed :one
SELECT EXISTS (SELECT 1 FROM subscriptions WHERE site = ? AND key_id = ?);

-- name: LayAsideVAPIDKeys :exec
UPDATE vapid_keys SET state = -1 WHERE site = ? AND state = 1;

-- name: MakeVAPIDKeyCurrent :exec
UPDATE vapid_keys SET state = 1 WHERE site = ? AND key_id = ?;

-- name: KeepVAPIDKeyBeside :exec
UPDATE vapid_keys SET state = 0 WHERE site = ? AND key_id = ? AND state = -1;

-- name: CountVAPIDKeys :many
-- Reads all subscriptions: an index would cost each new one a write, for what is asked
-- when a key was rotated.
SELECT key_id, COUNT(*) AS subscriptions FROM subscriptions
WHERE site = ? GROUP BY key_id;
