-- +goose Up

-- What is counted of a message, and what of it is left, apart from the outcomes: a
-- million recipients are a thousand rows of 2 KB.
CREATE INDEX batches_counts ON batches
    (message, state, targeted, accepted, gone, failed, expired, cancelled, pending, displayed, clicked, closed);

-- +goose Down

DROP INDEX batches_counts;
