package main_test

import (
	"bufio"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/pushkit/pushkit/server/emulator"
)

// emulate runs pushkit emulator until the test ends, and returns its URL and
// what it printed.
func emulate(t *testing.T, args ...string) (address, greeting string) {
	t.Helper()
	c := command(t, t.TempDir(), append([]string{"emulator", "--addr", "127.0.0.1:0"}, args...)...)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil {
			t.Errorf("pushkit emulator ended with %v", err)
		}
	})
	lines := bufio.NewReader(out)
	for !strings.HasSuffix(greeting, "/api/pushes\n") {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("pushkit emulator did not start: %s", greeting)
		}
		greeting += line
	}
	return regexp.MustCompile(`http://\S+`).FindString(greeting), greeting
}

// registerChromium gets a token of the emulator, as a Chromium does.
func registerChromium(t *testing.T, address, applicationServerKey string) string {
	t.Helper()
	return registerChromiumAt(t, address, "http://localhost", applicationServerKey)
}

// registerChromiumAt does so for a page of an origin.
func registerChromiumAt(t *testing.T, address, origin, applicationServerKey string) string {
	t.Helper()
	form := url.Values{"app": {"org.chromium.linux"}, "X-subtype": {"wp:" + origin + "/#1-V2"}, "sender": {applicationServerKey}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/c2dm/register3", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "AidLogin 1:2")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	token, ok := strings.CutPrefix(string(body), "token=")
	if err != nil || !ok {
		t.Fatalf("the registration was answered %q, %v", body, err)
	}
	return token
}

func getJSON(t *testing.T, address string, into any) {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

func TestTheGreetingNamesTheBrowsersOfTheEmulatorForDemoAndSite(t *testing.T) {
	t.Parallel()
	demo := `'http://localhost:\d+/demo/'`
	for want, flags := range map[string][]string{
		demo:                              nil,
		demo + ` 'http://localhost:3000'`: {"--allowed-origins", "http://localhost:3000,http://localhost:3001"},
		`'http://localhost:3000'`:         {"--allowed-origins", "http://localhost:3000", "--no-demo"},
		`'http://localhost:3001'`:         {"--public-url", "http://localhost:3000", "--allowed-origins", "http://localhost:3000,http://localhost:3001", "--no-demo"},
		`'URL'`:                           {"--no-demo"},
	} {
		s := serve(t, t.TempDir(), append(flags, "--emulator", "--emulator-addr", "127.0.0.1:0")...)
		for _, browser := range []string{"firefox", "chromium"} {
			var pages []string
			for _, match := range regexp.MustCompile(" emulator "+browser+" .*('.*')\n").FindAllStringSubmatch(s.greeting, -1) {
				pages = append(pages, match[1])
			}
			if got := strings.Join(pages, " "); !regexp.MustCompile("^" + want + "$").MatchString(got) {
				t.Errorf("%v: it names for %s %s, not %s", flags, browser, got, want)
			}
		}
		s.end()
	}
}

func TestWhatAChromiumOfTheEmulatorSubscribedIsSentToTheEmulator(t *testing.T) {
	t.Parallel()
	printed, greeting := emulate(t)
	services := regexp.MustCompile(`--push-services (\S+)`).FindStringSubmatch(greeting)
	if services == nil {
		t.Fatalf("the greeting does not say how a server reaches it:\n%s", greeting)
	}
	for name, flags := range map[string][]string{
		"beside": {"--emulator", "--emulator-addr", "127.0.0.1:0"},
		"apart":  {"--push-services", services[1]},
	} {
		folder := t.TempDir()
		s := serve(t, folder, flags...)
		address := printed
		if name == "beside" {
			address = regexp.MustCompile(`emulator +(http://\S+)`).FindStringSubmatch(s.greeting)[1]
			if !strings.Contains(s.greeting, "pushkit emulator chromium --emulator "+address+" '"+s.url) {
				t.Errorf("the greeting does not say how to start a Chromium:\n%s", s.greeting)
			}
		}
		token := registerChromium(t, address, strings.TrimSpace(mustRun(t, folder, "vapid", "show")))
		for _, host := range []string{"fcm.googleapis.com", "jmt17.google.com"} {
			body := fmt.Sprintf(`{"endpoint": "https://%s/fcm/send/%s", "keys": {"p256dh": %q, "auth": "AAAAAAAAAAAAAAAAAAAAAA"}}`, host, token, newPoint(t))
			response, err := http.Post(s.url+"/v1/subscriptions", "application/json", strings.NewReader(body))
			if err != nil || response.StatusCode != http.StatusCreated {
				t.Fatalf("%s: the subscription was answered %v, %v", name, response, err)
			}
			response.Body.Close()
		}
		if got := mustRun(t, folder, "send", "--title", "x", "--all", "--server", s.url); !strings.HasPrefix(got, "sent: 2 targeted, 2 accepted") {
			t.Errorf("%s: %s", name, got)
		}
		var pushes struct{ Data []emulator.Push }
		if getJSON(t, address+"/api/pushes", &pushes); len(pushes.Data) != 2 || pushes.Data[0].Status != 201 {
			t.Errorf("%s: the emulator saw %+v", name, pushes.Data)
		}
		s.end()
	}
}

func TestAnEmulatorsEndpointOnApplesHostIsSentToTheEmulator(t *testing.T) {
	t.Parallel()
	address, greeting := emulate(t, "--as", "apple")
	var p emulator.Personality
	if getJSON(t, address+"/api/personality", &p); p.As != "apple" {
		t.Errorf("it answers as %q", p.As)
	}
	services := regexp.MustCompile(`--push-services (\S+)`).FindStringSubmatch(greeting)[1]
	folder := t.TempDir()
	s := serve(t, folder, "--push-services", services, "--vapid-subject", "https://example.com/contact")
	body := fmt.Sprintf(`{"endpoint": "https://web.push.apple.com/wpush/v2/unknown", "keys": {"p256dh": %q, "auth": "AAAAAAAAAAAAAAAAAAAAAA"}}`, newPoint(t))
	response, err := http.Post(s.url+"/v1/subscriptions", "application/json", strings.NewReader(body))
	if err != nil || response.StatusCode != http.StatusCreated {
		t.Fatalf("the subscription was answered %v, %v", response, err)
	}
	response.Body.Close()
	mustRun(t, folder, "send", "--title", "x", "--all", "--ttl", "0", "--server", s.url)
	var pushes struct{ Data []emulator.Push }
	if getJSON(t, address+"/api/pushes", &pushes); len(pushes.Data) != 1 || pushes.Data[0].As != "apple" || pushes.Data[0].Status != 404 || pushes.Data[0].TTL != 1 {
		t.Errorf("the emulator saw %+v", pushes.Data)
	}
	s.end()
}

func newPoint(t *testing.T) string {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes())
}

func TestEmulatorChromiumStartsItWithTheEmulatorsFlags(t *testing.T) {
	t.Parallel()
	address, greeting := emulate(t)
	var state emulator.BrowserState
	getJSON(t, address+"/api/browser", &state)
	folder := t.TempDir()
	chromium := filepath.Join(folder, "chromium")
	if err := os.WriteFile(chromium, []byte("#!/bin/sh\nprintf '%s\\n' \"$@\" > args\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	mustRun(t, folder, "emulator", "chromium", "--emulator", address, "--chromium", chromium, "--headless", "http://localhost:8080/demo/#key=x")
	args, err := os.ReadFile(filepath.Join(folder, "args"))
	if err != nil {
		t.Fatal(err)
	}
	if len(state.Chromium) != 4 {
		t.Fatalf("the flags are %q", state.Chromium)
	}
	for _, want := range append(state.Chromium, "--headless", "http://localhost:8080/demo/#key=x") {
		if !strings.Contains("\n"+string(args), "\n"+want+"\n") {
			t.Errorf("started without %s: %s", want, args)
		}
	}
	for _, flag := range state.Chromium {
		if !strings.Contains(greeting, " "+flag) {
			t.Errorf("the greeting lacks %s:\n%s", flag, greeting)
		}
	}
	for arguments, want := range map[string]string{
		"emulator chromium":                                                                        "name the page",
		"emulator chromium localhost:8080":                                                         "emulator chromium http",
		"emulator firefox about:blank":                                                             "http or https URL",
		"emulator chromium --emulator http://127.0.0.1:1 http://localhost/":                        "no emulator answers",
		"emulator chromium --emulator " + address + " --chromium nonsense http://localhost/":       "nonsense",
		"emulator --addr 127.0.0.1:0 --mcs-addr nonsense":                                          "Chromium",
		"emulator --addr 0.0.0.0:0":                                                                "--public-url",
		"emulator chromium --emulator " + address + " --chromium " + chromium + " ftp://localhost": "http or https URL",
	} {
		_, stderr, status := run(t, folder, strings.Fields(arguments)...)
		if status != 1 || !strings.Contains(stderr, want) {
			t.Errorf("pushkit %s: %d %q, want a line about %s", arguments, status, stderr, want)
		}
	}
}

func TestABrowserOnAnotherMachineIsToldThePublicHost(t *testing.T) {
	t.Parallel()
	address, greeting := emulate(t, "--public-url", "http://emulator.example.com:8090")
	if address != "http://emulator.example.com:8090" || !strings.Contains(greeting, "--gcm-mcs-endpoint=https://emulator.example.com:") {
		t.Errorf("the greeting says:\n%s", greeting)
	}
	if strings.Contains(greeting, "--push-services") {
		t.Errorf("a server would refuse the route:\n%s", greeting)
	}
}
