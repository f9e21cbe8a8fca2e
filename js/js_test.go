package js

import (
	"errors"
	"testing"
	"testing/fstest"
)

func TestFilesOfAFreshCloneAreReportedAsNotBuilt(t *testing.T) {
	if err := built(fstest.MapFS{".gitignore": {}}); !errors.Is(err, ErrNotBuilt) {
		t.Fatalf("got %v, want ErrNotBuilt", err)
	}
}

func TestABuildWithoutOneOfItsFilesIsReported(t *testing.T) {
	files := fstest.MapFS{}
	for _, name := range []string{"pushkit.js", "pushkit.classic.js", "pushkit-elements.js", "pushkit-elements.de.js", "pushkit-debug.js", "pushkit-check.js", "pushkit-sw.js", "pushkit-client.js", "pushkit.0a1b.wasm", "wasm_exec.0a1b.js"} {
		files[name], files[name+".br"] = &fstest.MapFile{}, &fstest.MapFile{}
	}
	if err := built(files); err != nil {
		t.Fatal("a whole build:", err)
	}
	delete(files, "pushkit.0a1b.wasm") // it is there in brotli alone
	for name, file := range files {
		delete(files, name)
		if err := built(files); !errors.Is(err, ErrNotBuilt) {
			t.Errorf("without %s: got %v, want ErrNotBuilt", name, err)
		}
		files[name] = file
	}
}
