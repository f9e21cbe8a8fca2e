// Package dispatchtest has tests of the dispatcher that every store must pass: what
// arrives in a browser, by the dispatcher's and the sender's own way.
package dispatchtest

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/dispatch"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/webpush"
	webpushtest "github.com/pushkit/pushkit/server/webpush/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

// RunContent runs the tests of what messages say to whom. open opens a store of the
// test's own, which is closed when the test ends.
func RunContent(t *testing.T, open func(t *testing.T) push.Store) {
	for name, test := range map[string]func(*testing.T, *rig){
		"each in their language":       testLanguages,
		"a retry is in the same":       testLanguageOfARetry,
		"many of many languages":       testManyLanguages,
		"one person in their language": testLanguageOfOne,
		"each by their attributes":     testAttributes,
		"too long for one of them":     testTooLong,
		"tags to close ride along":     testClosings,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newRig(t, open(t)))
		})
	}
}

// A rig is a store with a dispatcher at work, and a push service that reads what
// only browsers can.
type rig struct {
	push.Store
	*dispatch.Dispatcher
	site     push.Site
	services *webpush.Services
	service  *webpushtest.Service
	arrived  chan webpushtest.Push
}

func newRig(t *testing.T, store push.Store) *rig {
	t.Helper()
	r := &rig{Store: store, arrived: make(chan webpushtest.Push, 10_000)}
	var err error
	if r.site, err = store.Site(t.Context(), push.DefaultSite); err != nil {
		t.Fatal(err)
	}
	if r.service, err = webpushtest.Start(webpushtest.Options{Handle: func(p webpushtest.Push) { r.arrived <- p }}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.service.Close)
	r.services = pushtest.Services(t, r.service.Rule())
	client := webpush.NewClient(webpush.Options{Services: r.services, Subject: "mailto:push@example.com", TLS: r.service.TLS()})
	r.Dispatcher = dispatch.New(store, store, client, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return r
}

// subscribe adds the subscription of a number, which is a user's unless that is empty.
func (r *rig) subscribe(t *testing.T, number int, user, members string) push.Subscription {
	t.Helper()
	s := r.service.Subscription(number)
	request := wire.SubscribeRequest{Endpoint: s.Endpoint, Keys: wire.Keys{P256dh: s.P256dh, Auth: s.Auth}}
	if err := json.Unmarshal([]byte("{"+members+"}"), &request); err != nil {
		t.Fatal(err)
	}
	parsed, err := push.ParseSubscribe(request, r.services)
	if err != nil {
		t.Fatal(err)
	}
	parsed.User = user
	sub, _, err := r.PutSubscription(t.Context(), r.site.ID, parsed)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// post accepts a message as the API does, and has it sent.
func (r *rig) post(t *testing.T, body string) push.ID {
	t.Helper()
	status, batches, err := r.CreateMessage(t.Context(), r.site.ID, pushtest.Message(t, time.Now(), body), push.CreateOptions{Lease: true})
	if err != nil {
		t.Fatal(err)
	}
	r.Hand(batches)
	r.Wake()
	return status.ID
}

// awaitSent waits until nothing of a message is pending.
func (r *rig) awaitSent(t *testing.T, id push.ID) push.Counts {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		status, err := r.MessageStatus(t.Context(), r.site.ID, id)
		if err != nil {
			t.Fatal(err)
		}
		if status.State == wire.MessageSent {
			return status.Counts
		}
		if time.Now().After(deadline) {
			t.Fatalf("the message is not sent: %+v; the push service says %v", status, r.service.Err())
		}
	}
}

// receive posts a message to n, and returns what each subscription's browser shows.
func (r *rig) receive(t *testing.T, n int, body string) map[int]wire.PayloadNotification {
	t.Helper()
	id := r.post(t, body)
	if c := r.awaitSent(t, id); c.Accepted != int64(n) || c.Targeted != int64(n) {
		t.Errorf("got %+v, want %d accepted; the push service says %v", c, n, r.service.Err())
	}
	shown := map[int]wire.PayloadNotification{}
	for range n {
		select {
		case p := <-r.arrived:
			shown[p.Subscription] = r.read(t, id, p)
		case <-time.After(time.Minute):
			t.Fatalf("%d arrived of %d", len(shown), n)
		}
	}
	if len(shown) != n {
		t.Errorf("%d browsers show it, want %d", len(shown), n)
	}
	return shown
}

// read reads a payload, whose token must be one of the message's.
func (r *rig) read(t *testing.T, message push.ID, p webpushtest.Push) wire.PayloadNotification {
	t.Helper()
	var payload wire.Payload
	if err := json.Unmarshal(p.Text, &payload); err != nil {
		t.Fatalf("%q: %v", p.Text, err)
	}
	if d, _, ok := r.site.Tokens.ParseToken(payload.Notification.Data.Pushkit.Token); !ok || d.Message != message {
		t.Errorf("the token of %s is of %+v", p.Text, d)
	}
	return payload.Notification
}

const goal = `"notification": {"title": "Goal!", "body": "2:1", "navigate": "/live", "lang": "en"}, "localized": {
	"de": {"title": "Tor!"}, "pt": {"title": "Gol!", "navigate": "/ao-vivo"}, "PT-br": {"title": "Goool!"}, "zh-Hant-TW": {"title": "進球!"}}`

func testLanguages(t *testing.T, r *rig) {
	titles := map[string]string{
		"de": "Tor!", "de-CH": "Tor!", "DE-ch-1996": "Tor!", "pt": "Gol!", "pt-PT": "Gol!", "pt_BR": "Goool!", "pt-BR-x-foo": "Goool!",
		"zh-Hant-TW": "進球!", "zh-Hant": "Goal!", "zh": "Goal!", "en": "Goal!", "den": "Goal!", "": "Goal!", "-": "Goal!", "de-a-x": "Tor!",
	}
	var locales []string
	for locale := range titles {
		r.subscribe(t, len(locales), "", `"locale": "`+locale+`"`)
		locales = append(locales, locale)
	}
	for number, n := range r.receive(t, len(locales), `{"audience": {"all": true}, `+goal+`}`) {
		if want := titles[locales[number]]; n.Title != want || n.Body != "2:1" {
			t.Errorf("%q is shown %q, want %q", locales[number], n.Title, want)
		}
		lang, navigate := "en", "https://example.com/live"
		switch n.Title {
		case "Tor!":
			lang = "de"
		case "Gol!":
			lang, navigate = "pt", "https://example.com/ao-vivo"
		case "Goool!":
			lang = "PT-br"
		case "進球!":
			lang = "zh-Hant-TW"
		}
		if n.Lang != lang || n.Navigate != navigate {
			t.Errorf("%q: lang %q, navigate %q; want %q, %q", locales[number], n.Lang, n.Navigate, lang, navigate)
		}
	}
}

func testLanguageOfARetry(t *testing.T, r *rig) {
	r.subscribe(t, 0, "", `"locale": "pt-BR"`)
	r.service.Fail(webpushtest.Fault{Status: 503, RetryAfter: time.Second, Count: 1})
	id := r.post(t, `{"audience": {"all": true}, `+goal+`}`)
	r.awaitSent(t, id)
	if c := r.service.Counts(); c.Failed != 1 {
		t.Errorf("got %+v", c)
	}
	if n := r.read(t, id, <-r.arrived); n.Title != "Goool!" {
		t.Errorf("the retry says %q", n.Title)
	}
}

// More than a batch.
func testManyLanguages(t *testing.T, r *rig) {
	const n = push.BatchSize + 100
	locales := []string{"de", "pt", "pt-BR", "en"}
	items := make([]*push.Import, n)
	for i := range n {
		s := r.service.Subscription(i)
		parsed, err := push.ParseSubscribe(wire.SubscribeRequest{
			Endpoint: s.Endpoint, Keys: wire.Keys{P256dh: s.P256dh, Auth: s.Auth}, Locale: locales[i%len(locales)]}, r.services)
		if err != nil {
			t.Fatal(err)
		}
		items[i] = &push.Import{Subscribe: *parsed}
	}
	for part := range slices.Chunk(items, push.ImportSize) {
		results, err := r.ImportSubscriptions(t.Context(), r.site.ID, part)
		if err != nil {
			t.Fatal(err)
		}
		for _, result := range results {
			if result.Err != nil {
				t.Fatal(result.Err)
			}
		}
	}
	titles := []string{"Tor!", "Gol!", "Goool!", "Goal!"}
	for number, n := range r.receive(t, n, `{"audience": {"all": true}, `+goal+`}`) {
		if want := titles[number%len(titles)]; n.Title != want {
			t.Fatalf("%d is shown %q, want %q", number, n.Title, want)
		}
	}
}

// A message to one is handed over as it is accepted.
func testLanguageOfOne(t *testing.T, r *rig) {
	sub := r.subscribe(t, 0, "", `"locale": "de-AT"`)
	for _, n := range r.receive(t, 1, `{"audience": {"subscriptions": ["`+sub.ID.String()+`"]}, `+goal+`}`) {
		if n.Title != "Tor!" {
			t.Errorf("got %q", n.Title)
		}
	}
	// Without localized nobody's locale matters.
	for _, n := range r.receive(t, 1, `{"audience": {"subscriptions": ["`+sub.ID.String()+`"]}, "notification": {"title": "Goal!"}}`) {
		if n.Title != "Goal!" || n.Lang != "" {
			t.Errorf("got %q in %q", n.Title, n.Lang)
		}
	}
}
