package main_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type keyInfo struct {
	ID, Name, Key, LastUsedAt, RevokedAt string
	Scopes                               []string
}

func listKeys(t *testing.T, folder string) (keys []keyInfo) {
	t.Helper()
	for line := range strings.Lines(mustRun(t, folder, "keys", "list", "--json")) {
		var key keyInfo
		if err := json.Unmarshal([]byte(line), &key); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	return keys
}

// status is what a list of messages is answered with for a key.
func status(t *testing.T, server, key string) int {
	t.Helper()
	request, err := http.NewRequest("GET", server+"/v1/messages", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

func TestKeysAreMadeListedAndRevokedBesideAServer(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := serve(t, folder)
	key := strings.TrimSuffix(mustRun(t, folder, "keys", "create", "--name", "shop"), "\n")
	var sends keyInfo
	if err := json.Unmarshal([]byte(mustRun(t, folder, "keys", "create", "--scope", "send", "--json")), &sends); err != nil {
		t.Fatal(err)
	}
	if got := status(t, s.url, key); got != 200 {
		t.Errorf("the new key is answered %d", got)
	}
	if got := status(t, s.url, sends.Key); got != 403 {
		t.Errorf("a key for sending is answered %d", got)
	}
	await(t, func() bool { return listKeys(t, folder)[1].LastUsedAt != "" })
	keys := listKeys(t, folder)
	if len(keys) != 3 || strings.Join(keys[0].Scopes, " ") != "admin" || keys[1].Name != "shop" || strings.Join(keys[1].Scopes, " ") != "send read" || keys[2].ID != sends.ID {
		t.Fatalf("got %+v", keys)
	}
	if table := mustRun(t, folder, "keys", "list"); strings.Contains(table, key) || !strings.Contains(table, "send,read") {
		t.Errorf("got %s", table)
	}
	mustRun(t, folder, "keys", "revoke", keys[1].ID)
	if got := status(t, s.url, key); got != 401 {
		t.Errorf("the revoked key is answered %d", got)
	}
	if got := listKeys(t, folder)[1].RevokedAt; got == "" {
		t.Error("the list does not say that it is revoked")
	}
	for _, mistake := range [][]string{{"revoke"}, {"revoke", "x"}, {"create", "--scope", "root"}, {"create", "--name", "a\nb"}, {"create", "x"}, {"list", "x"}} {
		if out, errs, status := run(t, folder, append([]string{"keys"}, mistake...)...); status != 1 || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%q: %d %q %q", mistake, status, out, errs)
		}
	}
}

func TestAKeyIsRevokedByItsName(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	serve(t, folder).end()
	for _, name := range []string{"shop", "blog", "blog"} {
		mustRun(t, folder, "keys", "create", "--name", name)
	}
	mustRun(t, folder, "keys", "revoke", "shop")
	keys := listKeys(t, folder)
	if keys[1].RevokedAt == "" || keys[2].RevokedAt != "" || keys[3].RevokedAt != "" {
		t.Fatalf("got %+v", keys)
	}
	for name, want := range map[string]string{"shop": "no API key in force", "": "no API key in force", "blog": keys[2].ID + " or " + keys[3].ID} {
		if _, stderr, status := run(t, folder, "keys", "revoke", name); status != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%q: %d %q", name, status, stderr)
		}
	}
	// Where one of them is left, the name says which.
	mustRun(t, folder, "keys", "revoke", keys[2].ID)
	mustRun(t, folder, "keys", "revoke", "blog")
	if keys = listKeys(t, folder); keys[3].RevokedAt == "" {
		t.Errorf("got %+v", keys)
	}
}

// A key that is revoked is not brought back by a start; without any other key a
// start makes a new one.
func TestARevokedKeyStaysRevoked(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	serve(t, folder, "--api-key", testKey).end()
	mustRun(t, folder, "keys", "revoke", listKeys(t, folder)[0].ID)
	s := serve(t, folder, "--api-key", testKey)
	if got := status(t, s.url, testKey); got != 401 {
		t.Errorf("the revoked key is answered %d", got)
	}
	s.end()
	if !strings.Contains(s.stderr.String(), "is revoked") {
		t.Errorf("nothing warns of it: %s", s.stderr)
	}
	serve(t, folder).end()
	file := filepath.Join(folder, "data", "api-key")
	first, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, folder, "keys", "create")
	mustRun(t, folder, "keys", "revoke", listKeys(t, folder)[1].ID)
	s = serve(t, folder)
	if content, err := os.ReadFile(file); err != nil || string(content) != string(first) || strings.Contains(s.greeting, "API key ") {
		t.Errorf("a start touches the file of a revoked key, or names it, though there is another key: %v\n%s", err, s.greeting)
	}
}
