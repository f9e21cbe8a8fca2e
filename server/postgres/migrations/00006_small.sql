-- +goose Up

-- Of a message to a few people: what is small is read and leased before all else.
ALTER TABLE expansions ADD COLUMN small boolean NOT NULL DEFAULT false;
ALTER TABLE batches ADD COLUMN small boolean NOT NULL DEFAULT false;
CREATE INDEX batches_small ON batches (due_at) WHERE state = 0 AND small;

-- +goose Down

DROP INDEX batches_small;
ALTER TABLE batches DROP COLUMN small;
ALTER TABLE expansions DROP COLUMN small;
