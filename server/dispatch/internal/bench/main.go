// Command bench measures the whole server against its targets: a pushkit serve of
// its own, with its database on disk, sends to a push service in this process that
// verifies what it gets. The server has one core for itself, and the push service
// and this program the other.
//
// Run it from the repository's root: make bench-dispatch.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
)

// A section is a part that can be run alone.
type section struct {
	name string
	run  func(*bench, context.Context) error
}

var sections = []section{
	{"people", (*bench).people},
	{"nodes", (*bench).nodes},
	{"away", (*bench).away},
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == sendArgument {
		if err := sendAlone(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	b := new(bench)
	flag.IntVar(&b.subscribers, "subscribers", 1_000_000, "how many a broadcast goes to")
	flag.IntVar(&b.nodeSubscribers, "node-subscribers", 32_000, "how many a broadcast of several nodes goes to")
	flag.StringVar(&b.program, "program", "build/pushkit", "the pushkit that is measured")
	flag.DurationVar(&b.idle, "idle", 20*time.Second, "how long the idle server is watched")
	flag.DurationVar(&b.outage, "outage", 20*time.Second, "how long the database is away")
	only := flag.String("only", "", "run these `SECTIONS` of people, nodes and away, separated by commas")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := b.run(ctx, strings.FieldsFunc(*only, func(r rune) bool { return r == ',' })); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type bench struct {
	subscribers, nodeSubscribers int
	program                      string
	idle, outage                 time.Duration

	folder string
	rig.Report
}

func (b *bench) run(ctx context.Context, only []string) (err error) {
	if err := b.Begin(); err != nil {
		return err
	}
	if b.folder, err = os.MkdirTemp("", "pushkit-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.folder)
	for _, s := range sections {
		if len(only) == 0 || slices.Contains(only, s.name) {
			if err := s.run(b, ctx); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	b.Print()
	return nil
}

// A stage is a push service, and how servers reach it.
type stage struct {
	service      *pushtest.Service
	certificates string
}

func (b *bench) newStage(o pushtest.Options) (s stage, err error) {
	if s.service, err = pushtest.Start(o); err != nil {
		return s, err
	}
	s.certificates = filepath.Join(b.folder, "ca.pem")
	return s, s.service.WriteCertificate(s.certificates)
}

// start starts a node in a folder of its own, on the servers' core.
func (b *bench) start(ctx context.Context, s stage, folder, database string, flags ...string) (*rig.Node, error) {
	return rig.Start(ctx, rig.Options{
		Program: b.program, Folder: filepath.Join(b.folder, folder), Database: database,
		Services: []string{s.service.Rule()}, Certificates: s.certificates, Core: rig.ServerCore, Flags: flags,
	})
}
