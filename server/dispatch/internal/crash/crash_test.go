package main

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/postgres/postgrestest"
)

// A few kills; make crash does more.
func TestAKillLosesNothingAndRepeatsOnlyWhatWasInFlight(t *testing.T) {
	program := filepath.Join(t.TempDir(), "pushkit")
	if output, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, "../../../cmd/pushkit").CombinedOutput(); err != nil {
		t.Fatalf("%s%v", output, err)
	}
	for _, store := range rig.Stores {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			o := options{
				// Other packages' tests use the machine meanwhile.
				rounds: 3, subscribers: 1200, program: program, window: 5 * time.Second, seed: 1, out: t.Output(),
			}
			if store == "postgres" {
				server, err := postgrestest.Start()
				if err != nil {
					postgrestest.Missing(t, err)
				}
				server.Close()
				// A node that nobody replaces takes a lease's time.
				o.victims = []string{postgres, oneNode, postgres}
			}
			if err := prove(t.Context(), store, o); err != nil {
				t.Error(err)
			}
		})
	}
}
