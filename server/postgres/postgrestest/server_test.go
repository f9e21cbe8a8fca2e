package postgrestest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pushkit/pushkit/server/postgres/postgrestest"
)

func TestWhatWasCommittedOutlivesAKill(t *testing.T) {
	t.Parallel()
	server, err := postgrestest.Start()
	if err != nil {
		postgrestest.Missing(t, err)
	}
	defer server.Close()
	connect := func() *pgx.Conn {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), server.URL)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	before := connect()
	if _, err := before.Exec(t.Context(), "CREATE TABLE kept AS SELECT 1 AS n"); err != nil {
		t.Fatal(err)
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := before.Ping(t.Context()); err == nil {
		t.Error("a connection outlived the kill")
	}
	if err := server.Run(); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := connect().QueryRow(t.Context(), "SELECT n FROM kept").Scan(&n); err != nil || n != 1 {
		t.Errorf("got %d, %v", n, err)
	}
}
