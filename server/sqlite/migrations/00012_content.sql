-- +goose Up

-- JSON: what of a message differs from one recipient to the next; empty where nothing
-- does.
ALTER TABLE messages ADD COLUMN content TEXT NOT NULL DEFAULT '';

-- What a site's back end has said of its users.
CREATE TABLE users (
    site       INTEGER NOT NULL REFERENCES sites (id),
    id         TEXT    NOT NULL,
    attributes TEXT    NOT NULL, -- a JSON object
    PRIMARY KEY (site, id)
) STRICT, WITHOUT ROWID;

-- +goose Down

DROP TABLE users;
ALTER TABLE messages DROP COLUMN content;
