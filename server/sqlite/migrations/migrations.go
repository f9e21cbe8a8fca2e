// Package migrations holds the steps that make SQLite's schema, for goose.
package migrations

import "embed"

// Files are the migrations: NUMBER_name.sql, each up and down.
//
//go:embed *.sql
var Files embed.FS
