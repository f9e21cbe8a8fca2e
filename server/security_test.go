// Package server_test holds what is said of the whole server against its code.
package server_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// testNames are the tests of SECURITY.md: a folder, and functions in it.
var testNames = regexp.MustCompile("`([a-z][a-z0-9/_]*)`((?: `(?:Test|Fuzz)[A-Za-z0-9]+`,?)+)")

// A document that names a test which is gone would promise what nothing shows.
func TestEveryTestOfTheSecurityDocumentExists(t *testing.T) {
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	document, named := string(text), map[string]bool{}
	for _, match := range testNames.FindAllStringSubmatch(document, -1) {
		folder, there := match[1], functions(t, match[1])
		for _, name := range regexp.MustCompile(`\w+`).FindAllString(match[2], -1) {
			named[folder+" "+name] = true
			if !there[name] {
				t.Errorf("%s has no %s", folder, name)
			}
		}
	}
	// None escapes by its form.
	if all := regexp.MustCompile("`(?:Test|Fuzz)[A-Z]").FindAllString(document, -1); len(named) == 0 || len(all) < len(named) {
		t.Errorf("%d are named, %d were found", len(all), len(named))
	}
	for _, line := range strings.Split(document, "\n") {
		inLine := regexp.MustCompile("`(?:Test|Fuzz)[A-Z]").FindAllString(line, -1)
		found := 0
		for _, match := range testNames.FindAllStringSubmatch(line, -1) {
			found += strings.Count(match[2], "`Test") + strings.Count(match[2], "`Fuzz")
		}
		if found != len(inLine) {
			t.Errorf("a test has no folder before it: %s", line)
		}
		if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| ") && len(inLine) == 0 && !strings.HasPrefix(line, "| ---") && !strings.HasPrefix(line, "| attack") && !strings.HasPrefix(line, "| what is parsed") {
			t.Errorf("%s: no test shows it", cells[0])
		}
	}
}

// Every fuzz target of the server is in the document.
func TestTheSecurityDocumentHasEveryFuzzTarget(t *testing.T) {
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		for function := range functions(t, name) {
			if strings.HasPrefix(function, "Fuzz") && !strings.Contains(string(text), "`"+function+"`") {
				t.Errorf("%s is missing", path.Join(filepath.ToSlash(name), function))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)

// functions are the tests in a folder of the server or, with examples/, beside it.
func functions(t *testing.T, folder string) map[string]bool {
	t.Helper()
	if strings.HasPrefix(folder, "examples/") {
		folder = "../" + folder
	}
	files, err := filepath.Glob(filepath.Join(filepath.FromSlash(folder), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	there := make(map[string]bool)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range testFunction.FindAllSubmatch(text, -1) {
			there[string(match[1])] = true
		}
	}
	return there
}
