package emulator

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestLongPollAnswersAtTheNextChange(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	sub := connect(t, s, "").register(keys.public)
	// Several rounds, since a poll that comes after the push does not wait.
	for round := range 5 {
		var before pushList
		s.api("GET", "/api/pushes?after=999", "", 200, &before)
		if before.Data == nil || len(before.Data) != 0 {
			t.Fatalf("without wait the answer is %+v", before)
		}
		got := make(chan pushList, 1)
		go func() {
			var list pushList
			defer func() { got <- list }()
			s.api("GET", "/api/pushes?wait=30&after="+strconv.Itoa(before.Next), "", 200, &list)
		}()
		keys.send(t, sub, "x", 60, "")
		list := <-got
		if len(list.Data) != 1 || list.Data[0].ID != round+1 || list.Next < list.Data[0].Seq {
			t.Fatalf("%+v", list)
		}
		s.waitPush(round+1, stateDelivered)
	}
}

func TestLongPollEndsWithTheEmulator(t *testing.T) {
	s := serve(t, Options{})
	got := make(chan struct{})
	go func() {
		s.api("GET", "/api/pushes?wait=60", "", 200, nil)
		close(got)
	}()
	s.emulator.Close()
	select {
	case <-got:
	case <-time.After(5 * time.Second):
		t.Error("it waits on")
	}
}

func TestLongPollHearsOfAnExpiry(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	b.leave(s)
	keys.send(t, sub, "x", 1, "")
	start := time.Now()
	s.waitPush(1, stateExpired)
	if d := time.Since(start); d > 4*time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestDeletedSubscriptionIsGoneForSendersAndTheBrowserHearsNothing(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	b.leave(s)
	keys.send(t, sub, "waits", 60, "")
	b = connect(t, s, b.uaid)
	b.wants(sub, "waits")
	id := s.subscriptions()[0].ID
	s.api("DELETE", "/api/subscriptions/"+id, "", 204, nil)
	s.api("DELETE", "/api/subscriptions/"+id, "", 204, nil)
	s.api("DELETE", "/api/subscriptions/unknown", "", 404, nil)
	b.quiet()
	expectRefusal(t, keys.post(t, sub, "x", 60, ""), ruleSubscriptionEnded)
	s.waitPush(1, stateDropped)
	if d := s.subscriptions()[0]; d.State != "ended" || d.EndReason != "deleted" || d.Waiting != 0 || !d.Connected {
		t.Errorf("%+v", d)
	}
	b.write(map[string]any{"messageType": "unregister", "channelID": sub.channelID, "code": 200})
	if f := b.read(); f.Status != 200 {
		t.Errorf("the browser could not unregister: %+v", f)
	}
	if f := b.registerChannel(sub.channelID, keys.public); f.Status != 200 || f.PushEndpoint == sub.endpoint {
		t.Errorf("the browser could not register anew: %+v", f)
	}
}

func TestOfflineCutsAndRefusesBrowsersUntilOnline(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	var state BrowserState
	s.api("POST", "/api/browser", `{"online":false}`, 200, &state)
	if state.Online || state.Connected != 0 {
		t.Errorf("%+v", state)
	}
	b.waitCut()
	if s.emulator.attach("", &socket{}) != nil {
		t.Error("a browser whose handshake had begun was let in")
	}
	if _, response, err := dial(t, s, nil); err == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a browser was answered %v", response)
	}
	keys.send(t, sub, "waits", 60, "")
	s.api("POST", "/api/browser", `{"online":true}`, 200, nil)
	connect(t, s, b.uaid).wants(sub, "waits")
}

func TestForgottenBrowserGetsANewUaidAndItsSubscriptionsAreGone(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	s.api("POST", "/api/browser", `{"forget":true}`, 200, nil)
	b.waitCut()
	again := connect(t, s, b.uaid)
	if again.uaid == b.uaid {
		t.Error("the browser kept its uaid, so Firefox would not notice")
	}
	expectRefusal(t, keys.post(t, sub, "x", 60, ""), ruleBrowserForgotten)
}

func TestFaultsMeetTheNextPushesOnly(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	sub := connect(t, s, "").register(keys.public)
	s.api("POST", "/api/faults", `{"status":429,"retryAfter":7,"count":2}`, 204, nil)
	for range 2 {
		response := keys.post(t, sub, "x", 60, "")
		if got := response.Header.Get("Retry-After"); got != "7" {
			t.Errorf("Retry-After is %q", got)
		}
		rule := ruleFault
		rule.Status = 429
		expectRefusal(t, response, rule)
	}
	keys.send(t, sub, "x", 60, "")

	s.api("POST", "/api/faults", `{"status":500}`, 204, nil)
	response := keys.post(t, sub, "x", 60, "")
	if response.StatusCode != 500 || response.Header.Get("Retry-After") != "" {
		t.Errorf("%d with Retry-After %q", response.StatusCode, response.Header.Get("Retry-After"))
	}
	s.api("POST", "/api/faults", `{"status":503,"count":5}`, 204, nil)
	s.api("POST", "/api/faults", `{"count":0}`, 204, nil)
	keys.send(t, sub, "x", 60, "")
}

func TestControlAPIRefusesWhatItDoesNotUnderstand(t *testing.T) {
	s := serve(t, Options{})
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/api/pushes?after=x", ""},
		{"GET", "/api/pushes?wait=-1", ""},
		{"POST", "/api/browser", "offline"},
		{"POST", "/api/browser", `{"offline":true}`},
		{"POST", "/api/faults", ""},
		{"POST", "/api/faults", `{"status":200}`},
		{"POST", "/api/faults", `{"status":503,"count":-1}`},
		{"POST", "/api/faults", `{"kind":"flood"}`},
		{"POST", "/api/faults", `{"kind":"delay"}`},
		{"POST", "/api/faults", `{"kind":"delay","delay":60001}`},
		{"POST", "/api/faults", `{"kind":"delay","delay":1,"status":503}`},
		{"POST", "/api/faults", `{"kind":"lost-answer","delay":1}`},
		{"POST", "/api/faults", `{"kind":"clock"}`},
		{"POST", "/api/faults", `{"kind":"clock","ahead":31536001}`},
		{"POST", "/api/faults", `{"kind":"clock","ahead":-31536001}`},
		{"POST", "/api/faults", `{"kind":"delay","delay":1,"ahead":1}`},
		{"GET", "/api/state?after=x", ""},
		{"POST", "/api/faults", `{"status":503,"retryAfter":-1}`},
		{"POST", "/api/faults", `{"status":` + strings.Repeat("5", maxControlBody) + `}`},
	} {
		var body struct{ Code, Detail string }
		s.api(c.method, c.path, c.body, 400, &body)
		if body.Code == "" || body.Detail == "" {
			t.Errorf("%s %s: %+v", c.method, c.path, body)
		}
	}
}

func TestWebPagesCannotReachTheAPIOrTheWebsocket(t *testing.T) {
	s := serve(t, Options{PublicURL: "http://push.internal:8090"})
	own := strings.TrimPrefix(s.URL, "http://")
	cases := []struct {
		name   string
		host   string
		header map[string]string
		status int
	}{
		{"no page", own, nil, 200},
		{"the address bar", own, map[string]string{"Sec-Fetch-Site": "none"}, 200},
		{"a page of the emulator's own", own, map[string]string{"Origin": s.URL, "Sec-Fetch-Site": "same-origin"}, 200},
		{"localhost", "localhost:8090", nil, 200},
		{"IPv6 loopback", "[::1]:8090", nil, 200},
		{"the public URL", "push.internal:8090", nil, 200},
		{"a foreign page", own, map[string]string{"Origin": "https://evil.example"}, 403},
		{"a page of another port", own, map[string]string{"Origin": "http://127.0.0.1:1"}, 403},
		{"a sandboxed page", own, map[string]string{"Origin": "null"}, 403},
		{"an image of a foreign page", own, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"an image of another port's page", own, map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		{"a rebound name", "evil.example:8090", nil, 403},
		{"a rebound name and its page", "evil.example", map[string]string{"Origin": "http://evil.example"}, 403},
		{"a name that looks like loopback", "127.0.0.1.evil.example", nil, 403},
	}
	for _, c := range cases {
		for _, path := range []string{"/api/browser", "/"} {
			t.Run(c.name+path, func(t *testing.T) {
				r, err := http.NewRequestWithContext(testContext(t), "GET", s.URL+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Host = c.host
				for name, value := range c.header {
					r.Header.Set(name, value)
				}
				response, err := s.Client().Do(r)
				if err != nil {
					t.Fatal(err)
				}
				response.Body.Close()
				if response.StatusCode != c.status {
					t.Errorf("answered %d", response.StatusCode)
				}
			})
		}
	}
	conn, response, err := dial(t, s, http.Header{"Origin": {"https://evil.example"}})
	if err == nil {
		conn.CloseNow()
		t.Error("a foreign page opened the websocket")
	} else if response == nil || response.StatusCode != 403 {
		t.Errorf("the websocket failed with %v", err)
	}
	// Firefox names the websocket's URL as Origin.
	conn, _, err = dial(t, s, http.Header{"Origin": {"ws" + strings.TrimPrefix(s.URL, "http")}})
	if err != nil {
		t.Fatal(err)
	}
	conn.CloseNow()
}

func TestPersonWhoLooksIsToldWhatThisIs(t *testing.T) {
	s := serve(t, Options{})
	r, err := http.NewRequestWithContext(testContext(t), "GET", s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	// What curl --http2 asks for is no websocket.
	r.Header.Set("Upgrade", "h2c")
	response, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 || !strings.Contains(string(text), "ws"+strings.TrimPrefix(s.URL, "http")+"/") {
		t.Errorf("answered %d: %s, %v", response.StatusCode, text, err)
	}
}

func TestPublicURLIsTheBeginningOfEndpoints(t *testing.T) {
	s := serve(t, Options{PublicURL: "https://push.internal/"})
	sub := connect(t, s, "").register(newVapidKeys(t).public)
	if !strings.HasPrefix(sub.endpoint, "https://push.internal/wpush/v2/") {
		t.Errorf("the endpoint is %s", sub.endpoint)
	}
	var state BrowserState
	s.api("GET", "/api/browser", "", 200, &state)
	if state.Websocket != "wss://push.internal/" {
		t.Errorf("the websocket is at %s", state.Websocket)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []Options{
		{PublicURL: "push.internal"}, {PublicURL: "ws://127.0.0.1"}, {PublicURL: "http://a/b"}, {PublicURL: "http://u@a"},
		{PublicURL: "http://"}, {PublicURL: "http://a?b"}, {LogSize: -1}, {QueueSize: -1},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

func TestClosedEmulatorCutsAndRefusesBrowsers(t *testing.T) {
	s := serve(t, Options{})
	b := connect(t, s, "")
	s.emulator.Close()
	s.emulator.Close()
	b.waitCut()
	if conn, _, err := dial(t, s, nil); err == nil {
		conn.Close(websocket.StatusNormalClosure, "")
		t.Error("a browser was let in")
	}
}
