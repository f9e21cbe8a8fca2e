// Command bench measures the server's HTTP face against its targets: a pushkit serve
// of its own, with SQLite on disk, on a core for itself, while wrk and this program
// have the other; and where subscriptions are stored, server and wrk on all cores.
//
// Run it from the repository's root: make bench-http.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

func main() {
	b := new(bench)
	flag.StringVar(&b.program, "program", "build/pushkit", "the pushkit that is measured")
	flag.DurationVar(&b.each, "each", 8*time.Second, "how long each load lasts")
	flag.IntVar(&b.recipients, "recipients", 100_000, "how many deliveries events are reported of")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := b.measure(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type bench struct {
	rig.Report
	program    string
	each       time.Duration
	recipients int

	folder  string
	service *pushtest.Service
	tokens  tokens
	node    *rig.Node
}

func (b *bench) measure(ctx context.Context) (err error) {
	if _, err := exec.LookPath("wrk"); err != nil {
		return fmt.Errorf("wrk is missing: install it (Debian: sudo apt-get install wrk)")
	}
	if err := b.Begin(); err != nil {
		return err
	}
	if b.folder, err = os.MkdirTemp("", "pushkit-bench-http-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.folder)
	if b.service, err = pushtest.Start(pushtest.Options{Handle: b.tokens.enter}); err != nil {
		return err
	}
	defer b.service.Close()
	if err := b.service.WriteCertificate(b.path("ca.pem")); err != nil {
		return err
	}
	for _, part := range []func(context.Context) error{b.starts, b.events, b.files, b.hostile, b.subscriptions} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	b.Print()
	return nil
}

func (b *bench) path(name string) string { return filepath.Join(b.folder, name) }

// start starts the server, on a core or, for "", on all. All calls but those of hostile
// come from one address.
func (b *bench) start(ctx context.Context, limited bool, core string) (err error) {
	b.node, err = rig.Start(ctx, rig.Options{
		Limited: limited, Program: b.program, Folder: b.path("server"), Services: []string{b.service.Rule()},
		Certificates: b.path("ca.pem"), Core: core,
	})
	return err
}

// starts measures the program itself, and leaves it running.
func (b *bench) starts(ctx context.Context) error {
	const times = 11
	info, err := os.Stat(b.program)
	if err != nil {
		return err
	}
	b.Add(info.Size() <= 25<<20, "binary", "≤ 25 MB", "%.1f MB (%.1f MiB)", float64(info.Size())/1e6, rig.MiB(info.Size()))
	var took []time.Duration
	for i := range times + 1 {
		began := time.Now()
		if err := b.start(ctx, false, rig.ServerCore); err != nil {
			return err
		}
		if i > 0 { // the first one makes the database
			took = append(took, time.Since(began))
		}
		if i < times {
			if err := b.node.Stop(); err != nil {
				return err
			}
		}
	}
	median := rig.Percentile(took, 50)
	b.Add(median <= 150*time.Millisecond, "its start, until it listens", "≤ 150 ms", "%.0f ms, the median of %d (%.0f to %.0f)", rig.Milliseconds(median), times,
		rig.Milliseconds(slices.Min(took)), rig.Milliseconds(slices.Max(took)))
	return nil
}

// files measures what browsers only read.
func (b *bench) files(ctx context.Context) error {
	for _, path := range []string{wire.PathConfig, "/" + wire.FileLoader, "/" + wire.FileWorker} {
		r, err := b.mustSucceed(ctx, load{method: "GET", path: path, kind: "none", connections: 100, duration: b.each})
		if err != nil {
			return err
		}
		b.Add(r.perSecond() >= 15_000, "GET "+path, "≥ 15,000/s", "%.0f/s, p99 %.1f ms at 100 connections", r.perSecond(), r.p99())
	}
	return nil
}
