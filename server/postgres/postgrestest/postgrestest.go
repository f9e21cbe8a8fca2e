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

// Main runs a package's tests, and leaves nothing behind: no server that they started,
// and no schema on another one.
func Main(m *testing.M) (status int) {
	status = m.Run()
	if shared.own != nil {
		shared.own.Close()
		return status
	}
	if err := dropPool(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(status, 1)
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

// Empty returns the URL of an empty schema of the test's own, which is dropped when
// the test ends.
func Empty(t testing.TB) string {
	t.Helper()
	server := URL(t)
	name := createSchema(t, server)
	t.Cleanup(func() {
		if err := execute(server, "DROP SCHEMA "+name+" CASCADE"); err != nil {
			t.Error(err)
		}
	})
	return withParameters(t, server, map[string]string{"search_path": name})
}

func createSchema(t testing.TB, server string) (name string) {
	t.Helper()
	name = "test_" + strings.ReplaceAll(push.NewID().String(), "-", "")
	if err := execute(server, "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	return name
}

func withParameters(t testing.TB, server string, parameters map[string]string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	for name, value := range parameters {
		query.Set(name, value)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

func execute(server, statement string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}
