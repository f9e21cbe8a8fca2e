package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// newFile makes a file that is whole or not there, and that nobody else may read:
// fill writes it under another name beside. One that is there already is replaced
// by force alone, and the database, where it is a file, never.
func newFile(path string, force bool, database string, fill func(temporary string) error) (err error) {
	there, err := os.Stat(path)
	for _, name := range []string{database, database + "-wal", database + "-shm", database + ".lock"} {
		if its, e := os.Stat(name); e == nil && err == nil && os.SameFile(there, its) {
			return fmt.Errorf("%s is the database's own: give another name", path)
		}
	}
	if _, err := os.Lstat(path); err == nil && !force {
		return fmt.Errorf("%s is there already: give another name, or --force to replace it", path)
	}
	folder := filepath.Dir(path)
	// Its mode is 0600.
	file, err := os.CreateTemp(folder, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(file.Name())
		}
	}()
	defer file.Close()
	if err := fill(file.Name()); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}

// syncFolder has the names in a folder on disk.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
