package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/evanw/esbuild/pkg/api"

	"github.com/pushkit/pushkit/server/wire"
)

func testBundler(t *testing.T) bundler {
	t.Helper()
	root, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	goroot, err := goCommand(root, nil, "env", "GOROOT")
	if err != nil {
		t.Fatal(err)
	}
	return bundler{root: root, goroot: strings.TrimSpace(goroot), defines: map[string]string{
		"PUSHKIT_WASM":    `"pushkit.test.wasm"`,
		"PUSHKIT_EXEC":    `"wasm_exec.test.js"`,
		"PUSHKIT_VERSION": `"0.0.0"`,

		"PUSHKIT_LANGUAGES": `"de"`,
	}}
}

func TestBundlesSayNothingOfTheMachineThatBuiltThem(t *testing.T) {
	b := testBundler(t)
	elements, err := b.elementEntries()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range append(append(loaderEntries(), execEntry()), elements...) {
		files, err := b.bundle(e)
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range files {
			for _, path := range []string{b.root, b.goroot, filepath.Dir(b.root)} {
				if bytes.Contains(content, []byte(path)) {
					t.Errorf("%s holds %s", name, path)
				}
			}
			if !strings.HasSuffix(name, ".map") {
				continue
			}
			var sourceMap struct{ Sources []string }
			if err := json.Unmarshal(content, &sourceMap); err != nil {
				t.Fatal(err)
			}
			for _, source := range sourceMap.Sources {
				// As seen from js/dist.
				if !strings.HasPrefix(source, "../src/") && !strings.HasPrefix(source, "../../sw/") {
					t.Errorf("%s names the source %s", name, source)
				}
			}
		}
	}
}

func TestTheWorkerCanBeImportedByAnyKindOfWorker(t *testing.T) {
	b := testBundler(t)
	for _, e := range loaderEntries() {
		files, err := b.bundle(e)
		if err != nil {
			t.Fatal(err)
		}
		// importScripts refuses these, and a classic script too.
		static := regexp.MustCompile(`(?:^|[;}\n])(?:export[ {]|import[ {"'])|import\.meta`).Match(files[e.name])
		if module := e.format == api.FormatESModule; static != module {
			t.Errorf("%s: has a module's syntax: %v, want %v", e.name, static, module)
		}
	}
}

// Texts are data: a language can be added by one file.
func TestEachLanguageIsAFileThatTheElementsLoad(t *testing.T) {
	b := testBundler(t)
	entries, err := b.elementEntries()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.name)
	}
	for _, name := range []string{"pushkit-elements.js", "pushkit-elements.ar.js", "pushkit-elements.zh.js"} {
		if !slices.Contains(names, name) {
			t.Errorf("no %s in %v", name, names)
		}
	}
	if slices.Contains(names, "pushkit-elements.en.js") {
		t.Error("English is in the elements' own file")
	}
	files, err := b.bundle(entries[0])
	if err != nil {
		t.Fatal(err)
	}
	// The page's own instance of pushkit, not a second one.
	if !regexp.MustCompile(`from"\./pushkit\.js"`).Match(files[wire.FileElements]) {
		t.Error("the elements do not import the loader beside them")
	}
}

func TestWriteKeepsOnlyTheHashedFilesOfThisBuild(t *testing.T) {
	folder := t.TempDir()
	old := hashed(wasmFile, []byte("old"))
	if err := write(folder, map[string][]byte{old: []byte("old"), "pushkit.js": []byte("old")}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, ".gitignore"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	now := hashed(wasmFile, []byte("new"))
	if err := write(folder, map[string][]byte{now: []byte("new"), "pushkit.js": []byte("new")}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	want := []string{".gitignore", now + ".br", "pushkit.js", "pushkit.js.br"}
	if strings.Join(names, " ") != strings.Join(want, " ") {
		t.Errorf("got %v, want %v", names, want)
	}
}

func TestTheBrotliFormIsOfTheFileBesideIt(t *testing.T) {
	folder := t.TempDir()
	for _, content := range []string{"first", "second", "second"} {
		if err := write(folder, map[string][]byte{"pushkit.js": []byte(content)}); err != nil {
			t.Fatal(err)
		}
		compressed, err := os.ReadFile(filepath.Join(folder, "pushkit.js.br"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(brotli.NewReader(bytes.NewReader(compressed)))
		if err != nil || string(got) != content {
			t.Errorf("pushkit.js.br holds %q, %v; want %q", got, err, content)
		}
	}
}

func TestAHashedNameChangesWithTheContentAndIsKnownAsOne(t *testing.T) {
	a, b := hashed(execFile, []byte("a")), hashed(execFile, []byte("b"))
	if a == b || !hashedName.MatchString(a) || !hashedName.MatchString(b+".br") {
		t.Errorf("got %s and %s", a, b)
	}
	for _, name := range []string{wire.FileLoader, wire.FileLoaderClassic, wire.FileWorker, ".gitignore"} {
		if hashedName.MatchString(name) {
			t.Errorf("%s would be removed as stale", name)
		}
	}
}
