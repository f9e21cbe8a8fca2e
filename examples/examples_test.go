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
