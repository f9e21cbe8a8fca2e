-- +goose Up

-- What the caller was told of the message that came with a key (JSON), and is told
-- again; empty for keys of before.
ALTER TABLE idempotency ADD COLUMN answer text NOT NULL DEFAULT '';
CREATE INDEX idempotency_created ON idempotency (created_at);

-- +goose Down

DROP INDEX idempotency_created;
ALTER TABLE idempotency DROP COLUMN answer;
