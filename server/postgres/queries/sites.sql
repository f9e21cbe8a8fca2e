-- name: InsertSite :one
-- No row: there is one of this name.
INSERT INTO sites (name, token_key, user_secret, time_zone, quiet_hours, created_at)
VALUES (sqlc.arg(name), sqlc.arg(token_key), sqlc.arg(user_secret), sqlc.arg(time_zone), sqlc.arg(quiet_hours), sqlc.arg(created_at))
ON CONFLICT (name) DO NOTHING
RETURNING id;

-- name: SiteByName :one
SELECT id, name, token_key, user_secret, time_zone, quiet_hours,
       ARRAY(SELECT o.origin FROM origins o WHERE o.site = sites.id ORDER BY o.position)::text[] AS origins
FROM sites WHERE name = sqlc.arg(name);

-- name: Sites :many
SELECT id, name, token_key, user_secret, time_zone, quiet_hours,
       ARRAY(SELECT o.origin FROM origins o WHERE o.site = sites.id ORDER BY o.position)::text[] AS origins
FROM sites ORDER BY id;

-- name: SetHours :exec
UPDATE sites SET time_zone = sqlc.arg(time_zone), quiet_hours = sqlc.arg(quiet_hours) WHERE id = sqlc.arg(site);

-- name: LockSite :exec
SELECT id FROM sites WHERE id = sqlc.arg(site) FOR NO KEY UPDATE;

-- name: DeleteOrigins :exec
DELETE FROM origins WHERE site = sqlc.arg(site);

-- name: InsertOrigins :exec
-- Those that another site has are left out.
INSERT INTO origins (site, position, origin)
SELECT sqlc.arg(site)::bigint, generate_subscripts(sqlc.arg(origins)::text[], 1) - 1, unnest(sqlc.arg(origins)::text[])
ON CONFLICT (origin) DO NOTHING;

-- name: OriginOfAnother :one
SELECT o.origin, s.name FROM origins o JOIN sites s ON s.id = o.site
WHERE o.origin = ANY (sqlc.arg(origins)::text[]) AND o.site <> sqlc.arg(site) ORDER BY o.origin LIMIT 1;

-- name: PutSetting :exec
INSERT INTO settings (name, value) VALUES (sqlc.arg(name), sqlc.arg(value))
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: Setting :one
SELECT value FROM settings WHERE name = sqlc.arg(name);

-- name: InsertVAPIDKey :exec
INSERT INTO vapid_keys (site, key_id, state, public, private, created_at)
VALUES (sqlc.arg(site), sqlc.arg(key_id), sqlc.arg(state), sqlc.arg(public), sqlc.arg(private), sqlc.arg(created_at));

-- name: VAPIDKeys :many
SELECT key_id, state, public, private FROM vapid_keys
WHERE site = sqlc.arg(site) ORDER BY state DESC, key_id DESC;

-- name: VAPIDKeyByPublic :one
SELECT key_id FROM vapid_keys WHERE site = sqlc.arg(site) AND public = sqlc.arg(public);

-- name: CurrentVAPIDKey :one
SELECT key_id FROM vapid_keys WHERE site = sqlc.arg(site) AND state = 1;

-- name: InsertPushService :exec
INSERT INTO push_services (name) VALUES (sqlc.arg(name)) ON CONFLICT (name) DO NOTHING;

-- name: PushServiceByName :one
SELECT id FROM push_services WHERE name = sqlc.arg(name);

-- name: PushServices :many
SELECT id, name FROM push_services;

-- name: LastVAPIDKeyID :one
SELECT key_id FROM vapid_keys WHERE site = sqlc.arg(site) ORDER BY key_id DESC LIMIT 1;

-- name: IsVAPIDKeyUsed :one
SELECT EXISTS (SELECT 1 FROM subscriptions WHERE site = sqlc.arg(site) AND key_id = sqlc.arg(key_id));

-- name: LayAsideVAPIDKeys :exec
UPDATE vapid_keys SET state = -1 WHERE site = sqlc.arg(site) AND state = 1;

-- name: MakeVAPIDKeyCurrent :exec
UPDATE vapid_keys SET state = 1 WHERE site = sqlc.arg(site) AND key_id = sqlc.arg(key_id);

-- name: KeepVAPIDKeyBeside :exec
UPDATE vapid_keys SET state = 0 WHERE site = sqlc.arg(site) AND key_id = sqlc.arg(key_id) AND state = -1;

-- name: CountVAPIDKeys :many
-- Reads all subscriptions: an index would cost each new one a write, for what is asked
-- when a key was rotated.
SELECT key_id, COUNT(*) AS subscriptions FROM subscriptions
WHERE site = sqlc.arg(site) GROUP BY key_id;
