package push

// PartRows is how a store reads a part of a large audience at one push service: along
// [Audience.Walked], in the order of the subscriptions' ids.
type PartRows interface {
	// All returns up to limit subscriptions on the way after one, all that are there.
	All(after ID, limit int) ([]ID, error)
	// Window counts up to limit subscriptions on the way after one, and names the last.
	Window(after ID, limit int) (n int, last ID, err error)
	// Members returns up to limit of those on the way, after one and up to the last,
	// that are of the part's time zones and of the audience.
	Members(after, last ID, limit int) ([]ID, error)
}

// A Found is what a step has found of a part.
type Found struct {
	Members []ID
	// Cursor is the last subscription that was looked at; Scanned is how many were,
	// where the audience is spread.
	Cursor  ID
	Scanned int64
	// End says that there are no more.
	End bool
}

const (
	// window is how many subscriptions are looked at together for those of a few
	// time zones or channels, and lookedAt how many a step looks at before it gives
	// way to what else waits.
	window   = 10 * BatchSize
	lookedAt = 5 * window
)

// ReadStep reads what follows the cursor in a part: as much as is due together where
// the audience is spread, else up to BatchSize members.
func (m *Message) ReadStep(rows PartRows, p Part, cursor ID, total int64) (Found, error) {
	size := m.stepSize(total)
	switch {
	case p.IsAll() && !m.Audience.Chosen():
		ids, err := rows.All(cursor, size)
		f := Found{Members: ids, Cursor: cursor, Scanned: int64(len(ids)), End: len(ids) < size}
		if len(ids) > 0 {
			f.Cursor = ids[len(ids)-1]
		}
		return f, err
	case m.Schedule.Spread > 0:
		return readMoment(rows, cursor, size)
	}
	f := Found{Cursor: cursor}
	for range lookedAt / window {
		full, err := f.look(rows, window, size)
		if err != nil || full || f.End {
			return f, err
		}
	}
	return f, nil
}

// readMoment reads the next size subscriptions of a spread audience, which are due
// together. Where none of them is of the part it goes on to the moment of the next
// that is.
func readMoment(rows PartRows, cursor ID, size int) (Found, error) {
	f := Found{Cursor: cursor}
	for f.Scanned < lookedAt {
		next := Found{Cursor: f.Cursor, Scanned: f.Scanned}
		_, err := next.look(rows, size, size)
		if err != nil || len(next.Members) > 0 && f.Scanned > 0 {
			return f, err
		}
		if f = next; f.End || len(f.Members) > 0 {
			break
		}
	}
	return f, nil
}

// look looks at the next n subscriptions for up to size members; full is true where
// there are so many, and the rest was not looked at.
func (f *Found) look(rows PartRows, n, size int) (full bool, err error) {
	count, last, err := rows.Window(f.Cursor, n)
	if err != nil || count == 0 {
		f.End = err == nil
		return false, err
	}
	left := size - len(f.Members)
	ids, err := rows.Members(f.Cursor, last, left)
	if err != nil {
		return false, err
	}
	f.Members = append(f.Members, ids...)
	if len(ids) == left && n > size {
		f.Cursor = ids[left-1]
		return true, nil
	}
	f.Cursor, f.Scanned, f.End = last, f.Scanned+int64(count), count < n
	return false, nil
}
