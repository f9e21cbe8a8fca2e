package emulator

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// testService is an emulator that serves, with a clock that tests set forward.
type testService struct {
	*httptest.Server
	t        *testing.T
	emulator *Emulator
	ahead    atomic.Int64 // nanoseconds
}

func serve(t *testing.T, o Options) *testService {
	t.Helper()
	s := &testService{t: t}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.MCSAddr = listener.Addr().String()
	o.Now = func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.emulator, s.Server = e, httptest.NewServer(e)
	served := make(chan error, 1)
	go func() { served <- e.ServeMCS(listener) }()
	t.Cleanup(func() {
		e.Close()
		listener.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
		s.Close()
	})
	return s
}

func (s *testService) later(d time.Duration) {
	s.ahead.Add(int64(d))
}

// api calls the control API, expects a status, and decodes the answer.
func (s *testService) api(method, path, body string, status int, into any) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(testContext(s.t), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := s.Client().Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if response.StatusCode != status {
		s.t.Fatalf("%s %s was answered %d: %s", method, path, response.StatusCode, text)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			s.t.Fatal(err)
		}
	}
}

type pushList struct {
	Data []Push `json:"data"`
	Next int    `json:"next"`
}

func (s *testService) pushes() []Push {
	s.t.Helper()
	var list pushList
	s.api("GET", "/api/pushes", "", 200, &list)
	return list.Data
}

// waitPush waits until the push with this id is in this state.
func (s *testService) waitPush(id int, state string) Push {
	s.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for after := 0; time.Now().Before(deadline); {
		var list pushList
		s.api("GET", "/api/pushes?wait=5&after="+strconv.Itoa(after), "", 200, &list)
		for _, p := range list.Data {
			if p.ID == id && p.State == state {
				return p
			}
		}
		after = list.Next
	}
	s.t.Fatalf("push %d was never %s: %+v", id, state, s.pushes())
	return Push{}
}

// waitConnected waits until so many browsers are connected.
func (s *testService) waitConnected(n int) {
	s.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		var state BrowserState
		s.api("GET", "/api/browser", "", 200, &state)
		if state.Connected == n {
			return
		}
		time.Sleep(time.Millisecond)
	}
	s.t.Fatalf("there were never %d browsers connected", n)
}

func (s *testService) subscriptions() []Subscription {
	s.t.Helper()
	var list struct{ Data []Subscription }
	s.api("GET", "/api/subscriptions", "", 200, &list)
	return list.Data
}

// refusalBody is the body of a refused push.
type refusalBody struct {
	Code     int    `json:"code"`
	Errno    *int   `json:"errno"`
	Error    string `json:"error"`
	Message  string `json:"message"`
	MoreInfo string `json:"more_info"`
	Rule     string `json:"rule"`
	Advice   string `json:"advice"`
}

// expectRefusal checks that a push was refused by a rule, in autopush's form.
func expectRefusal(t *testing.T, response *http.Response, rule Rule) {
	t.Helper()
	defer response.Body.Close()
	var body refusalBody
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		t.Fatalf("%d with a body that is no JSON: %v", response.StatusCode, err)
	}
	errno := 0
	if body.Errno != nil {
		errno = *body.Errno
	}
	if response.StatusCode != rule.Status || body.Code != rule.Status || errno != rule.Errno || body.Rule != rule.ID {
		t.Errorf("refused with %d and %+v errno %d, not by %s (%d, errno %d)", response.StatusCode, body, errno, rule.ID, rule.Status, rule.Errno)
	}
	if body.Message == "" || body.Error == "" || body.MoreInfo == "" || body.Advice == "" {
		t.Errorf("the refusal lacks a text: %+v", body)
	}
}
