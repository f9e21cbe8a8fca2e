//go:build linux || darwin

package main

import "golang.org/x/sys/unix"

// freeDisk is how many bytes a user may still write into a folder; ok is false where
// the system does not say.
func freeDisk(folder string) (free uint64, ok bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true
}
