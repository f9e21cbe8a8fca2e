package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/emulator"
	"github.com/pushkit/pushkit/server/postgres/postgrestest"
)

const (
	mainOrigin = "https://main.example"
	shopOrigin = "https://shop.example"
)

type siteInfo struct {
	Name, TimeZone, QuietHours, ApplicationServerKey, Key string
	Origins                                               []string
}

// fromPage makes a public call of a page.
func fromPage(t *testing.T, method, url, origin, body string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", origin)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

// configOf is the application server key that pages of an origin get; empty where they
// are refused.
func configOf(t *testing.T, server, origin string) string {
	t.Helper()
	response := fromPage(t, "GET", server+"/v1/config", origin, "")
	if response.StatusCode == http.StatusForbidden {
		return ""
	}
	var config struct{ ApplicationServerKey string }
	if err := json.NewDecoder(response.Body).Decode(&config); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("got %d, %v", response.StatusCode, err)
	}
	return config.ApplicationServerKey
}

// Two sites on one server, of which the second is made while it runs: each browser is
// sent to with its site's key, which the emulator checks, by its site's back end alone.
func TestTwoSitesShareAServer(t *testing.T) {
	t.Parallel()
	for name, database := range map[string][]string{"SQLite": nil, "PostgreSQL": {"--database", postgrestest.Database(t)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, greeting := emulate(t)
			services := regexp.MustCompile(`--push-services (\S+)`).FindStringSubmatch(greeting)[1]
			folder := t.TempDir()
			on := func(args ...string) []string { return append(args, database...) }
			flags := on("--push-services", services, "--vapid-subject", "mailto:you@example.com", "--allowed-origins", mainOrigin, "--api-key", testKey)
			servers := []*served{serve(t, folder, flags...)}
			if database != nil {
				servers = append(servers, serve(t, t.TempDir(), flags...))
			}
			for _, s := range servers {
				if configOf(t, s.url, shopOrigin) != "" {
					t.Fatal("a site that is not there is served")
				}
			}
			shopKey := strings.TrimSpace(mustRun(t, folder, on("sites", "create", "shop", "--origins", shopOrigin)...))
			keys := map[string]string{mainOrigin: "", shopOrigin: ""}
			for origin, site := range map[string]string{mainOrigin: "default", shopOrigin: "shop"} {
				keys[origin] = strings.TrimSpace(mustRun(t, folder, on("vapid", "show", "--site", site)...))
				for _, s := range servers {
					await(t, func() bool { return configOf(t, s.url, origin) == keys[origin] })
				}
			}
			if keys[mainOrigin] == keys[shopOrigin] {
				t.Fatal("two sites have one key")
			}
			s := servers[len(servers)-1]
			for origin, key := range keys {
				token := registerChromiumAt(t, address, origin, key)
				body := fmt.Sprintf(`{"endpoint": "https://fcm.googleapis.com/fcm/send/%s", "keys": {"p256dh": %q, "auth": "AAAAAAAAAAAAAAAAAAAAAA"}, "applicationServerKey": %q}`, token, newPoint(t), key)
				if response := fromPage(t, "POST", s.url+"/v1/subscriptions", origin, body); response.StatusCode != http.StatusCreated {
					t.Fatalf("%s: %d", origin, response.StatusCode)
				}
			}
			const done = "sent: 1 targeted, 1 accepted, 0 gone, 0 failed, 0 expired\n"
			for _, send := range [][]string{
				{"--server", s.url, "--api-key", testKey}, {"--server", s.url, "--api-key", shopKey}, on("--site", "shop"), on("--site", "default"), on(),
			} {
				if got := mustRun(t, folder, append([]string{"send", "--title", "x", "--all"}, send...)...); got != done {
					t.Errorf("%v: %s", send, got)
				}
			}
			var pushes struct{ Data []emulator.Push }
			getJSON(t, address+"/api/pushes?limit=1000", &pushes)
			var known struct {
				Data []struct{ ID, ApplicationServerKey string }
			}
			getJSON(t, address+"/api/subscriptions", &known)
			got := make(map[string]int)
			for _, push := range pushes.Data {
				for _, sub := range known.Data {
					for origin, key := range keys {
						if sub.ID == push.Subscription && sub.ApplicationServerKey == key && push.Status == http.StatusCreated {
							got[origin]++
						}
					}
				}
			}
			if got[mainOrigin] != 3 || got[shopOrigin] != 2 {
				t.Errorf("the browsers got %v of %d", got, len(pushes.Data))
			}
			for site, want := range map[string]int{"default": 3, "shop": 2} {
				if list := mustRun(t, folder, on("messages", "list", "--json", "--site", site)...); strings.Count(list, "\n") != want {
					t.Errorf("%s has the messages %s", site, list)
				}
				if list := mustRun(t, folder, on("subscriptions", "list", "--json", "--site", site)...); strings.Count(list, "\n") != 1 {
					t.Errorf("%s has the subscriptions %s", site, list)
				}
				if got := status(t, s.url, map[string]string{"default": testKey, "shop": shopKey}[site]); got != http.StatusOK {
					t.Errorf("%s: its key is answered %d", site, got)
				}
			}

			// What a running server is not told of, it sees.
			mustRun(t, folder, on("sites", "set", "shop", "--origins", "https://new.example,https://other.example/", "--time-zone", "Europe/Berlin", "--quiet-hours", "22:00-08:00")...)
			for _, s := range servers {
				await(t, func() bool {
					return configOf(t, s.url, shopOrigin) == "" && configOf(t, s.url, "https://other.example") == keys[shopOrigin] && configOf(t, s.url, mainOrigin) == keys[mainOrigin]
				})
			}
			var shown siteInfo
			if err := json.Unmarshal([]byte(mustRun(t, folder, on("sites", "show", "shop")...)), &shown); err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(shown) != fmt.Sprint(siteInfo{"shop", "Europe/Berlin", "22:00-08:00", keys[shopOrigin], "", []string{"https://new.example", "https://other.example"}}) {
				t.Errorf("got %+v", shown)
			}
			mustRun(t, folder, on("sites", "set", "shop", "--origins", "")...)
			for _, s := range servers {
				await(t, func() bool { return configOf(t, s.url, "https://new.example") == "" })
			}
			// A start sets the default site's, and touches no other's.
			mustRun(t, folder, on("sites", "set", "shop", "--origins", shopOrigin)...)
			for _, s := range servers {
				s.end()
			}
			again := serve(t, folder, flags...)
			if configOf(t, again.url, shopOrigin) != keys[shopOrigin] || configOf(t, again.url, mainOrigin) != keys[mainOrigin] {
				t.Error("after a start the sites are others")
			}
		})
	}
}

func TestSitesAreMadeListedAndSet(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := serve(t, folder, "--allowed-origins", mainOrigin, "--api-key", testKey)
	var made siteInfo
	if err := json.Unmarshal([]byte(mustRun(t, folder, "sites", "create", "shop", "--origins", shopOrigin, "--time-zone", "Asia/Tokyo", "--json")), &made); err != nil {
		t.Fatal(err)
	}
	if made.Name != "shop" || made.TimeZone != "Asia/Tokyo" || fmt.Sprint(made.Origins) != "["+shopOrigin+"]" || status(t, s.url, made.Key) != http.StatusOK {
		t.Errorf("got %+v", made)
	}
	if table := mustRun(t, folder, "sites", "list"); strings.Count(table, "\n") != 3 || !strings.Contains(table, shopOrigin) || strings.Contains(table, made.Key) || strings.Index(table, "default") > strings.Index(table, "shop") {
		t.Errorf("got %s", table)
	}
	if list := mustRun(t, folder, "keys", "list", "--json", "--site", "shop"); strings.Count(list, "\n") != 1 {
		t.Errorf("the shop has the keys %s", list)
	}
	first, second := mustRun(t, folder, "keys", "user-secret"), mustRun(t, folder, "keys", "user-secret", "--site", "shop")
	if first == second {
		t.Error("two sites have one user secret")
	}
	// Those that the environment names.
	c := command(t, folder, "keys", "user-secret")
	c.Env = append(c.Env, "PUSHKIT_SITE=shop")
	if out, err := c.Output(); err != nil || string(out) != second {
		t.Errorf("PUSHKIT_SITE: %s, %v", out, err)
	}
	if out, _, _ := run(t, folder, "doctor", shopOrigin); !strings.Contains(out, "pushkit doctor --site shop "+shopOrigin) {
		t.Errorf("the doctor says of the shop's origin: %s", out)
	}
	for arguments, want := range map[string]string{
		"sites create shop":                                          `There is a site "shop" already`,
		"sites create blog --origins " + shopOrigin:                  `is the site "shop"'s already`,
		"sites create blog --origins " + mainOrigin + ",https://x.y": `is the site "default"'s already`,
		"sites create Blog":                                          "a site's name",
		"sites create https://blog.example":                          "a site's name",
		"sites create -- -x":                                         "a site's name",
		"sites create":                                               "which name?",
		"sites create blog --origins blog.example":                   "--origins",
		"sites create blog --time-zone Mars":                         "--time-zone",
		"sites create blog --quiet-hours night":                      "--quiet-hours",
		"sites set shop":                                             "what is to be set?",
		"sites set shop --origins " + mainOrigin:                     `is the site "default"'s already`,
		"sites set shop --quiet-hours 1-2":                           "--quiet-hours",
		"sites set none --origins https://x.y":                       `no site "none"`,
		"sites set default --time-zone Europe/Berlin":                "--allowed-origins",
		"sites set":                                        "which site?",
		"sites show none":                                  `no site "none"`,
		"sites list x":                                     "no arguments",
		"sites list --database sqlite://none":              "no database",
		"subscriptions list --site none":                   `no site "none"`,
		"send --title x --all --site none":                 `no site "none"`,
		"send --title x --all --site shop --server x":      "--site is for the database",
		"subscriptions import --site shop --server x none": "no such file",
	} {
		stdout, stderr, status := run(t, folder, strings.Fields(arguments)...)
		if status != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
			t.Errorf("pushkit %s: %d %q %q, want one line about %s", arguments, status, stdout, stderr, want)
		}
	}
	if table := mustRun(t, folder, "sites", "list"); strings.Contains(table, "blog") {
		t.Errorf("a site that was refused is there:\n%s", table)
	}
	// An origin that a site has is not taken from it by a start.
	s.end()
	_, stderr, ended := run(t, folder, "serve", "--addr", "127.0.0.1:0", "--allowed-origins", shopOrigin)
	if ended != 1 || !strings.Contains(stderr, `--allowed-origins: `) || !strings.Contains(stderr, `is the site "shop"'s`) {
		t.Errorf("%d %q", ended, stderr)
	}
}

// Every command that works on a database is told by --site for which site, but for those
// that are about all of them.
func TestEveryCommandOnADatabaseKnowsSites(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	serve(t, folder).end()
	var ofAll []string
	var visit func(path ...string)
	visit = func(path ...string) {
		help := mustRun(t, folder, append(path, "--help")...)
		if strings.Contains(help, "--database") && !strings.Contains(help, "--site") {
			ofAll = append(ofAll, strings.Join(path, " "))
		}
		commands, _, _ := strings.Cut(after(help, "COMMANDS:\n"), "\n\n")
		for line := range strings.Lines(commands) {
			if name := strings.Fields(line); strings.HasPrefix(line, "   ") && !strings.HasPrefix(line, "    ") && len(name) > 0 && !strings.HasPrefix(name[0], "help") {
				visit(append(path[:len(path):len(path)], strings.TrimSuffix(name[0], ","))...)
			}
		}
	}
	visit()
	if got := strings.Join(ofAll, ", "); got != "serve, sites list, sites create, sites set, sites show, backup" {
		t.Errorf("without --site are: %s", got)
	}
}

func after(text, mark string) string {
	_, rest, _ := strings.Cut(text, mark)
	return rest
}
