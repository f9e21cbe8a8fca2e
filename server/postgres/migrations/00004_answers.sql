-- +goose Up

-- What the caller was told of the message that came with a key (JSON), and is told
-- again; empty for keys of before.
ALTER TABLE idempotency ADD COLUMN answer text NOT NULL DEFAULT '';
CREATE INDEX idempotency_created ON idempotency (created_at);

-- Whose delivery an exception is (zero: not known), and with which outcome it ended,
-- or 0: it is to be tried again. Of each message some are kept for each outcome.
ALTER TABLE exceptions ADD COLUMN subscription uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
ALTER TABLE exceptions ADD COLUMN outcome smallint NOT NULL DEFAULT 0;
UPDATE exceptions e SET outcome = get_byte(b.outcomes, e.ordinal)
FROM batches b WHERE b.message = e.message AND b.no = e.batch AND e.next_at IS NULL;
CREATE INDEX exceptions_ended ON exceptions (message, outcome, batch, ordinal) WHERE outcome <> 0;

-- +goose Down

DROP INDEX exceptions_ended;
ALTER TABLE exceptions DROP COLUMN outcome;
ALTER TABLE exceptions DROP COLUMN subscription;
DROP INDEX idempotency_created;
ALTER TABLE idempotency DROP COLUMN answer;
