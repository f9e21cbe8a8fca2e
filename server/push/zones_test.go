package push

import (
	"archive/zip"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write zones.txt anew")

// Go gives no list of its time zones, but has it: lib/time/zoneinfo.zip, from which
// time/tzdata is made.
func TestZonesAreThoseOfGo(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	var names []string
	for _, file := range archive.File {
		if !strings.HasSuffix(file.Name, "/") {
			names = append(names, file.Name)
		}
	}
	slices.Sort(names)
	if *update {
		if err := os.WriteFile("zones.txt", []byte(strings.Join(names, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !slices.Equal(names, Zones()) {
		t.Error("zones.txt is of another version: go test ./server/push -run TestZonesAreThoseOfGo -update")
	}
	for _, name := range Zones() {
		if _, err := time.LoadLocation(name); err != nil || !IsZone(name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", "Local", "europe/berlin", "Mars/Olympus", "../etc/passwd"} {
		if IsZone(name) {
			t.Errorf("%q is a zone", name)
		}
	}
}

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func wall(text string) time.Time {
	at, err := time.Parse("2006-01-02T15:04", text)
	if err != nil {
		panic(err)
	}
	return at
}

func TestALocalTimeThatIsSkippedOrComesTwice(t *testing.T) {
	for _, c := range []struct{ zone, wall, want string }{
		{"UTC", "2026-12-01T09:00", "2026-12-01T09:00:00Z"},
		{"Europe/Berlin", "2026-12-01T09:00", "2026-12-01T09:00:00+01:00"},
		{"Asia/Kathmandu", "2026-12-01T09:00", "2026-12-01T09:00:00+05:45"},
		{"Europe/Berlin", "2026-03-29T01:59", "2026-03-29T01:59:00+01:00"},
		{"Europe/Berlin", "2026-03-29T02:30", "2026-03-29T03:30:00+02:00"}, // skipped
		{"Europe/Berlin", "2026-03-29T03:00", "2026-03-29T03:00:00+02:00"},
		{"America/New_York", "2026-03-08T02:30", "2026-03-08T03:30:00-04:00"}, // where time.Date takes 01:30
		{"Europe/Berlin", "2026-10-25T02:30", "2026-10-25T02:30:00+02:00"},    // twice
		{"America/New_York", "2026-11-01T01:30", "2026-11-01T01:30:00-04:00"},
		{"Europe/Berlin", "2026-10-25T03:00", "2026-10-25T03:00:00+01:00"},
		{"Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-04T02:45:00+11:00"}, // by half an hour
		{"Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-05T01:45:00+11:00"},
		{"Pacific/Apia", "2011-12-30T09:00", "2011-12-31T09:00:00+14:00"}, // a day that never was
	} {
		if got := inZone(wall(c.wall), location(t, c.zone)).Format(time.RFC3339); got != c.want {
			t.Errorf("%s in %s is %s, want %s", c.wall, c.zone, got, c.want)
		}
	}
}
