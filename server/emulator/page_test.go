package emulator

import (
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// get asks for a path as a browser's navigation does, with other headers on top.
func (s *testService) get(path string, header map[string]string) (*http.Response, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(testContext(s.t), "GET", s.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	r.Header.Set("Sec-Fetch-Dest", "document")
	for name, value := range header {
		r.Header.Set(name, value)
		if name == "Host" {
			r.Host = value
		}
	}
	response, err := s.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response, string(text)
}

func TestABrowserGetsThePageUnderAStrictPolicy(t *testing.T) {
	s := serve(t, Options{})
	response, text := s.get("/", nil)
	if response.StatusCode != 200 || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") || !strings.Contains(text, "<h1>") {
		t.Fatalf("answered %d: %s", response.StatusCode, text)
	}
	policy := response.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("the policy is %s", policy)
	}
	for what, pattern := range map[string]string{
		"an inline script":            `<script(?:\s[^>]*)?>\s*[^<\s]`,
		"an inline style":             `(?i)<style|\sstyle=`,
		"an inline handler":           `(?i)\son[a-z]+=`,
		"something of another origin": `(?:src|href)="(?:https?:)?//`,
	} {
		if found := regexp.MustCompile(pattern).FindString(text); found != "" {
			t.Errorf("the page has %s: %s", what, found)
		}
	}
	// A link may lead here from anywhere, by a name of this machine only.
	if response, _ := s.get("/", map[string]string{"Sec-Fetch-Site": "cross-site"}); response.StatusCode != 200 {
		t.Errorf("a link was answered %d", response.StatusCode)
	}
	if response, _ := s.get("/", map[string]string{"Sec-Fetch-Site": "cross-site", "Host": "evil.example"}); response.StatusCode != 403 {
		t.Errorf("a rebound name was answered %d", response.StatusCode)
	}
	if response, _ := s.get("/page/app.js", map[string]string{"Sec-Fetch-Site": "cross-site"}); response.StatusCode != 403 {
		t.Errorf("a script of a foreign page was answered %d", response.StatusCode)
	}
}

func TestThePageHasEveryFileThatItNames(t *testing.T) {
	s := serve(t, Options{})
	named := regexp.MustCompile(`"(?:page|\.)/([a-z]+\.(?:js|css|svg))"`)
	names := map[string]bool{}
	err := fs.WalkDir(pageFiles, "page", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(pageFiles, path)
		for _, match := range named.FindAllSubmatch(text, -1) {
			names[string(match[1])] = true
		}
		return err
	})
	if err != nil || len(names) < 5 {
		t.Fatalf("the page names %v: %v", names, err)
	}
	for name := range names {
		response, text := s.get("/page/"+name, map[string]string{"Sec-Fetch-Site": "same-origin"})
		kind := response.Header.Get("Content-Type")
		if response.StatusCode != 200 || text == "" || strings.HasPrefix(kind, "text/plain") || response.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: answered %d, %s", name, response.StatusCode, kind)
		}
	}
	for _, name := range []string{"unknown.js", "tsconfig.json", "..%2femulator.go"} {
		if response, _ := s.get("/page/"+name, nil); response.StatusCode != 404 {
			t.Errorf("%s: answered %d", name, response.StatusCode)
		}
	}
}
