// Command soak runs a server for long, with push services that fail in every way,
// subscribers who come and go, and messages all the time. Each message's counts
// have to agree with what the push services got; memory, open files, threads and
// the database must not grow beyond what is stored.
//
// Run it from the repository's root: make soak.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
)

func main() {
	var o options
	flag.DurationVar(&o.length, "for", 30*time.Minute, "how long")
	flag.StringVar(&o.store, "database", "sqlite", fmt.Sprintf("the kind of database, one of %v", rig.Stores))
	flag.IntVar(&o.subscribers, "subscribers", 3000, "how many there are")
	flag.StringVar(&o.program, "program", "build/pushkit", "the pushkit that runs")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fmt.Printf("%d cores, %s; %s, %d subscribers, %v\n", runtime.NumCPU(), runtime.Version(), o.store, o.subscribers, o.length)
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}
