package transport

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(benchmarkServer) != "" {
		serveBenchmark()
		return
	}
	goleak.VerifyTestMain(m)
}
