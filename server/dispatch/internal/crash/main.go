// Command crash proves that a crash loses nothing: pushkit serve, and PostgreSQL
// under it, are killed with SIGKILL at random moments of broadcasts to a push
// service that fails now and then, while messages to single people come in. What
// was accepted has to arrive, the counts have to agree with what the push service
// got, and only what was in flight may come twice, as the same delivery.
//
// Run it from the repository's root: make crash.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
)

func main() {
	o := options{out: os.Stdout}
	stores := flag.String("stores", strings.Join(rig.Stores, ","), "the kinds of `DATABASES`")
	flag.IntVar(&o.rounds, "kills", 30, "how many, for each store")
	flag.IntVar(&o.subscribers, "subscribers", 3000, "how many a broadcast goes to")
	flag.StringVar(&o.program, "program", "build/pushkit", "the pushkit that is killed")
	flag.DurationVar(&o.window, "window", 500*time.Millisecond, "how long an outcome may take to be on disk, on a machine that is busy with this proof")
	victims := flag.String("victims", "", fmt.Sprintf("who is killed on PostgreSQL, of %q, %q and %q, separated by commas; all of them in turn if empty", allNodes, oneNode, postgres))
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "of what is random")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fmt.Printf("%d cores, %s; %d subscribers; seed %d\n", runtime.NumCPU(), runtime.Version(), o.subscribers, o.seed)
	for _, store := range strings.Split(*stores, ",") {
		o.victims = nil
		if store == "postgres" && *victims != "" {
			o.victims = strings.Split(*victims, ",")
		}
		if err := prove(ctx, store, o); err != nil {
			fmt.Fprintf(os.Stderr, "crash: %s: %v\n", store, err)
			os.Exit(1)
		}
	}
}
