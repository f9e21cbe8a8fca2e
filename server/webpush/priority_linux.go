package webpush

import "golang.org/x/sys/unix"

// lowerBy is by how much the nice value grows: at 10 such a thread gets a tenth of a
// core that others want for themselves.
const lowerBy = 10

// lowerPriority is of the calling thread: to Linux each has a nice value of its own
// (setpriority(2), under "C library/kernel differences"). Where that is forbidden
// the thread keeps the one it has.
func lowerPriority() {
	thread := unix.Gettid()
	// The system call answers 20 less the nice value.
	answer, err := unix.Getpriority(unix.PRIO_PROCESS, thread)
	if err != nil {
		return
	}
	_ = unix.Setpriority(unix.PRIO_PROCESS, thread, min(20-answer+lowerBy, 19))
}
