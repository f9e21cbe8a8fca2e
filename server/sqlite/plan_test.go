package sqlite_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/sqlite"
	"github.com/pushkit/pushkit/server/sqlite/sqlitetest"
)

var (
	sliceArgument = regexp.MustCompile(`sqlc\.slice\(\w+\)`)
	queryName     = regexp.MustCompile(`-- name: (\w+) :\w+`)
)

// An audience is read step by step, each from where the one before ended: a step
// that sorted, or looked through a table from its start, would cost as much as all.
func TestAnAudienceIsReadAlongAnIndex(t *testing.T) {
	path := sqlitetest.Path(t)
	open(t, path, nil).(*sqlite.Store).Close()
	database := raw(t, path)
	text, err := os.ReadFile("queries/audience.sql")
	if err != nil {
		t.Fatal(err)
	}
	names := queryName.FindAllStringSubmatch(string(text), -1)
	queries := queryName.Split(string(text), -1)[1:]
	walked := 0
	for i, query := range queries {
		name := names[i][1]
		if strings.HasPrefix(name, "Count") {
			continue
		}
		walked++
		for _, slice := range []string{"'a'", "'a', 'b'"} {
			rows, err := database.Query("EXPLAIN QUERY PLAN " + strings.ReplaceAll(sliceArgument.ReplaceAllString(query, slice), "?", "1"))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for rows.Next() {
				var id, parent, unused int
				var step string
				if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
					t.Fatal(err)
				}
				// What counts the rows of a window reads them from the query within.
				isWindow := strings.HasPrefix(name, "Window") && strings.HasPrefix(step, "SCAN (subquery")
				if strings.Contains(step, "SCAN") && !isWindow || strings.Contains(step, "TEMP B-TREE") {
					t.Errorf("%s of %s: %s", name, slice, step)
				}
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if walked != 6 {
		t.Errorf("%d queries were looked at, want 6", walked)
	}
}
