package sqlite

import (
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"
)

// explainOpening says in one line why a file cannot be used.
func explainOpening(path string, err error) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", path, err)
	}
	switch e.Code {
	case sqlite3.ErrNotADB:
		return fmt.Errorf("%s: the file is not a database: name another with --database", path)
	case sqlite3.ErrCorrupt:
		return fmt.Errorf("%s: the database is damaged: start from a backup, or save what is left with sqlite3 %s .recover", path, path)
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return fmt.Errorf("%s: another program holds the database locked", path)
	case sqlite3.ErrFull:
		return fmt.Errorf("%s: the disk is full", path)
	case sqlite3.ErrReadonly, sqlite3.ErrCantOpen, sqlite3.ErrPerm:
		return fmt.Errorf("%s: the database or its folder cannot be written to: %w", path, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}
