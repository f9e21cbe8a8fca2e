package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

const asLines = "Content-Type: application/x-ndjson"

// lines posts messages, one a line, and returns the answers.
func (s *server) lines(t *testing.T, body string, header ...string) (answers []wire.MessageLine) {
	t.Helper()
	w := s.call("POST", "/v1/messages", body, append(header, withKey, asLines)...)
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
	for line := range strings.Lines(w.Body.String()) {
		var answer wire.MessageLine
		if err := json.Unmarshal([]byte(line), &answer); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		answers = append(answers, answer)
	}
	return answers
}

func (s *server) messages(t *testing.T) int {
	t.Helper()
	list := want(t, s.call("GET", "/v1/messages?limit=1000", "", withKey), 200)
	return len(list["data"].([]any))
}

// Many different messages in one request: each has an answer of its own, in their
// order, and a bad one stops no other.
func TestMessagesALineEach(t *testing.T) {
	s := newServer(t)
	id := want(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint, ``)), 201)["id"].(string)
	toOne := `{"audience": {"subscriptions": ["` + id + `"]}, "notification": {"title": "x"}}`
	body := strings.Join([]string{
		someMessage, `{`, "", toOne, `{"audience": {"all": true}, "notification": {"title": " "}}`,
		strings.Repeat(" ", wire.MaxMessageBody) + someMessage,
		`{"dryRun": true, ` + someMessage[1:], `{"audience": {"all": true}, "notification": {"title": "` + strings.Repeat("x", 2800) + `"}}`,
	}, "\n")
	// Its long line would be too long for one message.
	r := httptest.NewRequest("POST", "/v1/messages", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-ndjson")
	r.Header.Set("Authorization", "Bearer "+apiKey)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var answers []wire.MessageLine
	for decoder := json.NewDecoder(w.Body); ; {
		var answer wire.MessageLine
		if err := decoder.Decode(&answer); err != nil {
			break
		}
		answers = append(answers, answer)
	}
	codes := []wire.Code{"", wire.InvalidJSON, "", wire.InvalidField, wire.BodyTooLarge, "", ""}
	if len(answers) != len(codes) {
		t.Fatalf("%d answers: %+v", len(answers), answers)
	}
	for i, number := range []int64{1, 2, 4, 5, 6, 7, 8} {
		a := answers[i]
		if a.Line != number || (a.Problem != nil) != (codes[i] != "") || a.Problem != nil && (a.Problem.Code != codes[i] || a.Problem.Status < 400 || a.ID != "") {
			t.Errorf("line %d is answered %+v %+v, want %q", number, a, a.Problem, codes[i])
		}
	}
	if a := answers[0]; a.ID == "" || a.State != wire.MessageSending {
		t.Errorf("got %+v", a)
	}
	if a := answers[5]; a.ID != "" || a.Targeted == nil || *a.Targeted != 1 {
		t.Errorf("the dry run is answered %+v", a)
	}
	if a := answers[6]; a.ID == "" || len(a.Warnings) != 1 {
		t.Errorf("got %+v", a)
	}
	if n := s.messages(t); n != 3 || len(s.dispatcher.batches) != 1 {
		t.Errorf("%d messages were accepted and %d batches handed over, want 3 and 1", n, len(s.dispatcher.batches))
	}
}

func TestThereIsAnEndOfLines(t *testing.T) {
	s := newServer(t)
	answers := s.lines(t, strings.Repeat(someMessage+"\n", wire.MaxMessageLines+2))
	if len(answers) != wire.MaxMessageLines+1 {
		t.Fatalf("%d answers", len(answers))
	}
	for i, answer := range answers {
		if more := i == wire.MaxMessageLines; answer.Line != int64(i+1) || (answer.Problem != nil) != more || more && answer.Problem.Code != wire.BodyTooLarge {
			t.Fatalf("answer %d is %+v", i, answer)
		}
	}
	if n := s.messages(t); n != wire.MaxMessageLines {
		t.Errorf("%d messages were accepted", n)
	}
	for _, empty := range []string{"\n", " \r\n\n"} {
		wantProblem(t, s.call("POST", "/v1/messages", empty, withKey, asLines), 400, wire.InvalidJSON, "")
	}
}

// The whole can be sent again where the answer was lost: each line is known by the key
// and its number.
func TestLinesThatComeAgain(t *testing.T) {
	s := newServer(t)
	other := strings.Replace(someMessage, `"x"`, `"y"`, 1)
	first := s.lines(t, someMessage+"\n"+someMessage+"\n", "Idempotency-Key: k")
	again := s.lines(t, someMessage+"\n"+other+"\n"+someMessage, "Idempotency-Key: k")
	if first[0].ID == first[1].ID || again[0].ID != first[0].ID || again[2].ID == "" || again[2].ID == first[0].ID {
		t.Errorf("got %+v, then %+v", first, again)
	}
	if p := again[1].Problem; p == nil || p.Code != wire.IdempotencyConflict {
		t.Errorf("another line with the same number is answered %+v", again[1])
	}
	// The key alone is another one.
	want(t, s.call("POST", "/v1/messages", other, withKey, "Idempotency-Key: k"), 202)
	if n := s.messages(t); n != 4 {
		t.Errorf("%d messages were accepted, want 4", n)
	}
}

// A line is answered before the next one comes.
func TestLinesAreAnsweredWhileMoreCome(t *testing.T) {
	s := newServer(t)
	listening := httptest.NewServer(s.Handler)
	defer listening.Close()
	body, more := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), "POST", listening.URL+"/v1/messages", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	request.Header.Set("Authorization", "Bearer "+apiKey)
	go io.WriteString(more, someMessage+"\n")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answers := bufio.NewScanner(response.Body)
	for i := 1; i <= 3; i++ {
		if i > 1 {
			if _, err := io.WriteString(more, someMessage+"\n"); err != nil {
				t.Fatal(err)
			}
		}
		if !answers.Scan() || !strings.Contains(answers.Text(), fmt.Sprintf(`{"line":%d,"id":`, i)) {
			t.Fatalf("got %q, %v", answers.Text(), answers.Err())
		}
	}
	more.Close()
	if answers.Scan() {
		t.Errorf("got %q after the end", answers.Text())
	}
}

// A store that fails is told line by line, and so is what panics.
func TestLinesThatAStoreDoesNotTake(t *testing.T) {
	for code, err := range map[wire.Code]error{wire.Unavailable: errAway, wire.Internal: errors.New("the store is broken")} {
		s := newServer(t, func(o *api.Options) { o.Store = refusing{o.Store, err} })
		answers := s.lines(t, someMessage+"\n"+someMessage)
		if len(answers) != 2 || answers[0].Problem == nil || answers[0].Problem.Code != code || answers[1].Problem == nil {
			t.Errorf("got %+v", answers)
		}
	}
	s := newServer(t, func(o *api.Options) { o.Dispatcher = nil })
	if answers := s.lines(t, someMessage); len(answers) != 1 || answers[0].Problem == nil || answers[0].Problem.Code != wire.Internal {
		t.Errorf("got %+v", answers)
	}
}

// refusing is a store that takes no message.
type refusing struct {
	push.Store
	err error
}

func (r refusing) CreateMessage(context.Context, push.SiteID, *push.Message, push.CreateOptions) (push.MessageStatus, []push.Batch, error) {
	return push.MessageStatus{}, nil, r.err
}
