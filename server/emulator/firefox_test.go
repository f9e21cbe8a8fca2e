package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// program writes a shell script that stands for Firefox.
func program(t *testing.T, script string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	path := filepath.Join(t.TempDir(), "firefox")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFirefoxStartsOnAFreshProfileThatIsDeletedAfter(t *testing.T) {
	out := t.TempDir()
	t.Setenv("OUT", out)
	path := program(t, `echo "$@" > $OUT/args; cp "$3/user.js" $OUT/user.js; echo "$3" > $OUT/profile`)
	f := Firefox{Path: path, Websocket: "ws://127.0.0.1:8090/", URL: "http://localhost:8080/", Headless: true}
	if err := f.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
	profile := read("profile")
	if got, want := read("args"), "--no-remote --profile "+profile+" --headless http://localhost:8080/"; got != want {
		t.Errorf("started with %s", got)
	}
	for _, line := range []string{
		`user_pref("dom.push.serverURL", "ws://127.0.0.1:8090/");`,
		`user_pref("dom.push.testing.allowInsecureServerURL", true);`,
		`user_pref("dom.push.connection.enabled", true);`,
		`user_pref("dom.push.retryBaseInterval", 200);`,
		// Nobody can be asked.
		`user_pref("permissions.default.desktop-notification", 1);`,
	} {
		if !strings.Contains(read("user.js"), line) {
			t.Errorf("user.js lacks %s", line)
		}
	}
	if _, err := os.Stat(profile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the profile is still there: %v", err)
	}
}

// A person is asked, unless they have said that they need not be.
func TestFirefoxWithAWindowAsksUnlessAllowed(t *testing.T) {
	profile := filepath.Join(t.TempDir(), "profile")
	for _, allow := range []bool{true, false} {
		f := Firefox{Path: program(t, "exit 0"), Profile: profile, Websocket: "ws://a/", Allow: allow}
		if err := f.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(profile, "user.js"))
		if want := fmt.Sprintf(`user_pref("permissions.default.desktop-notification", %d);`, map[bool]int{true: 1}[allow]); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("allow %v: %s, %v", allow, text, err)
		}
	}
}

// In the browser itself.
func TestARealFirefoxAllowsNotifications(t *testing.T) {
	path, err := FindFirefox()
	if err != nil {
		t.Skip(err)
	}
	told := make(chan string, 1)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/told" {
			select {
			case told <- r.URL.RawQuery:
			default:
			}
			return
		}
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, `<!doctype html><script>Notification.requestPermission().then((p) => fetch("/told?" + p))</script>`)
	}))
	defer site.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	ended := make(chan error, 1)
	go func() {
		ended <- Firefox{Path: path, Websocket: "ws://127.0.0.1:1/", URL: strings.Replace(site.URL, "127.0.0.1", "localhost", 1), Headless: true}.Run(ctx)
	}()
	select {
	case permission := <-told:
		if permission != "granted" {
			t.Errorf("the permission is %s", permission)
		}
	case err := <-ended:
		t.Fatal(err)
	case <-ctx.Done():
		t.Error("nothing was told")
	}
	cancel()
	<-ended
}

func TestGivenProfileIsKeptAndAnothersPreferencesAreNotWrittenOver(t *testing.T) {
	profile := filepath.Join(t.TempDir(), "profile")
	f := Firefox{Path: program(t, "exit 0"), Profile: profile, Websocket: "ws://a/"}
	for range 2 {
		if err := f.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	userJS := filepath.Join(profile, "user.js")
	if err := os.WriteFile(userJS, []byte("// mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "user.js") {
		t.Errorf("the error is %v", err)
	}
	if text, _ := os.ReadFile(userJS); string(text) != "// mine\n" {
		t.Errorf("user.js is now %q", text)
	}
}

func TestFirefoxIsAskedToQuitWhenTheContextEnds(t *testing.T) {
	out := t.TempDir()
	t.Setenv("OUT", out)
	path := program(t, `trap 'echo asked > $OUT/asked; exit 0' TERM; echo up > $OUT/up; while :; do sleep 0.05; done`)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for {
			if _, err := os.Stat(filepath.Join(out, "up")); err == nil || t.Context().Err() != nil {
				cancel()
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	if err := (Firefox{Path: path}).Run(ctx); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(out, "asked")); err != nil {
		t.Error("it was killed without being asked")
	}
}

func TestMissingOrFailingFirefoxIsOneClearError(t *testing.T) {
	if err := (Firefox{Path: filepath.Join(t.TempDir(), "none")}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "no such program") {
		t.Errorf("the error is %v", err)
	}
	if err := (Firefox{Path: program(t, "echo no display >&2; exit 1")}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "no display") {
		t.Errorf("the error is %v", err)
	}
	if runtime.GOOS == "linux" {
		t.Setenv("PATH", t.TempDir())
		if err := (Firefox{}).Run(t.Context()); !errors.Is(err, ErrNoFirefox) {
			t.Errorf("the error is %v", err)
		}
	}
}
