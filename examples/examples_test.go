package examples

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// sites are the examples that are pages, by their folders.
func sites() map[string]fs.FS {
	return map[string]fs.FS{"plain": Plain(), "elements": os.DirFS("elements")}
}

func TestSitesWorkFromAnyFolderUnderAStrictContentSecurityPolicy(t *testing.T) {
	for name, site := range sites() {
		t.Run(name, func(t *testing.T) { worksFromAnyFolder(t, site) })
	}
}

func worksFromAnyFolder(t *testing.T, site fs.FS) {
	page, err := fs.ReadFile(site, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	for what, pattern := range map[string]string{
		"an inline script":             `<script(?:\s[^>]*)?>\s*[^<\s]`,
		"an inline style":              `(?i)<style|\sstyle=`,
		"an inline handler":            `(?i)\son[a-z]+=`,
		"an address from the root":     `(?:src|href)="/`,
		"something from another place": `(?:src|href)="https?:`,
	} {
		if found := regexp.MustCompile(pattern).Find(page); found != nil {
			t.Errorf("index.html has %s: %s", what, found)
		}
	}
}

func TestSitesNameTheServerWhereItIsNeeded(t *testing.T) {
	for name, site := range sites() {
		t.Run(name, func(t *testing.T) { namesTheServer(t, site) })
	}
}

func namesTheServer(t *testing.T, site fs.FS) {
	for name, want := range map[string]string{
		"app.js":        `import { pushkit } from "` + PlaceholderServer + `/pushkit.js"`,
		"pushkit-sw.js": `importScripts("` + PlaceholderServer + `/pushkit-sw.js")`,
	} {
		text, err := fs.ReadFile(site, name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("%s has no %s", name, want)
		}
	}
}

func TestSitesHaveEveryFileThatTheyName(t *testing.T) {
	for name, site := range sites() {
		t.Run(name, func(t *testing.T) { hasEveryFile(t, site) })
	}
}

func hasEveryFile(t *testing.T, site fs.FS) {
	named := regexp.MustCompile(`"([a-z-]+\.(?:css|js|png|svg))"`)
	seen := 0
	for _, name := range []string{"index.html", "app.js"} {
		text, err := fs.ReadFile(site, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range named.FindAllSubmatch(text, -1) {
			seen++
			if _, err := fs.Stat(site, string(match[1])); err != nil {
				t.Errorf("%s names %s: %v", name, match[1], err)
			}
		}
	}
	if seen == 0 {
		t.Error("the test finds no name")
	}
}

// An origin that the server does not allow would be refused at the first click.
func TestBundledSitesAreServedWhereTheirREADMEsSay(t *testing.T) {
	ports := map[string]bool{}
	for _, name := range []string{"react", "workbox", "vite-pwa"} {
		config, err := os.ReadFile(name + "/vite.config.ts")
		if err != nil {
			t.Fatal(err)
		}
		readme, err := os.ReadFile(name + "/README.md")
		if err != nil {
			t.Fatal(err)
		}
		match := regexp.MustCompile(`\{ port: (\d+), strictPort: true \}`).FindSubmatch(config)
		if match == nil {
			t.Errorf("%s: vite may take another port than the one that the server allows", name)
			continue
		}
		// Two sites at one origin have one service worker.
		if port := string(match[1]); ports[port] {
			t.Errorf("%s: another example has port %s", name, port)
		} else {
			ports[port] = true
		}
		origins := regexp.MustCompile(`http://localhost:4\d+`).FindAllString(string(readme), -1)
		if len(origins) < 3 {
			t.Errorf("%s: README.md names %d addresses", name, len(origins))
		}
		for _, origin := range origins {
			if origin != "http://localhost:"+string(match[1]) {
				t.Errorf("%s: README.md names %s, and vite.config.ts port %s", name, origin, match[1])
			}
		}
	}
}
