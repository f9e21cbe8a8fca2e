//go:build !linux

package transport

// wakeAt does nothing: the system tells of all that can be read.
func (i *inlet) wakeAt(int) {}
