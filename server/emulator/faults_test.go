package emulator

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"
)

// tryPost posts a push whose answer may be lost.
func (k vapidKeys) tryPost(s testSubscription, text string) (*http.Response, error) {
	subscription := s.toJSON()
	return webpush.SendNotification([]byte(text), &subscription, &webpush.Options{
		Subscriber: "push@example.com", VAPIDPublicKey: k.public, VAPIDPrivateKey: k.private, TTL: 60, RecordSize: 512, HTTPClient: s.route,
	})
}

func (s *testService) faults() []Fault {
	s.t.Helper()
	var list struct{ Data []Fault }
	s.api("GET", "/api/faults", "", 200, &list)
	return list.Data
}

func TestALostAnswerIsOfAPushThatWasTaken(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	s.api("POST", "/api/faults", `{"kind":"lost-answer"}`, 204, nil)
	response, err := keys.tryPost(sub, "taken")
	if !errors.Is(err, io.EOF) {
		t.Errorf("the sender was answered %v, %v", response, err)
	}
	b.wants(sub, "taken")
	if p := s.pushes()[0]; p.Status != 0 || p.State != stateDelivered || !slices.Equal(p.Faults, []string{faultLostAnswer}) {
		t.Errorf("the log says %+v", p)
	}
	keys.send(t, sub, "answered", 60, "")
	b.wants(sub, "answered")
}

func TestADelayedAnswerIsOfAPushThatIsDeliveredAtOnce(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	s.api("POST", "/api/faults", `{"kind":"delay","delay":60000}`, 204, nil)
	answered := make(chan error, 1)
	go func() {
		response, err := keys.tryPost(sub, "late")
		if err == nil && response.StatusCode != http.StatusCreated {
			err = errors.New(response.Status)
		}
		answered <- err
	}()
	b.wants(sub, "late")
	select {
	case err := <-answered:
		t.Fatalf("the answer came before its time: %v", err)
	default:
	}
	// Its end does not keep the emulator from ending.
	s.emulator.Close()
	select {
	case err := <-answered:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the emulator's end does not end it")
	}

	s = serve(t, Options{})
	sub = connect(t, s, "").register(keys.public)
	s.api("POST", "/api/faults", `{"kind":"delay","delay":150}`, 204, nil)
	s.api("POST", "/api/faults", `{"status":503}`, 204, nil)
	s.api("POST", "/api/faults", `{"kind":"lost-answer"}`, 204, nil)
	start := time.Now()
	response := keys.post(t, sub, "x", 60, "")
	if took := time.Since(start); took < 150*time.Millisecond || response.StatusCode != 503 {
		t.Errorf("answered %d after %v", response.StatusCode, took)
	}
	if p := s.pushes()[0]; !slices.Equal(p.Faults, []string{faultStatus, faultDelay}) || p.Status != 503 || p.TTL != 60 {
		t.Errorf("the log says %+v", p)
	}
	if left := s.faults(); len(left) != 1 || left[0].Kind != faultLostAnswer {
		t.Errorf("an answer that was refused was lost, too: %+v", left)
	}
}

func TestAWrongClockOfTheApplicationServerIsAWrongTokenOnce(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault string
		rule  string
	}{
		{"a day ahead", `{"kind":"clock","ahead":86400}`, ruleVapidTooLong.ID},
		{"a day behind", `{"kind":"clock","ahead":-86400}`, ruleVapidExpired.ID},
		// Tokens live for 12 hours here: an hour does no harm either way.
		{"an hour ahead", `{"kind":"clock","ahead":3600}`, ""},
		{"an hour behind", `{"kind":"clock","ahead":-3600}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, Options{})
			keys := newVapidKeys(t)
			b := connect(t, s, "")
			sub := b.register(keys.public)
			s.api("POST", "/api/faults", c.fault, 204, nil)
			want := http.StatusCreated
			if c.rule != "" {
				want = http.StatusUnauthorized
			}
			if got := keys.post(t, sub, "judged", 60, "").StatusCode; got != want {
				t.Errorf("answered %d", got)
			}
			if p := s.pushes()[0]; p.Rule != c.rule || !slices.Equal(p.Faults, []string{faultClock}) {
				t.Errorf("the log says %+v", p)
			}
			if got := s.subscriptions()[0].State; got != "active" {
				t.Errorf("the subscription is %s", got)
			}
			keys.send(t, sub, "next", 60, "")
			if p := s.pushes()[1]; p.Faults != nil {
				t.Errorf("the next one met %v", p.Faults)
			}
		})
	}
}

func TestAWrongClockMeetsOnlyPushesThatHaveAToken(t *testing.T) {
	s := serve(t, Options{})
	sub := connect(t, s, "").register("")
	s.api("POST", "/api/faults", `{"kind":"clock","ahead":86400}`, 204, nil)
	subscription := sub.toJSON()
	request, err := http.NewRequest(http.MethodPost, subscription.Endpoint, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("TTL", "60")
	response, err := sub.route.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusCreated || len(s.faults()) != 1 {
		t.Errorf("answered %d, armed are %+v", response.StatusCode, s.faults())
	}
}

func TestAFaultOfOneSubscriptionLeavesTheOthersAlone(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	one := b.register(keys.public)
	id := s.subscriptions()[0].ID
	other := b.register(keys.public)
	s.api("POST", "/api/faults", `{"status":500,"subscription":"`+id+`"}`, 204, nil)
	keys.send(t, other, "x", 60, "")
	if got := keys.post(t, one, "x", 60, "").StatusCode; got != 500 {
		t.Errorf("answered %d", got)
	}
	keys.send(t, one, "x", 60, "")

	// Its own goes before one for all, which stays armed.
	s.api("POST", "/api/faults", `{"status":500,"subscription":"`+id+`"}`, 204, nil)
	s.api("POST", "/api/faults", `{"status":502}`, 204, nil)
	for _, want := range []int{500, 502, 201} {
		if got := keys.post(t, one, "x", 60, "").StatusCode; got != want {
			t.Errorf("answered %d, not %d", got, want)
		}
	}
	s.api("POST", "/api/faults", `{"status":500,"subscription":"unknown"}`, 404, nil)
}

func TestArmedFaultsAreListedReplacedAndCleared(t *testing.T) {
	s := serve(t, Options{})
	s.api("POST", "/api/faults", `{"status":503,"retryAfter":9,"count":3}`, 204, nil)
	s.api("POST", "/api/faults", `{"kind":"delay","delay":100}`, 204, nil)
	s.api("POST", "/api/faults", `{"kind":"status","status":429}`, 204, nil)
	want := []Fault{{Kind: faultDelay, Delay: 100, Count: 1}, {Kind: faultStatus, Status: 429, Count: 1}}
	if got := s.faults(); !slices.Equal(got, want) {
		t.Errorf("armed are %+v", got)
	}
	s.api("POST", "/api/faults", `{"kind":"delay","count":0}`, 204, nil)
	if got := s.faults(); !slices.Equal(got, want[1:]) {
		t.Errorf("armed are %+v", got)
	}
	s.api("DELETE", "/api/faults", "", 204, nil)
	if got := s.faults(); got == nil || len(got) != 0 {
		t.Errorf("armed are %+v", got)
	}
}

func TestFaultsAreBounded(t *testing.T) {
	s := serve(t, Options{})
	b := connect(t, s, "")
	b.register("")
	id := s.subscriptions()[0].ID
	for range maxFaults {
		s.emulator.faults = append(s.emulator.faults, Fault{Kind: faultStatus, Subscription: "another", Count: 1})
	}
	s.api("POST", "/api/faults", `{"subscription":"`+id+`"}`, 409, nil)
	// One that is armed may still be changed.
	s.emulator.faults[0].Subscription = id
	s.api("POST", "/api/faults", `{"subscription":"`+id+`","count":7}`, 204, nil)
	if got := s.faults(); len(got) != maxFaults || got[maxFaults-1].Count != 7 {
		t.Errorf("%d are armed", len(got))
	}
}

func TestACutBrowserComesBackAndGetsWhatWaits(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	var state BrowserState
	s.api("POST", "/api/browser", `{"cut":true}`, 200, &state)
	if state.Connected != 0 || !state.Online {
		t.Errorf("%+v", state)
	}
	b.waitCut()
	keys.send(t, sub, "waits", 60, "")
	connect(t, s, b.uaid).wants(sub, "waits")
}
