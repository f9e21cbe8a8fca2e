package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pushkit/pushkit/server/postgres/postgrestest"
	"github.com/pushkit/pushkit/server/push/pushtest"
)

func subscriptionLine(path string) string {
	return fmt.Sprintf(`{"endpoint": "https://fcm.googleapis.com/%s", "expirationTime": null, "keys": {"p256dh": %q, "auth": %q}, "user": "u1"}`+"\n",
		path, pushtest.P256dh, pushtest.Auth)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestImportAndExport(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(*testing.T) string{
		"SQLite":     func(*testing.T) string { return "sqlite://data/pushkit.db" },
		"PostgreSQL": func(t *testing.T) string { return postgrestest.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder, url := t.TempDir(), database(t)
			// A server runs on it, and knows a push service of its own.
			s := serve(t, folder, "--database", url, "--push-services", "push.example.org")
			file := filepath.Join(folder, "in.ndjson")
			write(t, file, subscriptionLine("a")+subscriptionLine("b")+strings.ReplaceAll(subscriptionLine("c"), "fcm.googleapis.com", "push.example.org"))
			load := func(args ...string) (string, string, int) {
				return run(t, folder, append([]string{"subscriptions", "import", "--database", url}, args...)...)
			}
			if out, errs, status := load("in.ndjson"); status != 0 || out != "3 added, 0 refreshed, 0 unchanged, 0 bad\n" || errs != "" {
				t.Errorf("%d %q %q", status, out, errs)
			}
			if out, errs, status := load("--json", "in.ndjson"); status != 0 || out != `{"added":0,"refreshed":0,"unchanged":3,"bad":0}`+"\n" || errs != "" {
				t.Errorf("%d %q %q", status, out, errs)
			}
			write(t, file, subscriptionLine("a")+"nonsense\n"+strings.ReplaceAll(subscriptionLine("c"), "fcm.googleapis.com", "evil.example")+subscriptionLine("d")+subscriptionLine("e")[:50])
			out, errs, status := load("in.ndjson")
			if lines := strings.Split(errs, "\n"); status != 1 || out != "1 added, 0 refreshed, 1 unchanged, 3 bad\n  2 invalid-json\n  1 push-service-not-allowed (endpoint)\n" || len(lines) != 5 ||
				!strings.HasPrefix(lines[0], "line 2: invalid-json: ") || !strings.HasPrefix(lines[1], "line 3: push-service-not-allowed: ") ||
				!strings.HasPrefix(lines[2], "line 5: invalid-json: It ends in the middle") || lines[3] != "pushkit: 3 are not imported" {
				t.Errorf("%d %q %q", status, out, errs)
			}

			exported := mustRun(t, folder, "subscriptions", "export", "--database", url)
			if strings.Count(exported, "\n") != 4 || !strings.Contains(exported, `"user":"u1"`) || !strings.Contains(exported, "https://push.example.org/c") {
				t.Errorf("got %s", exported)
			}
			export := []string{"subscriptions", "export", "--database", url, "out.ndjson"}
			mustRun(t, folder, export...)
			info, err := os.Stat(filepath.Join(folder, "out.ndjson"))
			if err != nil || info.Mode().Perm() != 0o600 || read(t, filepath.Join(folder, "out.ndjson")) != exported {
				t.Errorf("%v %v", info, err)
			}
			if _, errs, status := run(t, folder, export...); status != 1 || !strings.Contains(errs, "--force") {
				t.Errorf("a second time: %d %q", status, errs)
			}
			mustRun(t, folder, append(export, "--force")...)
			if left, err := filepath.Glob(filepath.Join(folder, ".*")); err != nil || len(left) > 0 {
				t.Errorf("%v is left", left)
			}
			if out, _, status := load("out.ndjson"); status != 0 || out != "0 added, 0 refreshed, 4 unchanged, 0 bad\n" {
				t.Errorf("%d %q", status, out)
			}
			s.end()
			// Also where no server runs.
			c := command(t, folder, "subscriptions", "import", "--database", url, "-")
			c.Stdin = strings.NewReader(strings.ReplaceAll(exported, `"user":"u1"`, `"user":"u2"`))
			if out, err := c.Output(); err != nil || string(out) != "0 added, 4 refreshed, 0 unchanged, 0 bad\n" {
				t.Errorf("%q %v", out, err)
			}
		})
	}
}

// What another product wrote goes in on either database, and is counted by reason.
func TestImportFromAnotherProduct(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(*testing.T) string{
		"SQLite":     func(*testing.T) string { return "sqlite://data/pushkit.db" },
		"PostgreSQL": func(t *testing.T) string { return postgrestest.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder, url := t.TempDir(), database(t)
			serve(t, folder, "--database", url)
			load := func(args ...string) (string, string, int) {
				return run(t, folder, append([]string{"subscriptions", "import", "--database", url, "--from"}, args...)...)
			}
			write(t, filepath.Join(folder, "subscriptions.json"), "["+subscriptionLine("a")+", "+subscriptionLine("b")+"]")
			if out, errs, status := load("web-push", "subscriptions.json"); status != 0 || out != "2 added, 0 refreshed, 0 unchanged, 0 bad\n" || errs != "" {
				t.Errorf("%d %q %q", status, out, errs)
			}
			write(t, filepath.Join(folder, "export.csv"), strings.NewReplacer("KEYS", pushtest.P256dh+","+pushtest.Auth).Replace(
				`identifier,device_type,web_p256,web_auth,external_user_id,notification_types
https://fcm.googleapis.com/c,5,KEYS,u2,1
token,1,,,u2,1
https://fcm.googleapis.com/d,5,KEYS,u2,-2
https://fcm.googleapis.com/e,5,KEYS,u2,-2
`))
			out, errs, status := load("onesignal", "export.csv")
			if status != 1 || out != "1 added, 0 refreshed, 0 unchanged, 3 bad\n  2 unsubscribed\n  1 mobile-app\n" ||
				!strings.HasPrefix(errs, "row 3: mobile-app: ") || !strings.HasSuffix(errs, "\npushkit: 3 are not imported\n") {
				t.Errorf("%d %q %q", status, out, errs)
			}
			if out, _, status := load("onesignal", "--json", "export.csv"); status != 1 || out != `{"added":0,"refreshed":0,"unchanged":1,"bad":3,"reasons":{"mobile-app":1,"unsubscribed":2}}`+"\n" {
				t.Errorf("%d %q", status, out)
			}
			if exported := mustRun(t, folder, "subscriptions", "export", "--database", url); strings.Count(exported, "\n") != 3 || strings.Count(exported, `"user":"u1"`) != 2 || !strings.Contains(exported, `"user":"u2"`) {
				t.Errorf("got %s", exported)
			}
			if out, errs, status := load("perfecty", "export.csv"); status != 1 || out != "0 added, 0 refreshed, 0 unchanged, 0 bad\n" || !strings.Contains(errs, "pushkit: nothing is imported: there is no column endpoint,") {
				t.Errorf("%d %q %q", status, out, errs)
			}
			if out, errs, status := load("nonsense", "export.csv"); status != 1 || out != "" || !strings.Contains(errs, `--from: "nonsense" is no kind of file`) {
				t.Errorf("%d %q %q", status, out, errs)
			}
		})
	}
}

// Instead of a thousand bad lines.
func TestAnothersFileWithoutSayingSoIsToldHowToSay(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	serve(t, folder).end()
	for text, want := range map[string]string{
		" \n[" + strings.TrimSpace(subscriptionLine("a")) + "]": "--from web-push",
		"\xef\xbb\xbf[]": "--from web-push",
		"id,subscribable_type,subscribable_id,endpoint,public_key,auth_token\n1,x,1,https://x,a,b": "--from whose it is",
		"id\tendpoint\n": "--from whose it is",
		"nonsense\n":     "line 1",
	} {
		write(t, filepath.Join(folder, "in"), text)
		if out, errs, status := run(t, folder, "subscriptions", "import", "in"); status != 1 || !strings.Contains(errs, want) || want != "line 1" && (out != "" || strings.Count(errs, "\n") != 1) {
			t.Errorf("%q: %d %q %q", text, status, out, errs)
		}
	}
}

func TestImportIntoAServer(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), "--push-services", "push.example.org", "--api-key", testKey)
	folder := t.TempDir() // another machine
	load := func(args ...string) (string, string, int) {
		return run(t, folder, append([]string{"subscriptions", "import", "--server", s.url, "--api-key", testKey}, args...)...)
	}
	const n = 600 // more than a request may have
	var file strings.Builder
	for i := range n {
		file.WriteString(subscriptionLine(fmt.Sprint(i)))
	}
	file.WriteString("nonsense\n" + strings.ReplaceAll(subscriptionLine("c"), "fcm.googleapis.com", "evil.example") + strings.ReplaceAll(subscriptionLine("c"), "fcm.googleapis.com", "push.example.org"))
	write(t, filepath.Join(folder, "in.ndjson"), file.String())
	out, errs, status := load("in.ndjson")
	if status != 1 || out != "601 added, 0 refreshed, 0 unchanged, 2 bad\n  1 invalid-json\n  1 push-service-not-allowed (endpoint)\n" ||
		!strings.HasPrefix(errs, "line 601: invalid-json: ") || !strings.Contains(errs, "\nline 602: push-service-not-allowed: endpoint belongs to no") {
		t.Errorf("%d %q %q", status, out, errs)
	}
	if out, errs, status := load("in.ndjson"); status != 1 || !strings.HasPrefix(out, "0 added, 0 refreshed, 601 unchanged, 2 bad\n") {
		t.Errorf("%d %q %q", status, out, errs)
	}
	write(t, filepath.Join(folder, "a.json"), "["+subscriptionLine("a")+"]")
	if out, errs, status := load("--from", "web-push", "a.json"); status != 0 || out != "1 added, 0 refreshed, 0 unchanged, 0 bad\n" {
		t.Errorf("%d %q %q", status, out, errs)
	}
	if out, errs, status := run(t, folder, "subscriptions", "import", "--server", s.url, "--api-key", testKey+"x", "in.ndjson"); status != 1 || !strings.Contains(errs, "nothing is imported: api-key-invalid") {
		t.Errorf("%d %q %q", status, out, errs)
	}
}

func TestAnImportIsInterrupted(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	setOrigin(t, folder) // makes the database
	c := command(t, folder, "subscriptions", "import", "-")
	var out, errs strings.Builder
	c.Stdout, c.Stderr = &out, &errs
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	const n = 5100 // more than is stored at once
	for i := range n {
		fmt.Fprint(in, subscriptionLine(fmt.Sprint(i)))
	}
	stored := func() int { return strings.Count(mustRun(t, folder, "subscriptions", "list", "--json"), "\n") }
	await(t, func() bool { return stored() > 0 })
	c.Process.Signal(syscall.SIGINT)
	c.Wait()
	if want := fmt.Sprintf("%d added,", stored()); c.ProcessState.ExitCode() != 1 || !strings.HasPrefix(out.String(), want) || strings.Count(errs.String(), "\n") != 1 || !strings.Contains(errs.String(), "after line 5000") {
		t.Errorf("%v %q %q, want %s", c.ProcessState, out.String(), errs.String(), want)
	}
}
