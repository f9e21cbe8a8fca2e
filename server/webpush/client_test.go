package webpush

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// results collects what SendBatch tells of n messages.
type results struct {
	t   *testing.T
	mu  sync.Mutex
	of  map[int]Result
	all sync.WaitGroup
}

func newResults(t *testing.T, n int) *results {
	r := &results{t: t, of: map[int]Result{}}
	r.all.Add(n)
	return r
}

func (r *results) done(i int, result Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, twice := r.of[i]; twice {
		r.t.Errorf("message %d has two results", i)
		return
	}
	r.of[i] = result
	r.all.Done()
}

func TestABatchHasAResultForEachMessage(t *testing.T) {
	var bodies sync.Map
	handler := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies.Store(r.Host+r.URL.Path, body)
		if strings.HasSuffix(r.URL.Path, "7") {
			w.WriteHeader(http.StatusGone)
		}
	}
	one, two := httptest.NewServer(http.HandlerFunc(handler)), httptest.NewServer(http.HandlerFunc(handler))
	defer one.Close()
	defer two.Close()
	c := NewClient(Options{Services: mustServices(t, "push.example.com="+one.URL, "push.example.net="+two.URL)})
	defer c.Close()
	key := newKey(t)
	messages, browsers := make([]Message, 300), make([]browser, 300)
	for i := range messages {
		host := "push.example.com"
		if i%100 > 80 {
			host = "push.example.net"
		}
		browsers[i] = newBrowser(t)
		messages[i] = Message{
			Subscription: browsers[i].subscription(t, fmt.Sprintf("https://%s/%d", host, i)),
			Payload:      []byte("for ~~~~"), Own: fmt.Sprintf("%04d", i), OwnAt: 4, Key: key, TTL: KeepFor(time.Hour),
		}
	}
	messages[50].Payload = make([]byte, MaxPlaintext+1)
	messages[51].Subscription = browsers[51].subscription(t, "https://evil.net/"+strings.Repeat("x", 20))
	messages[299].Own = "too long for the payload"
	r := newResults(t, len(messages))
	c.SendBatch(t.Context(), messages, r.done)
	r.all.Wait()
	for i, m := range messages {
		want := Accepted
		switch {
		case i == 50:
			want = TooLarge
		case i == 51 || i == 299:
			want = Refused
		case i%10 == 7:
			want = Gone
		}
		if r.of[i].Outcome != want {
			t.Errorf("message %d: got %+v, want %s", i, r.of[i], want)
		}
		if r.of[i].Status == 0 {
			continue
		}
		body, _ := bodies.Load(strings.TrimPrefix(m.Subscription.Endpoint(), "https://"))
		if text, want := string(browsers[i].decrypt(t, body.([]byte))), "for "+m.Own; text != want {
			t.Errorf("browser %d got %q, want %q", i, text, want)
		}
	}
}

func TestAPushServiceThatHangsHoldsUpNoOther(t *testing.T) {
	release := make(chan struct{})
	hung := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer hung.Close()
	defer close(release)
	works := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer works.Close()
	c := NewClient(Options{Services: mustServices(t, "push.example.com="+hung.URL, "push.example.net="+works.URL)})
	defer c.Close()
	key, b := newKey(t), newBrowser(t)
	ctx, cancel := context.WithCancel(t.Context())
	batch := func(host string, n int) []Message {
		messages := make([]Message, n)
		for i := range messages {
			messages[i] = Message{Subscription: b.subscription(t, "https://"+host+"/x"), Key: key}
		}
		return messages
	}
	var waiting sync.WaitGroup
	stuck := newResults(t, 4*firstInFlight)
	waiting.Go(func() { c.SendBatch(ctx, batch("push.example.com", 4*firstInFlight), stuck.done) })
	others := newResults(t, 500)
	c.SendBatch(t.Context(), batch("push.example.net", 500), others.done)
	others.all.Wait()
	for i, r := range others.of {
		if r.Outcome != Accepted {
			t.Fatalf("message %d: got %+v", i, r)
		}
	}
	cancel()
	waiting.Wait()
	stuck.all.Wait()
	for i, r := range stuck.of {
		if r.Outcome != Unavailable {
			t.Fatalf("message %d: got %+v", i, r)
		}
	}
}

func TestAPushServiceThatFailsIsLeftAlone(t *testing.T) {
	var asked atomic.Int32
	c, s := newService(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusBadGateway)
	})
	key := newKey(t)
	for i := range breakAfter + 5 {
		r := c.Send(t.Context(), Message{Subscription: s, Key: key})
		if r.Outcome != Unavailable || !r.Retriable() {
			t.Fatalf("got %+v", r)
		}
		if alone := i >= breakAfter; alone != (r.Status == 0) || alone != (r.RetryAfter > 0) {
			t.Errorf("message %d: got %+v", i, r)
		}
	}
	if asked.Load() != breakAfter {
		t.Errorf("it was asked %d times, want %d", asked.Load(), breakAfter)
	}
}

func TestOneMessageGoesBeforeABatch(t *testing.T) {
	release := make(chan struct{})
	arrived := make(chan struct{}, 1000)
	c, s := newService(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == secretPath {
			arrived <- struct{}{}
			<-release
		}
	})
	key := newKey(t)
	batch := make([]Message, 3*firstInFlight)
	for i := range batch {
		batch[i] = Message{Subscription: s, Key: key}
	}
	r := newResults(t, len(batch))
	var sending sync.WaitGroup
	sending.Go(func() { c.SendBatch(t.Context(), batch, r.done) })
	for range firstInFlight {
		<-arrived
	}
	one := newBrowser(t).subscription(t, "https://push.example.com/one")
	if r := c.Send(t.Context(), Message{Subscription: one, Key: key}); r.Outcome != Accepted {
		t.Errorf("got %+v", r)
	}
	close(release)
	sending.Wait()
	r.all.Wait()
}

func TestAbsentTTLIsNotZero(t *testing.T) {
	for _, c := range []struct {
		ttl  TTL
		want string
	}{{TTL{}, "2419200"}, {NowOrNever, "0"}, {KeepFor(0), "0"}, {KeepFor(1900 * time.Millisecond), "1"}, {KeepFor(DefaultTTL), "2419200"}} {
		var header string
		client, s := newService(t, func(_ http.ResponseWriter, r *http.Request) { header = r.Header.Get("TTL") })
		client.Send(t.Context(), Message{Subscription: s, TTL: c.ttl, Key: newKey(t)})
		if header != c.want {
			t.Errorf("%+v is sent as %q, want %q", c.ttl, header, c.want)
		}
	}
}
