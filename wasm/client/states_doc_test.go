//go:build !js

// What is held here are files, which a browser has not.

package client

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// stateNames are the states as states.go declares them.
func stateNames(t *testing.T) []string {
	file, err := parser.ParseFile(token.NewFileSet(), "states.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var declared []string
	for _, declaration := range file.Decls {
		constants, ok := declaration.(*ast.GenDecl)
		if !ok || constants.Tok != token.CONST {
			continue
		}
		for _, spec := range constants.Specs {
			if name := spec.(*ast.ValueSpec).Names[0].Name; ast.IsExported(name) {
				declared = append(declared, name)
			}
		}
	}
	return declared
}

func TestEveryStateHasItsName(t *testing.T) {
	declared := stateNames(t)
	if len(declared) != len(names) {
		t.Errorf("%d states, %d names", len(declared), len(names))
	}
	for i, name := range declared {
		if names[1<<i] != name {
			t.Errorf("state %d is %s, named %s", i, name, names[1<<i])
		}
	}
}

// stateRow is one of the tables in STATES.md: what happens, states, Firefox,
// Chromium, WebKit, test.
var stateRow = regexp.MustCompile(`(?m)^\| (.*) \| (.*) \| ([✓–]) \| ([✓–]) \| ([✓–]) \| (.*) \|$`)

func TestStatesMDNamesEveryStateAndTestsThatThereAre(t *testing.T) {
	text, err := os.ReadFile("../../js/STATES.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := stateRow.FindAllStringSubmatch(string(text), -1)
	if bars := strings.Count(string(text), "\n| ") - 4; len(rows) != bars {
		t.Errorf("%d rows, of which %d are as they should be", bars, len(rows))
	}
	var named strings.Builder
	inPath, inWebKit := browserCases(t)
	for _, row := range rows {
		what, states, firefox, chromium, webkit, name := row[1], row[2], row[3], row[4], row[5], row[6]
		named.WriteString(states)
		line, ok := find(inPath, name)
		_, okWebKit := find(inWebKit, name)
		if !ok && !okWebKit {
			t.Errorf("%s: no case is named %q", what, name)
			continue
		}
		skipped := strings.Contains(line, "skip:")
		if (firefox == "✓" || chromium == "✓") != ok || (webkit == "✓") != okWebKit || ok && skipped == (firefox == chromium) {
			t.Errorf("%s: %s%s%s, for a case in %q and WebKit %t", what, firefox, chromium, webkit, line, okWebKit)
		}
	}
	for _, name := range stateNames(t) {
		if !strings.Contains(named.String(), "`"+name+"`") {
			t.Errorf("%s is in no row", name)
		}
	}
}

func TestStatesMDHasTheDiagramOfTheCode(t *testing.T) {
	text, err := os.ReadFile("../../js/STATES.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("states.go")
	if err != nil {
		t.Fatal(err)
	}
	diagram := strings.Join(regexp.MustCompile(`(?m)^//\t.*\n`).FindAllString(string(source), -1), "")
	if diagram = strings.ReplaceAll(diagram, "//\t", ""); !strings.Contains(string(text), "```\n"+diagram+"```\n") {
		t.Errorf("want\n%s", diagram)
	}
}

// A browserCase is the text of a test's name, as a pattern, and the line that it
// stands in.
type browserCase struct {
	name *regexp.Regexp
	line string
}

// browserCases returns what is tried in Firefox and Chromium, and what in WebKit.
func browserCases(t *testing.T) (inPath, inWebKit []browserCase) {
	files, err := filepath.Glob("../../js/test/browser/cases/*.mjs")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	// The name stands in the call or, in a loop, in a list before it.
	literal := regexp.MustCompile("(?:^\\s*test\\(|name: )(?:\"([^\"]+)\"|`([^`]+)`)")
	part := regexp.MustCompile(`\\\$\\\{.*?\\\}`)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(source)) {
			for _, text := range literal.FindAllStringSubmatch(line, -1) {
				pattern := part.ReplaceAllString(regexp.QuoteMeta(text[1]+text[2]), ".+")
				c := browserCase{regexp.MustCompile("^" + pattern + "$"), line}
				if strings.HasPrefix(filepath.Base(file), "webkit-") {
					inWebKit = append(inWebKit, c)
				} else {
					inPath = append(inPath, c)
				}
			}
		}
	}
	return inPath, inWebKit
}

func find(cases []browserCase, name string) (line string, ok bool) {
	for _, c := range cases {
		if c.name.MatchString(name) {
			return c.line, true
		}
	}
	return "", false
}
