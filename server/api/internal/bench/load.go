package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed load.lua
var script []byte

// A load is what wrk asks of the server, one request after the other on each
// connection.
type load struct {
	method, path string
	// kind is of bodies, see load.lua, with its arguments.
	kind        string
	arguments   []string
	connections int
	duration    time.Duration
}

// A result is what became of a load.
type result struct {
	Requests int64 `json:"requests"`
	Micros   int64 `json:"micros"`
	// P50 and P99 are latencies in microseconds.
	P50 int64 `json:"p50"`
	P99 int64 `json:"p99"`
	// Refused were answered 4xx or 5xx, Failed 5xx; Broken had no answer.
	Refused int64 `json:"refused"`
	Failed  int64 `json:"failed"`
	Broken  int64 `json:"broken"`
	// Asked is the number that the next body would have had.
	Asked int64 `json:"asked"`
}

// perSecond is how many requests were answered in a second.
func (r result) perSecond() float64 { return float64(r.Requests) / (float64(r.Micros) / 1e6) }

// p99 is in milliseconds.
func (r result) p99() float64 { return float64(r.P99) / 1000 }

// run runs wrk on the core of this program.
func (b *bench) run(ctx context.Context, l load) (r result, err error) {
	path := filepath.Join(b.folder, "load.lua")
	if err := os.WriteFile(path, script, 0o600); err != nil {
		return r, err
	}
	arguments := append([]string{
		"--threads", "1", "--connections", strconv.Itoa(l.connections), "--duration", fmt.Sprintf("%.0fs", l.duration.Seconds()),
		"--timeout", "10s", "--script", path, b.node.URL(), "--", l.method, l.path, l.kind}, l.arguments...)
	output, err := exec.CommandContext(ctx, "wrk", arguments...).CombinedOutput()
	if err != nil {
		return r, fmt.Errorf("wrk: %w: %s", err, output)
	}
	_, line, ok := strings.Cut(string(output), "\nRESULT ")
	if !ok {
		return r, fmt.Errorf("wrk has no result: %s", output)
	}
	return r, json.Unmarshal([]byte(line), &r)
}

// mustSucceed is for loads of which every request has to be answered 2xx.
func (b *bench) mustSucceed(ctx context.Context, l load) (result, error) {
	r, err := b.run(ctx, l)
	if err == nil && r.Refused+r.Broken > 0 {
		err = fmt.Errorf("%s %s: of %d requests %d were refused and %d had no answer", l.method, l.path, r.Requests, r.Refused, r.Broken)
	}
	return r, err
}
