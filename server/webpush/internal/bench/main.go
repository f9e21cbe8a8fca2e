// Command bench measures the sender beside its peers: webpush-go and npm web-push
// as they come, on this machine and without the internet. One process is a push
// service over TLS and HTTP/2 that verifies what it gets, another one a sender,
// each on a core of its own; senders take turns, so that a machine whose speed
// drifts is as fast for one as for the others.
//
// Run it from the repository's root: make bench.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 2 && args[0] == "send" {
		var w work
		if err := json.Unmarshal([]byte(args[1]), &w); err != nil {
			return err
		}
		m, err := do(w)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(m)
	}
	if len(args) == 3 && args[0] == "serve" {
		latency, err := time.ParseDuration(args[2])
		if err != nil {
			return err
		}
		return serve(args[1], latency)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	b := &bench{}
	flags.IntVar(&b.rounds, "rounds", 3, "how often each sender has its turn")
	flags.DurationVar(&b.each, "for", 2*time.Second, "how long a turn lasts")
	flags.BoolVar(&b.unpinned, "unpinned", false, "let service and sender share all cores")
	flags.Int64Var(&b.soak, "soak", 0, "send so many messages in a row and watch the memory, and nothing else")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return b.run()
}

type bench struct {
	rounds   int
	each     time.Duration
	unpinned bool
	soak     int64
	folder   string
	program  string // this one
	npm      string // the script that uses npm web-push
}

// The cores of sender and service.
const (
	senderCore  = "0"
	serviceCore = "1"
)

func (b *bench) run() (err error) {
	if b.program, err = os.Executable(); err != nil {
		return err
	}
	b.npm = "js/test/senders/bench.mjs"
	if !exists(b.npm) {
		return fmt.Errorf("run it from the repository's root, where %s is", b.npm)
	}
	if runtime.NumCPU() < 2 {
		b.unpinned = true
	}
	if b.folder, err = os.MkdirTemp("", "pushkit-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.folder)
	fmt.Printf("%d cores, %s, %s; %d rounds of %v each; ", runtime.NumCPU(), processor(), runtime.Version(), b.rounds, b.each)
	if b.unpinned {
		fmt.Print("service and sender share all cores\n\n")
	} else {
		fmt.Print("service and sender have a core each\n\n")
	}
	if b.soak > 0 {
		return b.memory()
	}
	busyFloor, err := b.encryption()
	if err != nil {
		return err
	}
	for _, latency := range []time.Duration{0, 20 * time.Millisecond, 100 * time.Millisecond} {
		for _, inFlight := range []int{1, 100, 400, 1000} {
			if err := b.sending(latency, inFlight, busyFloor); err != nil {
				return err
			}
		}
	}
	return nil
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	if name := regexp.MustCompile(`(?m)^model name\s*: (.*)$`).FindSubmatch(text); name != nil {
		return string(name[1])
	}
	return runtime.GOARCH
}

// command runs on a core, unless all are shared.
func (b *bench) command(core, name string, args ...string) *exec.Cmd {
	if !b.unpinned {
		args = append([]string{"-c", core, name}, args...)
		name = "taskset"
	}
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	if ca := filepath.Join(b.folder, caFile); exists(ca) {
		cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+ca, "NODE_EXTRA_CA_CERTS="+ca)
	}
	return cmd
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// start starts a push service; stop ends it and says what it refused.
func (b *bench) start(latency time.Duration) (address string, stop func() error, err error) {
	cmd := b.command(serviceCore, b.program, "serve", b.folder, latency.String())
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	address, err = bufio.NewReader(out).ReadString('\n')
	return strings.TrimSpace(address), func() error {
		in.Close()
		return cmd.Wait()
	}, err
}

// send has a sender work in a process of its own.
func (b *bench) send(w work) (m measure, err error) {
	text, err := json.Marshal(w)
	if err != nil {
		return m, err
	}
	cmd := b.command(senderCore, b.program, "send", string(text))
	if strings.HasPrefix(w.Sender, "npm") {
		cmd = b.command(senderCore, "node", b.npm, string(text))
	}
	out, err := cmd.Output()
	if err != nil {
		return m, fmt.Errorf("%s: %w", w.Sender, err)
	}
	if err := json.Unmarshal(out, &m); err != nil {
		return m, err
	}
	if m.Failed > 0 {
		return m, fmt.Errorf("%s: %d of %d messages were not accepted", w.Sender, m.Failed, m.Messages)
	}
	return m, nil
}

var senders = []string{"pushkit", "pushkit net/http", "webpush-go", "npm web-push"}

func (b *bench) sending(latency time.Duration, inFlight int, floor float64) error {
	address, stop, err := b.start(latency)
	if err != nil {
		return err
	}
	rows := make([]row, len(senders))
	for range b.rounds {
		for i, sender := range senders {
			m, err := b.send(work{Sender: sender, Address: address, Folder: b.folder, InFlight: inFlight, For: b.each})
			if err != nil {
				stop()
				return err
			}
			rows[i].name = sender
			rows[i].add(m)
		}
	}
	if err := stop(); err != nil {
		return err
	}
	printTable(fmt.Sprintf("Whole send, %d in flight, the service answers after %v", inFlight, latency), rows, floor, "webpush-go")
	return nil
}

// encryption measures what needs no service. It returns the floor's CPU time in
// microseconds while the other core is busy: a whole send shares caches, and maybe
// a physical core, with the service, and is held against that.
func (b *bench) encryption() (busyFloor float64, err error) {
	binary := filepath.Join(b.folder, "webpush.test")
	build := exec.Command("go", "test", "-c", "-o", binary, "./server/webpush")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return 0, err
	}
	benchmarks := []struct{ name, pattern string }{
		{"the curve alone: the floor", "^BenchmarkCurve$"},
		{"pushkit, encryption alone", "^BenchmarkEncrypt$"},
		{"pushkit, one by one", "^BenchmarkEncryptWithVAPID$/^batch=1$"},
		{"pushkit, in batches of 16", "^BenchmarkEncryptWithVAPID$/^batch=16$"},
		{"webpush-go", "^BenchmarkWebpushGo$"},
		{"npm web-push", ""},
	}
	rows := make([]row, len(benchmarks)+1)
	busy := &rows[len(benchmarks)]
	busy.name = "the floor while the other core is busy"
	for range b.rounds {
		m, err := b.besideAnother(binary)
		if err != nil {
			return 0, err
		}
		busy.add(m)
		for i, bm := range benchmarks {
			m, err = b.benchmark(binary, bm.pattern)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", bm.name, err)
			}
			rows[i].name = bm.name
			rows[i].add(m)
		}
	}
	printTable("Encryption with VAPID, no network", rows, rows[0].cpu.median(), "webpush-go")
	return busy.cpu.median(), nil
}

// besideAnother measures the floor on the sender's core, while the service's does
// the same.
func (b *bench) besideAnother(binary string) (measure, error) {
	other := b.command(serviceCore, binary, "-test.run", "^$", "-test.bench", "^BenchmarkCurve$", "-test.benchtime", "1h")
	if err := other.Start(); err != nil {
		return measure{}, err
	}
	defer func() {
		other.Process.Kill()
		other.Wait()
	}()
	return b.benchmark(binary, "^BenchmarkCurve$")
}

var benchmarkLine = regexp.MustCompile(`(?m)^Benchmark\S+\s+(\d+)\s+([\d.]+) ns/op\s+([\d.]+) cpu-ns/op\s+(\d+) B/op\s+(\d+) allocs/op`)

// benchmark runs one of the package's own, or npm's without a pattern.
func (b *bench) benchmark(binary, pattern string) (m measure, err error) {
	if pattern == "" {
		return b.send(work{Sender: "npm encrypt", For: b.each})
	}
	cmd := b.command(senderCore, binary, "-test.run", "^$", "-test.bench", pattern, "-test.benchtime", b.each.String())
	out, err := cmd.Output()
	if err != nil {
		return m, err
	}
	fields := benchmarkLine.FindSubmatch(out)
	if fields == nil {
		return m, fmt.Errorf("no figures in %q", out)
	}
	number := func(i int) float64 {
		n, _ := strconv.ParseFloat(string(fields[i]), 64)
		return n
	}
	return measure{
		Messages: int64(number(1)), Seconds: number(1) * number(2) / 1e9, CPU: number(3) / 1000, Bytes: number(4), Allocations: number(5),
	}, nil
}

// memory sends many messages in a row.
func (b *bench) memory() error {
	address, stop, err := b.start(0)
	if err != nil {
		return err
	}
	m, err := b.send(work{Sender: "pushkit", Address: address, Folder: b.folder, InFlight: 400, Messages: b.soak})
	if err := stop(); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	fmt.Printf("%d messages in %.0f s; resident memory in MiB after each 50,000:\n", m.Messages, m.Seconds)
	for _, kib := range m.Memory {
		fmt.Printf(" %.1f", float64(kib)/1024)
	}
	fmt.Println()
	return nil
}
