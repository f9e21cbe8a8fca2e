package transfer

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

const (
	// gentleSize is how many are stored at once where others wait for it, some 20 ms.
	gentleSize = 250
	// chunkBytes is how much is in memory before it is stored.
	chunkBytes = 4 << 20
)

// A Store is where subscriptions are imported.
type Store interface {
	ImportSubscriptions(ctx context.Context, site push.SiteID, items []*push.Import) ([]push.ImportResult, error)
}

// A Summary counts what a file has.
type Summary struct {
	Added     int64 `json:"added"`
	Refreshed int64 `json:"refreshed"`
	Unchanged int64 `json:"unchanged"`
	Bad       int64 `json:"bad"`
}

// An Importer reads subscriptions into a store.
type Importer struct {
	// Kind is whose the file is; empty: pushkit's.
	Kind Kind
	// Server is where it goes; nil: into Store.
	Server Server
	Store  Store
	Site   push.SiteID
	// Services say which push services may be used.
	Services *webpush.Services
	// WrittenAt is when the file was written; see [push.Import].
	WrittenAt time.Time
	// Bad hears of each that is not imported, in order: where it stands, such as
	// "line 7", and why.
	Bad func(place string, reason error)
	// Progress hears how many bytes were read of the file; nil: nobody does.
	Progress func(bytes int64)
	// Gentle leaves others who write to the same database as much time as it takes.
	Gentle bool
}

// A chunk is what is stored at once.
type chunk struct {
	entries []*entry
	// bytes is how many were read by its end.
	bytes int64
	// parsed is closed when the entries are read.
	parsed chan struct{}
	// err is why nothing follows, but for io.EOF.
	err error
}

// Import reads a whole file. What it has counted is stored, whatever the error is:
// where it ended early, importing all of it again does no harm.
func (i *Importer) Import(ctx context.Context, from io.Reader) (sum Summary, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	workers := runtime.GOMAXPROCS(0)
	// A chunk is in both: the workers take them as they come, the store in order.
	toParse, toStore := make(chan *chunk, workers), make(chan *chunk, 2*workers)
	// Not waited for: a read from a terminal or a pipe may never return.
	go i.read(ctx, from, toParse, toStore)
	to := i.destination()
	for range workers {
		go parse(toParse, to)
	}
	var stored string
	for {
		var c *chunk
		select {
		case c = <-toStore:
		case <-ctx.Done():
			return sum, interrupted(stored, ctx.Err())
		}
		if c == nil {
			return sum, nil
		}
		<-c.parsed
		done, err := i.store(ctx, to, c.entries, &sum)
		if len(done) > 0 {
			stored = done[len(done)-1].place.String()
		}
		if err != nil {
			return sum, interrupted(stored, err)
		}
		if i.Progress != nil {
			i.Progress(c.bytes)
		}
		if c.err != nil {
			return sum, interrupted(stored, c.err)
		}
	}
}

func interrupted(stored string, err error) error {
	if stored == "" {
		return fmt.Errorf("nothing is imported: %w", err)
	}
	return fmt.Errorf("stopped after %s; what follows is not imported: %w", stored, err)
}

// read cuts a file into chunks.
func (i *Importer) read(ctx context.Context, from io.Reader, toParse, toStore chan<- *chunk) {
	defer close(toParse)
	defer close(toStore)
	size := push.ImportSize
	if i.Gentle {
		size = gentleSize
	}
	file := &counter{from: from}
	source, err := openSource(i.Kind, file)
	if err != nil {
		c := &chunk{parsed: make(chan struct{}), err: err}
		close(c.parsed)
		give(ctx, toStore, c)
		return
	}
	for err == nil {
		c, bytes := &chunk{parsed: make(chan struct{})}, 0
		for err == nil && len(c.entries) < size && bytes < chunkBytes {
			var e *entry
			if e, err = source.next(); err == nil {
				c.entries = append(c.entries, e)
				bytes += e.size
			}
		}
		c.bytes = file.n
		if err != io.EOF {
			c.err = err
		}
		if !give(ctx, toParse, c) || !give(ctx, toStore, c) {
			return
		}
	}
}

func give(ctx context.Context, to chan<- *chunk, c *chunk) bool {
	select {
	case to <- c:
		return true
	case <-ctx.Done():
		return false
	}
}

// parse reads the entries of chunks. Those that are bad keep why.
func parse(chunks <-chan *chunk, to destination) {
	for c := range chunks {
		for _, e := range c.entries {
			r, err := e.record()
			if err == nil {
				err = to.take(e, &r)
			}
			e.record, e.err = nil, err
		}
		close(c.parsed)
	}
}

// store writes what is good of entries, and says what is bad. Where it fails in the
// middle, done are those of which is known what became.
func (i *Importer) store(ctx context.Context, to destination, entries []*entry, sum *Summary) (done []*entry, err error) {
	var good []*entry
	for _, e := range entries {
		if e.err == nil {
			good = append(good, e)
		}
	}
	done = entries
	if len(good) > 0 {
		began := time.Now()
		var results []push.ImportResult
		results, err = to.store(ctx, good)
		for n, result := range results {
			good[n].err = result.Err
			sum.count(result.Outcome)
		}
		if len(results) < len(good) {
			done = entries[:slices.Index(entries, good[len(results)])]
		} else if i.Gentle {
			pause(ctx, time.Since(began))
		}
	}
	for _, e := range done {
		if e.err != nil {
			sum.Bad++
			i.Bad(e.place.String(), e.err)
		}
	}
	return done, err
}

func (s *Summary) count(outcome push.ImportOutcome) {
	switch outcome {
	case push.ImportAdded:
		s.Added++
	case push.ImportRefreshed:
		s.Refreshed++
	case push.ImportUnchanged:
		s.Unchanged++
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
