-- +goose Up

-- An origin is one site's: public calls find their site by it. Of one that was given
-- twice the first stays.
DELETE FROM origins WHERE EXISTS (
    SELECT 1 FROM origins o WHERE o.origin = origins.origin AND (o.site, o.position) < (origins.site, origins.position));
CREATE UNIQUE INDEX origins_origin ON origins (origin);

-- +goose Down

DROP INDEX origins_origin;
