package main_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"github.com/pushkit/pushkit/server/postgres/postgrestest"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
)

const goodSubject = "mailto:doctor@example.com"

// ledTo are rules that lead every vendor's push service to a local one.
func ledTo(url string) string {
	var rules []string
	for _, host := range []string{"fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com", "wns2-by3p.notify.windows.com"} {
		rules = append(rules, host+"="+url)
	}
	return strings.Join(rules, ",")
}

// newSite is a site on this machine, of which browsers hold even http for secure.
func newSite(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	site := httptest.NewServer(handle)
	t.Cleanup(site.Close)
	return site.URL
}

// worker answers with a service worker that imports a script.
func worker(from string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		fmt.Fprintf(w, "importScripts(%q);\n", from)
	}
}

// wantFindings holds what doctor prints against lines, each "LEVEL CHECK: some words".
func wantFindings(t *testing.T, output string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		head, words, _ := strings.Cut(line, ": ")
		level, check, _ := strings.Cut(head, " ")
		found := false
		for printed := range strings.Lines(output) {
			found = found || strings.HasPrefix(printed, fmt.Sprintf("%-4s  %-15s", level, check)) && strings.Contains(printed, words)
		}
		if !found {
			t.Errorf("it does not find %s", line)
		}
	}
	t.Logf("\n%s", output)
}

func TestDoctorFindsAGoodSetUpGood(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	service := newPushService(t, nil)
	// The server's address is not known before it is there, and the site's is one of
	// its settings.
	var script atomic.Value
	site := newSite(t, func(w http.ResponseWriter, r *http.Request) { worker(script.Load().(string))(w, r) })
	flags := []string{"--push-services", ledTo(service.URL) + "," + service.URL, "--vapid-subject", goodSubject}
	s := serve(t, folder, append(flags, "--api-key", testKey, "--allowed-origins", site)...)
	script.Store(s.url + "/pushkit-sw.js")
	ids := service.subscribe(t, folder, "/doctor")
	addr := strings.Replace(strings.TrimPrefix(s.url, "http://"), "localhost", "127.0.0.1", 1)
	mustRun(t, folder, "health", "--addr", addr, "--wait", "10s")

	// All but the address it takes from the database.
	stdout, stderr, status := run(t, folder, "doctor", "--addr", addr, "--subscription", ids[0])
	wantFindings(t, stdout,
		"ok database: takes what is written; schema", "ok disk: free", "ok server: is ready", "ok VAPID key: Browsers subscribe with B",
		"ok VAPID subject: "+goodSubject, "ok origin: "+site, "ok push service: https://web.push.apple.com answers at "+service.URL,
		"ok push service: "+service.URL+" answers.", "ok clock: agrees", "ok service worker: "+site+"/pushkit-sw.js is a script",
		"ok service worker: It imports "+s.url+"/pushkit-sw.js", "ok test message: has accepted it",
	)
	if status != 0 || stderr != "" || strings.Contains(stdout, "warn") || strings.Contains(stdout, "fail") || strings.Contains(stdout, "->") {
		t.Errorf("it ends with %d: %s", status, stderr)
	}
	if n := service.count("/doctor"); n != 1 {
		t.Errorf("the test message came %d times", n)
	}

	// The same for programs.
	stdout, _, status = run(t, folder, "doctor", "--addr", addr, "--json", site, "https://other.example")
	levels := map[string]int{}
	for line := range strings.Lines(stdout) {
		var f struct{ Level, Check, Found, Advice string }
		if err := json.Unmarshal([]byte(line), &f); err != nil || f.Check == "" || f.Found == "" || (f.Level == "ok") != (f.Advice == "") {
			t.Errorf("%v of %s", err, line)
		}
		levels[f.Level]++
	}
	if status != 1 || levels["ok"] < 8 || levels["fail"] == 0 || !strings.Contains(stdout, "Pages of https://other.example may not use the server.") {
		t.Errorf("it ends with %d: %s", status, stdout)
	}
	s.end()
}

func TestDoctorOfAServerThatIsNotSetUp(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	gone := httptest.NewServer(nil)
	gone.Close()
	stdout, stderr, status := run(t, folder, "doctor", "--push-services", ledTo(gone.URL), "--vapid-subject", "https://localhost",
		"--public-url", "http://push.example.com", "--subscription", "x", "http://www.example.com", "www.example.com", "https://127.0.0.1:1/x")
	wantFindings(t, stdout,
		"fail database: There is no database", "fail VAPID subject: localhost", "fail public URL: is plain", "fail origin: http://www.example.com is plain",
		`fail origin: "www.example.com" is not an origin`, `fail origin: "https://127.0.0.1:1/x" is not an origin`,
		"fail push service: https://web.push.apple.com cannot be reached", "warn clock: No push service has told the time", "fail test message: cannot be asked",
	)
	if status != 1 || stderr != "pushkit: 11 of 12 checks failed\n" {
		t.Errorf("it ends with %d: %q", status, stderr)
	}
	if _, err := os.Stat(filepath.Join(folder, "data")); err == nil {
		t.Error("it has made a database")
	}
}

func TestDoctorOfASiteWhoseWorkerNoBrowserTakes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	service := newPushService(t, nil)
	untrusted := httptest.NewTLSServer(nil)
	defer untrusted.Close()
	sites := map[string]string{ // by what is found
		"is redirected to /elsewhere.js": newSite(t, http.RedirectHandler("/elsewhere.js", http.StatusFound).ServeHTTP),
		"is answered 404 Not Found":      newSite(t, http.NotFound),
		`is served as "text/html"`: newSite(t, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "<!doctype html><title>Everything is the application</title>")
		}),
		"It imports " + service.URL + "/pushkit-sw.js, which is answered 201 Created": newSite(t, worker(service.URL+"/pushkit-sw.js")),
		"certificate": untrusted.URL,
	}
	var origins, want []string
	for found, site := range sites {
		origins = append(origins, site)
		want = append(want, "fail service worker: "+found)
	}
	stdout, stderr, status := run(t, folder, append([]string{"doctor", "--push-services", ledTo(service.URL), "--vapid-subject", goodSubject,
		"--allowed-origins", strings.Join(origins, ",")}, origins...)...)
	wantFindings(t, stdout, want...)
	if status != 1 || !strings.Contains(stderr, "checks failed") {
		t.Errorf("it ends with %d: %q", status, stderr)
	}

	// A worker in a folder may have that folder, unless the site says more.
	var allowed atomic.Value
	allowed.Store("")
	site := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Service-Worker-Allowed", allowed.Load().(string))
		worker("https://127.0.0.1:1/pushkit-sw.js")(w, r)
	})
	scope := func(args ...string) string {
		stdout, _, _ := run(t, folder, append(append([]string{"doctor", "--push-services", ledTo(service.URL), "--service-worker", "/js/sw.js"}, args...), site)...)
		return stdout
	}
	wantFindings(t, scope(), "fail service worker: may have the pages below /js/ only")
	wantFindings(t, scope("--scope", "/js/app/"), "ok service worker: for the pages below /js/app/", "fail service worker: which cannot be fetched")
	allowed.Store("/")
	wantFindings(t, scope(), "ok service worker: for the pages below /")
}

func TestDoctorOfAServerThatPushServicesRefuse(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	// Of another time by two hours, and with Apple's word for what follows from it.
	service := newPushService(t, func(w http.ResponseWriter, path string, _ int) {
		w.Header().Set("Date", time.Now().Add(2*time.Hour).UTC().Format(http.TimeFormat))
		if path != "/" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"reason": "BadJwtToken"}`)
		}
	})
	serve(t, folder, "--api-key", testKey).end()
	ids := service.subscribe(t, folder, "/doctor")
	stdout, stderr, status := run(t, folder, "doctor", "--push-services", ledTo(service.URL)+","+service.URL, "--vapid-subject", goodSubject,
		"--allowed-origins", "https://127.0.0.1:1", "--subscription", ids[0])
	wantFindings(t, stdout,
		"warn server: No server runs", "fail clock: 2h0m0s behind the push services", "fail service worker: cannot be fetched",
		"fail test message: answers 403 BadJwtToken. Apple does not take the VAPID token",
	)
	if status != 1 || !strings.Contains(stderr, "checks failed") || !strings.Contains(stdout, "-> Look at this server's clock first") {
		t.Errorf("it ends with %d: %q", status, stderr)
	}
	wantFindings(t, mustFail(t, folder, "doctor", "--push-services", ledTo(service.URL), "--subscription", "0199c0de-7a3b-7000-8000-0123456789ab"),
		"fail test message: no active subscription")
}

// What stands in for push services is reached as they are: over TLS by their names,
// and the emulator by its paths.
func TestDoctorAsksWhereMessagesGo(t *testing.T) {
	t.Parallel()
	google, err := pushtest.Start(pushtest.Options{Name: "fcm.googleapis.com"})
	if err != nil {
		t.Fatal(err)
	}
	defer google.Close()
	certificate := filepath.Join(t.TempDir(), "google.pem")
	if err := google.WriteCertificate(certificate); err != nil {
		t.Fatal(err)
	}
	other := newPushService(t, nil)
	flags := []string{"doctor", "--push-services", google.Rule() + "," + strings.Replace(ledTo(other.URL), "fcm.googleapis.com", "x.push.apple.com", 1)}
	c := command(t, t.TempDir(), flags...)
	c.Env = append(c.Env, "SSL_CERT_FILE="+certificate)
	trusting, _ := c.Output()
	wantFindings(t, string(trusting), "ok push service: https://fcm.googleapis.com answers at https://127.0.0.1")
	// Whoever answers in its place is found out.
	wantFindings(t, mustFail(t, t.TempDir(), flags...), "fail push service: https://fcm.googleapis.com cannot be reached: tls", "ok push service: https://web.push.apple.com answers")

	folder := t.TempDir()
	s := serve(t, folder, "--emulator", "--emulator-addr", "127.0.0.1:0", "--vapid-subject", goodSubject)
	addr := strings.Replace(strings.TrimPrefix(s.url, "http://"), "localhost", "127.0.0.1", 1)
	mustRun(t, folder, "health", "--addr", addr, "--wait", "10s")
	// What else is not there is not looked at: Mozilla's may be reached or not.
	stdout, _, _ := run(t, folder, "doctor", "--addr", addr)
	wantFindings(t, stdout, "ok push service: https://fcm.googleapis.com/wpush/ answers at http://127.0.0.1", "ok push service: https://web.push.apple.com/wpush/ answers")
	s.end()
}

// mustFail is what a command prints that ends with 1.
func mustFail(t *testing.T, folder string, args ...string) string {
	t.Helper()
	stdout, stderr, status := run(t, folder, args...)
	if status != 1 {
		t.Errorf("pushkit %s ends with %d: %s", strings.Join(args, " "), status, stderr)
	}
	return stdout
}

func TestDoctorOfADatabaseThatIsNotWell(t *testing.T) {
	t.Parallel()
	service := newPushService(t, nil)
	folder := t.TempDir()
	serve(t, folder).end()
	file := filepath.Join(folder, "data", "pushkit.db")
	examine := func() string {
		stdout, _, _ := run(t, folder, "doctor", "--push-services", ledTo(service.URL), "--vapid-subject", goodSubject)
		return stdout
	}

	// One of an older version stays so: a server may still run on it.
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const newest = "(SELECT MAX(version_id) FROM goose_db_version)"
	if _, err := db.ExecContext(t.Context(), "DELETE FROM goose_db_version WHERE version_id = "+newest); err != nil {
		t.Fatal(err)
	}
	before := version(t, db)
	wantFindings(t, examine(), "warn database: is of an older pushkit")
	if after := version(t, db); after != before {
		t.Errorf("the schema was %d and is %d", before, after)
	}

	if _, err := db.ExecContext(t.Context(), "UPDATE goose_db_version SET version_id = 1000 WHERE version_id = "+newest); err != nil {
		t.Fatal(err)
	}
	wantFindings(t, examine(), "fail database: is of a newer pushkit")

	db.Close()
	if err := os.WriteFile(file, []byte("not a database, but a text of some length"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantFindings(t, examine(), "fail database: is not a database")
}

func TestDoctorOfPostgres(t *testing.T) {
	t.Parallel()
	database, folder := postgrestest.Empty(t), t.TempDir()
	service := newPushService(t, nil)
	flags := []string{"doctor", "--database", database, "--push-services", ledTo(service.URL), "--vapid-subject", goodSubject, "--allowed-origins", "https://127.0.0.1:1"}
	wantFindings(t, mustFail(t, folder, flags...), "fail database: it is empty")
	s := serve(t, folder, "--database", database)
	addr := strings.Replace(strings.TrimPrefix(s.url, "http://"), "localhost", "127.0.0.1", 1)
	mustRun(t, folder, "health", "--addr", addr, "--wait", "10s")
	wantFindings(t, mustFail(t, folder, append(flags, "--addr", addr)...),
		"ok database: PostgreSQL opens and takes what is written; schema", "ok server: is ready", "ok VAPID key: Browsers subscribe")
	s.end()
}

func version(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT MAX(version_id) FROM goose_db_version").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
