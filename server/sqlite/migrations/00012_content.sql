-- +goose Up

-- JSON: what of a message differs from one recipient to the next; empty where nothing
-- does.
ALTER TABLE messages ADD COLUMN content TEXT NOT NULL DEFAULT '';

-- +goose Down

ALTER TABLE messages DROP COLUMN content;
