package webpush

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// niceness is that of the calling thread.
func niceness(t *testing.T) int {
	answer, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid())
	if err != nil {
		t.Fatal(err)
	}
	return 20 - answer
}

func TestBulkHasALowerPriorityThanAllElse(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own := niceness(t)
	b := newBackground(1)
	defer b.close()
	var bulk int
	b.do(func() { bulk = niceness(t) })
	if want := min(own+lowerBy, 19); bulk != want {
		t.Errorf("the nice value is %d, want %d", bulk, want)
	}
	if got := niceness(t); got != own {
		t.Errorf("the caller's nice value became %d", got)
	}
}
