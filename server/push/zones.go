package push

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"time"
)

// zoneNames are the time zones of the IANA database, a line each, sorted: those of
// Go's copy, time/tzdata, of which Go itself gives no list. A test compares them,
// and writes them anew with -update.
//
//go:embed zones.txt
var zoneNames string

// Zones are the names of all time zones, sorted.
func Zones() []string { return strings.Fields(zoneNames) }

var isZone = func() map[string]bool {
	names := make(map[string]bool)
	for name := range strings.FieldsSeq(zoneNames) {
		names[name] = true
	}
	return names
}()

// IsZone says whether this is a time zone's name. They are case-sensitive, and
// neither empty nor Local.
func IsZone(name string) bool { return isZone[name] }

// locations are those that were loaded, by name: some kilobytes each.
var locations sync.Map

// locationOf returns the first of the zones that is known, else UTC.
func locationOf(names ...string) *time.Location {
	for _, name := range names {
		if !IsZone(name) {
			continue
		}
		if location, ok := locations.Load(name); ok {
			return location.(*time.Location)
		}
		if location, err := time.LoadLocation(name); err == nil {
			locations.Store(name, location)
			return location
		}
	}
	return time.UTC
}

// inZone is when clocks in a location show a time, which is given as if it were in
// UTC. Of a time that is skipped there it is as late as if it were not (02:30 is
// 03:30), and of one that comes twice the first: RFC 5545 section 3.3.5. time.Date
// does not say which it takes, and takes now one, now the other.
func inZone(wall time.Time, location *time.Location) time.Time {
	var found []time.Time
	for _, offset := range []int{offsetAt(wall.Add(-24*time.Hour), location), offsetAt(wall.Add(24*time.Hour), location)} {
		at := wall.Add(-time.Duration(offset) * time.Second)
		if offsetAt(at, location) == offset {
			found = append(found, at)
		}
	}
	if len(found) == 0 {
		before := offsetAt(wall.Add(-24*time.Hour), location)
		return wall.Add(-time.Duration(before) * time.Second).In(location)
	}
	return slices.MinFunc(found, time.Time.Compare).In(location)
}

// offsetAt is how far a location's clocks are ahead of UTC, in seconds.
func offsetAt(at time.Time, location *time.Location) int {
	_, offset := at.In(location).Zone()
	return offset
}

// wallOf is what clocks show, given as if it were in UTC.
func wallOf(at time.Time, location *time.Location) time.Time {
	return at.UTC().Add(time.Duration(offsetAt(at, location)) * time.Second)
}
