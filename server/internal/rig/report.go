package rig

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The cores of a measurement: what is measured has one for itself.
const (
	ServerCore = "0"
	otherCore  = "1"
)

// A Report is a table of targets and what was measured.
type Report struct{ rows []row }

type row struct {
	what, target, measured string
	ok                     bool
}

// Begin leaves ServerCore to what is measured, and says what the machine is.
func (r *Report) Begin() error {
	if err := pinSelf(otherCore); err != nil {
		return err
	}
	load, _ := os.ReadFile("/proc/loadavg")
	fmt.Printf("%d cores, %s, load %s; the servers have a core for themselves\n\n", runtime.NumCPU(), runtime.Version(), strings.TrimSpace(string(load)))
	return nil
}

// Share lets this program, and what it starts from now on, have all cores.
func (r *Report) Share() error { return pinSelf(fmt.Sprintf("0-%d", runtime.NumCPU()-1)) }

// pinSelf leaves this program some cores alone, where the machine has several.
func pinSelf(cores string) error {
	if runtime.NumCPU() < 2 {
		return nil
	}
	if err := exec.Command("taskset", "-a", "-c", "-p", cores, strconv.Itoa(os.Getpid())).Run(); err != nil {
		return fmt.Errorf("taskset: %w", err)
	}
	return nil
}

// Add adds a row, and shows it while the others are measured.
func (r *Report) Add(ok bool, what, target, format string, arguments ...any) {
	added := row{what, target, fmt.Sprintf(format, arguments...), ok}
	r.rows = append(r.rows, added)
	fmt.Printf("- %s: %s\n", added.what, added.measured)
}

// Print shows the table, in Markdown.
func (r *Report) Print() {
	fmt.Print("\n| | target | measured | ok |\n| --- | --- | --- | --- |\n")
	for _, row := range r.rows {
		ok := "yes"
		if !row.ok {
			ok = "**no**"
		}
		fmt.Printf("| %s | %s | %s | %s |\n", row.what, row.target, row.measured, ok)
	}
}

// Percentile sorts durations, and returns the one that p of a hundred do not exceed.
func Percentile(of []time.Duration, p int) time.Duration {
	slices.Sort(of)
	return of[len(of)*p/100]
}

// Milliseconds is d in them.
func Milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// MiB is bytes in 2^20.
func MiB(bytes int64) float64 { return float64(bytes) / (1 << 20) }
