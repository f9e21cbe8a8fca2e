//go:build !linux

package webpush

// lowerPriority does nothing where a thread has no priority of its own.
func lowerPriority() {}
