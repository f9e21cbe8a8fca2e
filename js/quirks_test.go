package js

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Each rule of QUIRKS.md has a line that is in its file, and a test that is in its.
func TestEachQuirkHasItsLineAndItsTest(t *testing.T) {
	text, err := os.ReadFile("../sw/QUIRKS.md")
	if err != nil {
		t.Fatal(err)
	}
	inFile := func(rule, file, what string) {
		content, err := os.ReadFile("../" + file)
		if err != nil {
			t.Errorf("%s: %v", rule, err)
		} else if !strings.Contains(string(content), what) {
			t.Errorf("%s: %q is not in %s", rule, what, file)
		}
	}
	var rules int
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) != 4 || cells[0] == "rule" || strings.HasPrefix(cells[0], "---") {
			continue
		}
		rules++
		lines := regexp.MustCompile("`([^`]+)` `([^`]+)`").FindAllStringSubmatch(cells[2], -1)
		tests := regexp.MustCompile("`([^`]+)` \"([^\"]+)\"").FindAllStringSubmatch(cells[3], -1)
		if len(lines) == 0 || len(tests) == 0 || cells[1] == "" {
			t.Errorf("%s: no source, line or test", cells[0])
		}
		for _, found := range append(lines, tests...) {
			inFile(cells[0], found[1], found[2])
		}
	}
	if rules < 30 {
		t.Errorf("%d rules", rules)
	}
}
