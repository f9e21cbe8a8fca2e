-- +goose Up

-- Of a message to a few people: what is small is read and leased before all else.
ALTER TABLE expansions ADD COLUMN small INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN small INTEGER NOT NULL DEFAULT 0;
CREATE INDEX batches_small ON batches (due_at) WHERE state = 0 AND small = 1;

-- +goose Down

DROP INDEX batches_small;
ALTER TABLE batches DROP COLUMN small;
ALTER TABLE expansions DROP COLUMN small;
