package transport

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var (
	modelSeed = flag.Uint64("model.seed", 0, "the one schedule that TestModel plays")
	modelRuns = flag.Uint64("model.runs", 1000, "how many schedules TestModel plays")
)

// TestModel plays random schedules of faults against both transports, and holds
// them to what they promise: each request is done once; what is reported as
// answered was answered so; what may be sent again was not processed; nothing is
// processed twice; and nothing is left over. Every tenth schedule has no faults:
// then all are answered.
func TestModel(t *testing.T) {
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		t.Parallel()
		first, last := uint64(1), *modelRuns
		if *modelSeed != 0 {
			first, last = *modelSeed, *modelSeed
		}
		for seed := first; seed <= last && !t.Failed(); seed++ {
			synctest.Test(t, func(t *testing.T) {
				playModel(t, seed, newTransport)
				if t.Failed() {
					t.Logf("play it again with -run %s -model.seed %d", t.Name(), seed)
				}
			})
		}
	})
}

func playModel(t *testing.T, seed uint64, newTransport func(Config) Transport) {
	random := rand.New(rand.NewPCG(seed, 0))
	m := &modelService{T: t, seed: seed, faults: seed%10 != 0, processed: map[int]int{}, sent: map[int]bool{}}
	tr, origin := m.transport(newTransport)

	type batch struct {
		ctx      context.Context
		first    int
		outcomes []*outcome
	}
	var (
		mu      sync.Mutex
		batches []*batch
		all     sync.WaitGroup
		id      int
	)
	for range 1 + random.IntN(8) {
		timeout := time.Minute
		if m.faults && random.IntN(5) == 0 {
			timeout = time.Duration(random.IntN(300)) * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		requests := make([]Request, 1+random.IntN(12))
		b := &batch{ctx, id, make([]*outcome, len(requests))}
		batches = append(batches, b)
		for i := range requests {
			size := random.IntN(3000)
			if random.IntN(50) == 0 {
				size = random.IntN(150_000)
			}
			requests[i] = Request{Path: "/secret", Fields: []Field{{"x-id", strconv.Itoa(id)}}, Body: make([]byte, size)}
			id++
		}
		all.Add(len(requests))
		tr.Post(ctx, origin, requests, func(i int, r Response, err error) {
			mu.Lock()
			defer mu.Unlock()
			if b.outcomes[i] != nil {
				t.Errorf("done was called again for request %d", b.first+i)
				return
			}
			b.outcomes[i] = &outcome{r, err}
			all.Done()
		})
		<-time.After(time.Duration(random.IntN(20)) * time.Millisecond)
	}
	over := make(chan bool)
	go func() { all.Wait(); close(over) }()
	select {
	case <-over:
	case <-time.After(2 * time.Minute):
		t.Error("requests hang")
	}
	synctest.Wait()
	for _, b := range batches {
		for i, o := range b.outcomes {
			if o != nil {
				m.check(b.first+i, o, b.ctx)
			}
		}
	}
	if h, lean := tr.(*HTTP2); lean {
		checkNothingOpen(t, h)
	}
	tr.Close()
	m.close()
}

// transport returns the transport under test: without TLS, which is not what is
// tested and costs most of the time.
func (m *modelService) transport(newTransport func(Config) Transport) (Transport, Origin) {
	config := Config{Dial: func(context.Context, Origin) (net.Conn, error) { return m.connect() }}
	tr := newTransport(config)
	origin := scriptOrigin
	switch tr := tr.(type) {
	case *NetHTTP:
		origin.Scheme = "http"
		tr.transport(origin).Protocols = new(http.Protocols)
		tr.transport(origin).Protocols.SetUnencryptedHTTP2(true)
	case *HTTP2:
		m.strict = true
		tr.connect = config.Dial
	}
	return tr, origin
}

func (m *modelService) check(id int, o *outcome, ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	processed := m.processed[id]
	if processed > 1 {
		m.Errorf("request %d was processed %d times", id, processed)
	}
	status, body := m.answerTo(id)
	kept := body[:min(len(body), MaxAnswer)]
	switch {
	case o.err == nil && processed == 0:
		m.Errorf("request %d was answered with %d, but nobody processed it", id, o.Status)
	case o.err == nil && (o.Status != status || !bytes.HasPrefix(kept, o.Body)):
		m.Errorf("request %d was answered with %d and %d bytes, not with %d and %d", id, o.Status, len(o.Body), status, len(kept))
	case m.strict && o.err == nil && m.sent[id] && len(o.Body) < len(kept) && ctx.Err() == nil && len(body) <= initialWindow:
		m.Errorf("request %d: %d of %d bytes were reported", id, len(o.Body), len(kept))
	case o.err != nil && errors.Is(o.err, ErrNotProcessed) && processed > 0:
		m.Errorf("request %d was processed: %v", id, o.err)
	case o.err != nil && !m.faults:
		m.Errorf("request %d: %v", id, o.err)
	case o.err != nil && bytes.Contains([]byte(o.err.Error()), []byte("secret")):
		m.Errorf("request %d tells its path: %v", id, o.err)
	}
}

// answerTo is what a request is answered with, if it is.
func (m *modelService) answerTo(id int) (status int, body []byte) {
	random := rand.New(rand.NewPCG(m.seed, uint64(id)+1))
	status = []int{200, 201, 400, 404, 410, 429, 500}[random.IntN(7)]
	size := []int{0, 0, 1, 100, MaxAnswer, 20_000, 60_000}[random.IntN(7)]
	return status, bytes.Repeat(fmt.Append(nil, id, " "), size/2+1)[:size]
}

// checkNothingOpen checks that all streams and requests are accounted for.
func checkNothingOpen(t *testing.T, h *HTTP2) {
	for _, p := range h.pools {
		p.mu.Lock()
		if p.waiting.len != 0 || p.waiting.first != nil {
			t.Errorf("%d requests wait", p.waiting.len)
		}
		for _, c := range p.conns {
			if len(c.streams) > 0 {
				t.Errorf("%d streams are open", len(c.streams))
			}
		}
		p.mu.Unlock()
	}
}
