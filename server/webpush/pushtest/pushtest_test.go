package pushtest_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	webpushgo "github.com/SherClockHolmes/webpush-go"

	"github.com/pushkit/pushkit/server/webpush/pushtest"
)

func start(t *testing.T, o pushtest.Options) *pushtest.Service {
	t.Helper()
	s, err := pushtest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// direct sends every request to the service, after a change.
type direct struct {
	client  http.Client
	address string
	change  func(*http.Request)
}

func (d *direct) Do(r *http.Request) (*http.Response, error) {
	r.Host, r.URL.Host = r.URL.Host, d.address
	if d.change != nil {
		d.change(r)
	}
	return d.client.Do(r)
}

// send sends with webpush-go, which is not ours.
func send(t *testing.T, s *pushtest.Service, number int, text string, change func(*http.Request), keys ...string) (*http.Response, error) {
	t.Helper()
	if len(keys) == 0 {
		private, public, err := webpushgo.GenerateVAPIDKeys()
		if err != nil {
			t.Fatal(err)
		}
		keys = []string{private, public}
	}
	var subscription webpushgo.Subscription
	if err := json.Unmarshal(s.Subscription(number).JSON(), &subscription); err != nil {
		t.Fatal(err)
	}
	tls := s.TLS()
	tls.ServerName = pushtest.DefaultName
	client := &direct{http.Client{Transport: &http.Transport{TLSClientConfig: tls, ForceAttemptHTTP2: true}}, s.Address(), change}
	t.Cleanup(client.client.CloseIdleConnections)
	response, err := webpushgo.SendNotification([]byte(text), &subscription, &webpushgo.Options{
		HTTPClient: client, Subscriber: "push@example.com", TTL: 60, Urgency: webpushgo.UrgencyHigh, Topic: "news",
		VAPIDPrivateKey: keys[0], VAPIDPublicKey: keys[1],
	})
	if err == nil {
		response.Body.Close()
	}
	return response, err
}

func status(t *testing.T, r *http.Response, err error) int {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode
}

func TestASenderThatIsNotOursIsUnderstood(t *testing.T) {
	var got atomic.Pointer[pushtest.Push]
	s := start(t, pushtest.Options{Handle: func(p pushtest.Push) { got.Store(&p) }})
	r, err := send(t, s, 123_456_789, "hello", nil)
	if status(t, r, err) != 201 || r.ProtoMajor != 2 {
		t.Fatalf("got %d by HTTP/%d: %v", r.StatusCode, r.ProtoMajor, s.Err())
	}
	// webpush-go pads with zeros behind the delimiter, which decrypting takes off.
	if p := got.Load(); p.Subscription != 123_456_789 || string(p.Text) != "hello" || p.TTL != 60 || p.Urgency != "high" || p.Topic != "news" {
		t.Errorf("got %+v", p)
	}
}

func TestEachMistakeIsRefused(t *testing.T) {
	body := func(change func([]byte) []byte) func(*http.Request) {
		return func(r *http.Request) {
			var b bytes.Buffer
			b.ReadFrom(r.Body)
			raw := change(b.Bytes())
			r.Body, r.ContentLength = http.NoBody, int64(len(raw))
			if len(raw) > 0 {
				r.Body = readCloser{bytes.NewReader(raw)}
			}
		}
	}
	flip := func(i int) func([]byte) []byte {
		return func(b []byte) []byte { b[i] ^= 1; return b }
	}
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
		word   string
	}{
		"no TTL":            {func(r *http.Request) { r.Header.Del("TTL") }, 400, "TTL"},
		"negative TTL":      {func(r *http.Request) { r.Header.Set("TTL", "-1") }, 400, "TTL"},
		"urgency":           {func(r *http.Request) { r.Header.Set("Urgency", "asap") }, 400, "Urgency"},
		"topic":             {func(r *http.Request) { r.Header.Set("Topic", strings.Repeat("x", 33)) }, 400, "Topic"},
		"encoding":          {func(r *http.Request) { r.Header.Set("Content-Encoding", "aesgcm") }, 400, "Content-Encoding"},
		"no authorization":  {func(r *http.Request) { r.Header.Del("Authorization") }, 403, "Authorization"},
		"another origin":    {func(r *http.Request) { r.Host = "push.example.net" }, 403, "token"},
		"another signature": {func(r *http.Request) { r.Header.Set("Authorization", signature(r.Header.Get("Authorization"))) }, 403, "token"},
		"salt":              {body(flip(0)), 400, "decrypt"},
		"public key":        {body(flip(30)), 400, "point"},
		"ciphertext":        {body(flip(200)), 400, "decrypt"},
		"header cut off":    {body(func(b []byte) []byte { return b[:50] }), 400, "header"},
		"several records":   {body(func(b []byte) []byte { b[18], b[19] = 0, 100; return b }), 400, "record"},
		"more than 4096":    {body(func(b []byte) []byte { return append(b, make([]byte, 4097)...) }), 413, "4096"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, pushtest.Options{})
			r, err := send(t, s, 1, "hello", c.change)
			if status(t, r, err) != c.status || s.Err() == nil || !strings.Contains(s.Err().Error(), c.word) {
				t.Errorf("got %d: %v; want %d and a word about %q", r.StatusCode, s.Err(), c.status, c.word)
			}
			if counts := s.Counts(); counts != (pushtest.Counts{Refused: 1}) {
				t.Errorf("got %+v", counts)
			}
		})
	}
}

// signature changes a token's.
func signature(header string) string {
	at := strings.Index(header, ",") - 10
	return header[:at] + "AAAAA" + header[at+5:]
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

func TestSubscriptionsAreTheSameEachTimeAndEnd(t *testing.T) {
	s := start(t, pushtest.Options{})
	seen := map[string]bool{}
	for i := range 1000 {
		if s.Subscription(i) != s.Subscription(i) {
			t.Fatal("a subscription is another one the second time")
		}
		seen[s.Subscription(i).Endpoint] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d endpoints, want 1000", len(seen))
	}
	s.End(7)
	for number, want := range map[int]int{6: 201, 7: 410} {
		r, err := send(t, s, number, "", nil)
		if got := status(t, r, err); got != want {
			t.Errorf("%d: got %d, want %d", number, got, want)
		}
	}
	r, err := send(t, s, 1, "", func(r *http.Request) { r.URL.Path += "x" })
	if got := status(t, r, err); got != 404 {
		t.Errorf("an endpoint that was never given out: got %d", got)
	}
}

func TestASubscriptionIsRestrictedToItsKey(t *testing.T) {
	s := start(t, pushtest.Options{})
	private, public, err := webpushgo.GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	s.RequireKey(public)
	r, err := send(t, s, 1, "", nil, private, public)
	if got := status(t, r, err); got != 201 {
		t.Errorf("its own key: got %d", got)
	}
	r, err = send(t, s, 1, "", nil)
	if got := status(t, r, err); got != 403 {
		t.Errorf("another key: got %d", got)
	}
}

func TestFaultsMeetWhatTheyAreFor(t *testing.T) {
	var accepted atomic.Int32
	s := start(t, pushtest.Options{Handle: func(pushtest.Push) { accepted.Add(1) }})
	get := func(number int) int {
		r, err := send(t, s, number, "", nil)
		return status(t, r, err)
	}
	s.Fail(pushtest.Fault{Status: 429, RetryAfter: 3 * time.Second, Count: 2, Match: func(n int) bool { return n == 1 }})
	for i, want := range []int{429, 429, 201} {
		if got := get(1); got != want || get(2) != 201 {
			t.Errorf("push %d: got %d, want %d", i, got, want)
		}
	}
	s.Fail(pushtest.Fault{Status: 503, Every: 2})
	if first, second := get(1), get(1); first+second != 201+503 {
		t.Errorf("got %d and %d, want one of each", first, second)
	}
	s.Mend()
	before := accepted.Load()
	s.Fail(pushtest.Fault{LoseAnswer: true, Count: 1})
	if r, err := send(t, s, 1, "", nil); err == nil {
		t.Errorf("the lost answer is %d", r.StatusCode)
	}
	if accepted.Load() != before+1 || get(1) != 201 {
		t.Error("the push whose answer was lost was not taken, or the fault stays")
	}
	if s.Err() != nil {
		t.Error(s.Err())
	}
}

func TestACutEndsWhatIsUnderWay(t *testing.T) {
	s := start(t, pushtest.Options{})
	s.Fail(pushtest.Fault{Delay: time.Minute, Count: 1})
	failed := make(chan error)
	go func() {
		r, err := send(t, s, 1, "", nil)
		if err == nil {
			r.Body.Close()
		}
		failed <- err
	}()
	for err := error(nil); err == nil; {
		select {
		case err = <-failed:
			if err == nil {
				t.Fatal("it got an answer")
			}
		case <-time.After(20 * time.Millisecond):
			s.Cut()
		}
	}
	if r, err := send(t, s, 1, "", nil); status(t, r, err) != 201 {
		t.Error("the service is gone after a cut")
	}
}
