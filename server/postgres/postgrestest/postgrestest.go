// Package postgrestest gives tests a PostgreSQL: the server of
// PUSHKIT_TEST_POSTGRES, a URL, or else one of its own from Debian's package,
// in a folder that is removed in the end.
package postgrestest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pushkit/pushkit/server/push"
)

// shared is the server of all tests of a package.
var shared struct {
	start sync.Once
	url   string
	own   *Server
	err   error
}

// Main runs a package's tests, and stops the server that they may have started.
func Main(m *testing.M) (status int) {
	status = m.Run()
	if shared.own != nil {
		shared.own.Close()
	}
	return status
}

// URL is a database on the server that the package's tests share. Without a
// server the test is skipped; with CI=true or PUSHKIT_TEST_REQUIRE set it fails.
// The package's TestMain must call [Main].
func URL(t testing.TB) string {
	t.Helper()
	shared.start.Do(func() {
		if shared.url = os.Getenv("PUSHKIT_TEST_POSTGRES"); shared.url != "" {
			return
		}
		if shared.own, shared.err = Start(); shared.err == nil {
			shared.url = shared.own.URL
		}
	})
	if shared.err != nil {
		Missing(t, shared.err)
	}
	return shared.url
}

// Missing ends a test that needs a server which cannot be had.
func Missing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" || os.Getenv("PUSHKIT_TEST_REQUIRE") != "" {
		t.Fatal(err)
	}
	t.Skip(err)
}

// Database returns the URL of an empty schema of the test's own, which is
// dropped when the test ends.
func Database(t testing.TB) string {
	t.Helper()
	return Schema(t, URL(t))
}

// Schema makes an empty schema for a test on the server of a URL.
func Schema(t testing.TB, server string) string {
	t.Helper()
	name := "test_" + strings.ReplaceAll(push.NewID().String(), "-", "")
	execute(t, server, "CREATE SCHEMA "+name)
	t.Cleanup(func() { execute(t, server, "DROP SCHEMA "+name+" CASCADE") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("search_path", name)
	u.RawQuery = query.Encode()
	return u.String()
}

func execute(t testing.TB, server, statement string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatal(fmt.Errorf("%s: %w", statement, err))
	}
}
