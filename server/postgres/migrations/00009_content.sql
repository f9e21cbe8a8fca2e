-- +goose Up

-- JSON: what of a message differs from one recipient to the next; empty where nothing
-- does.
ALTER TABLE messages ADD COLUMN content text NOT NULL DEFAULT '';

-- What a site's back end has said of its users.
CREATE TABLE users (
    site       bigint  NOT NULL REFERENCES sites (id),
    id         text    NOT NULL,
    attributes text    NOT NULL, -- a JSON object
    PRIMARY KEY (site, id)
);

-- +goose Down

DROP TABLE users;
ALTER TABLE messages DROP COLUMN content;
