-- +goose Up

-- scopes: names apart by spaces.
CREATE TABLE api_keys_with_scopes (
    hash         bytea       NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    id           uuid        NOT NULL UNIQUE,
    site         bigint      NOT NULL REFERENCES sites (id),
    name         text        NOT NULL,
    scopes       text        NOT NULL,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at   timestamptz
);

INSERT INTO api_keys_with_scopes (hash, id, site, name, scopes, created_at)
SELECT hash, gen_random_uuid(), site, '', 'admin', created_at FROM api_keys;
DROP TABLE api_keys;
ALTER TABLE api_keys_with_scopes RENAME TO api_keys;

-- +goose Down

-- A key that could not do everything opens nothing.
CREATE TABLE api_keys_without_scopes (
    hash       bytea       NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    site       bigint      NOT NULL REFERENCES sites (id),
    created_at timestamptz NOT NULL
);

INSERT INTO api_keys_without_scopes (hash, site, created_at)
SELECT hash, site, created_at FROM api_keys WHERE revoked_at IS NULL AND 'admin' = ANY (string_to_array(scopes, ' '));
DROP TABLE api_keys;
ALTER TABLE api_keys_without_scopes RENAME TO api_keys;
