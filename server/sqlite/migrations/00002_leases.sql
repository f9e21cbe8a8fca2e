-- +goose Up

-- A lease belongs to a node, and ends when the node has not been heard of for a
-- time. The fence counts the leases: what was leased again is no longer the
-- former holder's to write.
CREATE TABLE nodes (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    alive_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE batches ADD COLUMN node BLOB;
ALTER TABLE batches ADD COLUMN fence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE exceptions ADD COLUMN node BLOB;
ALTER TABLE exceptions ADD COLUMN fence INTEGER NOT NULL DEFAULT 0;

CREATE INDEX exceptions_leased ON exceptions (message) WHERE leased = 1;

-- +goose Down

DROP INDEX exceptions_leased;
ALTER TABLE exceptions DROP COLUMN fence;
ALTER TABLE exceptions DROP COLUMN node;
ALTER TABLE batches DROP COLUMN fence;
ALTER TABLE batches DROP COLUMN node;
DROP TABLE nodes;
