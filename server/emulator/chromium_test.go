package emulator

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestChromiumStartsOnAFreshProfileThatIsDeletedAfter(t *testing.T) {
	out := t.TempDir()
	t.Setenv("OUT", out)
	path := program(t, `printf '%s\n' "$@" > $OUT/args; cp "${1#--user-data-dir=}/Default/Preferences" $OUT/preferences`)
	e, err := New(Options{MCSAddr: "127.0.0.1:8091"})
	if err != nil {
		t.Fatal(err)
	}
	c := Chromium{Path: path, Flags: e.ChromiumFlags("http://127.0.0.1:8090"), URL: "http://localhost:8080/demo/", Headless: true}
	if err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(out, "args"))
	if err != nil {
		t.Fatal(err)
	}
	args := strings.Split(strings.TrimSpace(string(text)), "\n")
	for _, want := range []string{
		"--gcm-checkin-url=http://127.0.0.1:8090/checkin", "--gcm-registration-url=http://127.0.0.1:8090/c2dm/register3",
		"--gcm-mcs-endpoint=https://127.0.0.1:8091", "--ignore-certificate-errors-spki-list=" + e.identity.publicKeyHash,
		"--no-first-run", "--headless",
	} {
		if !strings.Contains(string(text), want+"\n") {
			t.Errorf("started without %s: %q", want, args)
		}
	}
	if args[len(args)-1] != c.URL {
		t.Errorf("started with %q", args)
	}
	// Nobody can answer a prompt of a Chromium without a window.
	var preferences struct {
		Profile struct {
			ContentSettings struct {
				Exceptions struct {
					Notifications map[string]struct{ Setting int }
				}
			} `json:"content_settings"`
		}
	}
	text, err = os.ReadFile(filepath.Join(out, "preferences"))
	if err != nil || json.Unmarshal(text, &preferences) != nil || preferences.Profile.ContentSettings.Exceptions.Notifications["http://localhost:8080,*"].Setting != 1 {
		t.Errorf("the preferences are %s, %v", text, err)
	}
	if _, err := os.Stat(strings.TrimPrefix(args[0], "--user-data-dir=")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the profile is still there: %v", err)
	}
}

func TestAUsedProfileOfChromiumKeepsWhatAPersonDecided(t *testing.T) {
	profile := t.TempDir()
	path := filepath.Join(profile, "Default", "Preferences")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(`{"mine": 1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	c := Chromium{Path: program(t, "exit 0"), Profile: profile, URL: "http://localhost/", Headless: true}
	if err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); string(text) != `{"mine": 1}` {
		t.Errorf("the preferences are now %q, %v", text, err)
	}
}

func TestMissingOrFailingChromiumIsOneClearError(t *testing.T) {
	if err := (Chromium{Path: filepath.Join(t.TempDir(), "none")}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "no such program") {
		t.Errorf("the error is %v", err)
	}
	if err := (Chromium{Path: program(t, "echo no display >&2; exit 1")}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "chromium ended") || !strings.Contains(err.Error(), "no display") {
		t.Errorf("the error is %v", err)
	}
	if runtime.GOOS == "linux" {
		t.Setenv("PATH", t.TempDir())
		if err := (Chromium{}).Run(t.Context()); !errors.Is(err, ErrNoChromium) {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestWithoutAListenerForChromiumThereAreNoFlags(t *testing.T) {
	e, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if flags := e.ChromiumFlags("http://127.0.0.1:8090"); flags == nil || len(flags) != 0 {
		t.Errorf("the flags are %#v", flags)
	}
}
