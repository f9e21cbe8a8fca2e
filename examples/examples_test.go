package examples

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

func TestPlainWorksFromAnyFolderUnderAStrictContentSecurityPolicy(t *testing.T) {
	page, err := fs.ReadFile(Plain(), "index.html")
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

func TestPlainNamesTheServerWhereItIsNeeded(t *testing.T) {
	for name, want := range map[string]string{
		"app.js":        `import { pushkit } from "` + PlaceholderServer + `/pushkit.js"`,
		"pushkit-sw.js": `importScripts("` + PlaceholderServer + `/pushkit-sw.js")`,
	} {
		text, err := fs.ReadFile(Plain(), name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("%s has no %s", name, want)
		}
	}
}

func TestPlainHasEveryFileThatItNames(t *testing.T) {
	named := regexp.MustCompile(`"([a-z-]+\.(?:css|js|png|svg))"`)
	seen := 0
	for _, name := range []string{"index.html", "app.js"} {
		text, err := fs.ReadFile(Plain(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range named.FindAllSubmatch(text, -1) {
			seen++
			if _, err := fs.Stat(Plain(), string(match[1])); err != nil {
				t.Errorf("%s names %s: %v", name, match[1], err)
			}
		}
	}
	if seen == 0 {
		t.Error("the test finds no name")
	}
}
