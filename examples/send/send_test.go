package main_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pushkit/pushkit/examples/internal/running"
	"github.com/pushkit/pushkit/server/wire"
)

func TestMain(m *testing.M) { os.Exit(running.Main(m)) }

// languages are the commands that run the examples, by the name that each puts
// into its message.
var languages = map[string][]string{
	"curl":   {"sh", "send.sh"},
	"Go":     {"go", "run", "send.go"},
	"Node":   {"node", "send.mjs"},
	"Python": {"python3", "send.py"},
	"PHP":    {"php", "send.php"},
	"Java":   {"java", "Send.java"},
}

// each runs a test for each language that is on this machine.
func each(t *testing.T, test func(t *testing.T, language string)) {
	for language, command := range languages {
		t.Run(language, func(t *testing.T) {
			needed := command[0]
			if language == "curl" {
				needed = language
			}
			if _, err := exec.LookPath(needed); err != nil {
				t.Skipf("%s is not on this machine", needed)
			}
			test(t, language)
		})
	}
}

// run runs an example with variables of the environment.
func run(language string, environment ...string) (stdout, stderr string, status int) {
	var out, errs bytes.Buffer
	command := languages[language]
	c := exec.Command(command[0], command[1:]...)
	c.Env = running.Environment(environment...)
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); c.ProcessState == nil {
		return "", err.Error(), -1
	}
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}

func TestExamplesSendAndTellWhatBecameOfIt(t *testing.T) {
	const people = 3
	server := running.Serve(t)
	server.Subscribe(t, http.DefaultClient, server.URL, server.URL, people)
	each(t, func(t *testing.T, language string) {
		stdout, stderr, status := run(language, "PUSHKIT_SERVER="+server.URL, "PUSHKIT_API_KEY="+running.Key)
		if status != 0 || stderr != "" {
			t.Fatalf("it ends with %d: %s%s", status, stdout, stderr)
		}
		id, rest, _ := strings.Cut(stdout, "\n")
		if m := server.Message(t, id); m.State != wire.MessageSent {
			t.Errorf("it ends when the message is %q", m.State)
		}
		var counts wire.MessageCounts
		if err := json.Unmarshal([]byte(rest), &counts); err != nil || counts.Targeted != people || counts.Accepted != people {
			t.Errorf("it prints the counts %q: %v", rest, err)
		}
		for range people {
			if p := <-server.Pushes; !strings.Contains(string(p.Text), "says "+language) {
				t.Errorf("the push service got %s", p.Text)
			}
		}
	})
}

func TestExamplesWaitUntilTheMessageIsSent(t *testing.T) {
	each(t, func(t *testing.T, language string) {
		states := []string{"scheduled", "sending", "sent"}
		var calls atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			call, want := int(calls.Add(1)), "GET "+wire.PathMessages+"/m1"
			if call == 1 {
				want = "POST " + wire.PathMessages
			}
			if r.Method+" "+r.URL.Path != want || r.Header.Get("Authorization") != "Bearer "+running.Key {
				t.Errorf("call %d is %s %s", call, r.Method, r.URL.Path)
			}
			state := states[min(call, len(states))-1]
			json.NewEncoder(w).Encode(wire.MessageResponse{ID: "m1", State: state, Counts: wire.MessageCounts{Accepted: int64(call)}})
		}))
		defer server.Close()
		stdout, stderr, status := run(language, "PUSHKIT_SERVER="+server.URL, "PUSHKIT_API_KEY="+running.Key)
		if status != 0 || int(calls.Load()) != len(states) || !strings.Contains(strings.ReplaceAll(stdout, " ", ""), `"accepted":3`) {
			t.Errorf("it ends with %d after %d calls: %s%s", status, calls.Load(), stdout, stderr)
		}
	})
}

func TestExamplesEndWithOneLineAboutWhatIsWrong(t *testing.T) {
	server := running.Serve(t)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		w.Write([]byte("<html>\r\n<h1>502 Bad Gateway</h1>\r\n</html>\r\n"))
	}))
	defer proxy.Close()
	each(t, func(t *testing.T, language string) {
		for name, c := range map[string]struct{ server, key, want string }{
			"nothing is set":  {"", "", "PUSHKIT_SERVER and PUSHKIT_API_KEY"},
			"a wrong key":     {server.URL, running.Key + "x", string(wire.APIKeyInvalid)},
			"a proxy's error": {proxy.URL, running.Key, "502"},
			"nobody is there": {"http://" + running.FreeAddress(t), running.Key, ""},
		} {
			var environment []string
			if c.server != "" {
				environment = []string{"PUSHKIT_SERVER=" + c.server, "PUSHKIT_API_KEY=" + c.key}
			}
			stdout, stderr, status := run(language, environment...)
			// go run adds the status.
			stderr = strings.TrimSuffix(stderr, "exit status 1\n")
			if status != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(strings.ToLower(stderr), "send") || !strings.Contains(stderr, c.want) {
				t.Errorf("%s: it ends with %d: %q, %q", name, status, stdout, stderr)
			} else {
				t.Logf("%s: %s", name, stderr)
			}
		}
	})
}
