-- +goose Up

-- What the caller was told of the message that came with a key (JSON), and is told
-- again; empty for keys of before.
ALTER TABLE idempotency ADD COLUMN answer TEXT NOT NULL DEFAULT '';
CREATE INDEX idempotency_created ON idempotency (created_at);

-- Whose delivery an exception is (empty: not known), and with which outcome it ended,
-- or 0: it is to be tried again. Of each message some are kept for each outcome.
ALTER TABLE exceptions ADD COLUMN subscription BLOB NOT NULL DEFAULT x'';
ALTER TABLE exceptions ADD COLUMN outcome INTEGER NOT NULL DEFAULT 0;
UPDATE exceptions SET outcome = (
    SELECT CAST(hex(substr(b.outcomes, exceptions.ordinal + 1, 1)) AS INTEGER)
    FROM batches b WHERE b.message = exceptions.message AND b.no = exceptions.batch)
WHERE next_at IS NULL;
CREATE INDEX exceptions_ended ON exceptions (message, outcome, batch, ordinal) WHERE outcome <> 0;

-- +goose Down

DROP INDEX exceptions_ended;
ALTER TABLE exceptions DROP COLUMN outcome;
ALTER TABLE exceptions DROP COLUMN subscription;
DROP INDEX idempotency_created;
ALTER TABLE idempotency DROP COLUMN answer;
