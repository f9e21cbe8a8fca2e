package rig

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// A Process is one by its id, as Linux tells of it below /proc. Of a process that
// has ended everything is 0.
type Process int

func (p Process) read(name string) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p, name))
	return string(text)
}

// tick is the unit of times in /proc.
const tick = 10 * time.Millisecond

// CPU is the time that the process has used.
func (p Process) CPU() time.Duration {
	// The name in parentheses may hold spaces.
	_, rest, _ := strings.Cut(p.read("stat"), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick
}

// Memory is its resident set, in bytes.
func (p Process) Memory() int64 { return p.status("VmRSS") << 10 }

// PeakMemory is the largest that Memory has been.
func (p Process) PeakMemory() int64 { return p.status("VmHWM") << 10 }

// Threads is how many it has.
func (p Process) Threads() int64 { return p.status("Threads") }

// status is a number in /proc/PID/status.
func (p Process) status(name string) int64 {
	for line := range strings.Lines(p.read("status")) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n
		}
	}
	return 0
}

// Files is how many file descriptors it has open.
func (p Process) Files() int {
	open, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p))
	return len(open)
}
