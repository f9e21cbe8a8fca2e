package transfer

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/pushkit/pushkit/server/ndjson"
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

// A Summary counts lines.
type Summary struct {
	Added     int64 `json:"added"`
	Refreshed int64 `json:"refreshed"`
	Unchanged int64 `json:"unchanged"`
	Bad       int64 `json:"bad"`
}

// An Importer reads subscriptions into a store.
type Importer struct {
	Store Store
	Site  push.SiteID
	// Services say which push services may be used.
	Services *webpush.Services
	// WrittenAt is when the file was written; see [push.Import].
	WrittenAt time.Time
	// Bad hears of each line that is not imported, in order.
	Bad func(line int64, reason error)
	// Progress hears how many bytes were read and imported; nil: nobody does.
	Progress func(bytes int64)
	// Gentle leaves others who write to the same database as much time as it takes.
	Gentle bool
}

// A chunk is what is stored at once.
type chunk struct {
	lines []rawLine
	// bytes is how many were read by its end.
	bytes int64
	// parsed is closed when items are there: nil for lines that are bad.
	parsed chan struct{}
	items  []*push.Import
	// err is why nothing follows, but for io.EOF.
	err error
}

// Import reads all lines. What it has counted is stored, whatever the error is:
// where it ended early, importing all of it again does no harm.
func (i *Importer) Import(ctx context.Context, from io.Reader) (sum Summary, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	workers := runtime.GOMAXPROCS(0)
	// A chunk is in both: the workers take them as they come, the store in order.
	toParse, toStore := make(chan *chunk, workers), make(chan *chunk, 2*workers)
	// Not waited for: a read from a terminal or a pipe may never return.
	go i.read(ctx, from, toParse, toStore)
	for range workers {
		go i.parse(toParse)
	}
	var stored int64
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
		if err := i.store(ctx, c, &sum); err != nil {
			return sum, interrupted(stored, err)
		}
		if n := len(c.lines); n > 0 {
			stored = c.lines[n-1].Number
		}
		if i.Progress != nil {
			i.Progress(c.bytes)
		}
		if c.err != nil {
			return sum, interrupted(stored, c.err)
		}
	}
}

func interrupted(stored int64, err error) error {
	return fmt.Errorf("stopped after line %d; what follows is not imported: %w", stored, err)
}

// read cuts a file into chunks.
func (i *Importer) read(ctx context.Context, from io.Reader, toParse, toStore chan<- *chunk) {
	defer close(toParse)
	defer close(toStore)
	size := push.ImportSize
	if i.Gentle {
		size = gentleSize
	}
	lines, err := newLines(from)
	for err == nil {
		c, bytes := &chunk{parsed: make(chan struct{})}, 0
		for err == nil && len(c.lines) < size && bytes < chunkBytes {
			var line ndjson.Line
			if line, err = lines.Next(); err == nil {
				c.lines = append(c.lines, rawLine{Line: line})
				bytes += len(line.Text)
			}
		}
		c.bytes = lines.Bytes()
		if err != io.EOF {
			c.err = err
		}
		if !give(ctx, toParse, c) || !give(ctx, toStore, c) {
			return
		}
	}
	if lines == nil {
		c := &chunk{parsed: make(chan struct{}), err: err}
		close(c.parsed)
		give(ctx, toStore, c)
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

// parse reads the lines of chunks. Those that are bad keep why.
func (i *Importer) parse(chunks <-chan *chunk) {
	for c := range chunks {
		c.items = make([]*push.Import, len(c.lines))
		for n := range c.lines {
			line := &c.lines[n]
			if line.TooLong {
				line.err = errTooLong
			} else if c.items[n], line.err = ParseLine(line.Text, i.Services); line.err == nil {
				c.items[n].WrittenAt = i.WrittenAt
			}
			line.Text = nil
		}
		close(c.parsed)
	}
}

// store writes what is good of a chunk, and says what is bad.
func (i *Importer) store(ctx context.Context, c *chunk, sum *Summary) error {
	var good []*push.Import
	var of []*rawLine
	for n := range c.lines {
		if c.lines[n].err == nil {
			good, of = append(good, c.items[n]), append(of, &c.lines[n])
		}
	}
	if len(good) > 0 {
		began := time.Now()
		results, err := i.Store.ImportSubscriptions(ctx, i.Site, good)
		if err != nil {
			return err
		}
		for n, result := range results {
			of[n].err = result.Err
			sum.count(result.Outcome)
		}
		if i.Gentle {
			pause(ctx, time.Since(began))
		}
	}
	for _, line := range c.lines {
		if line.err != nil {
			sum.Bad++
			i.Bad(line.Number, line.err)
		}
	}
	return nil
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
