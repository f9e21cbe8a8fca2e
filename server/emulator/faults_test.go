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
