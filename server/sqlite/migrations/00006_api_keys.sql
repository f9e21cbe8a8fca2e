-- +goose Up

-- scopes: names apart by spaces.
CREATE TABLE api_keys_with_scopes (
    hash         BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    id           BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    site         INTEGER NOT NULL REFERENCES sites (id),
    name         TEXT    NOT NULL,
    scopes       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT, WITHOUT ROWID;

INSERT INTO api_keys_with_scopes (hash, id, site, name, scopes, created_at)
SELECT hash, randomblob(16), site, '', 'admin', created_at FROM api_keys;
DROP TABLE api_keys;
ALTER TABLE api_keys_with_scopes RENAME TO api_keys;

-- +goose Down

-- A key that could not do everything opens nothing.
CREATE TABLE api_keys_without_scopes (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    site       INTEGER NOT NULL REFERENCES sites (id),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO api_keys_without_scopes (hash, site, created_at)
SELECT hash, site, created_at FROM api_keys WHERE revoked_at IS NULL AND ' ' || scopes || ' ' LIKE '% admin %';
DROP TABLE api_keys;
ALTER TABLE api_keys_without_scopes RENAME TO api_keys;
