// Command build makes the client's files, which the server embeds and serves:
// the loader as a module and as a classic script, the elements, the service worker,
// Go's wasm_exec.js and the WebAssembly, each with a .br beside it.
//
//	go run ./js/build [-out js/dist] [-sizes]
//	go run ./js/build -package build/npm
//	go run ./js/build -bundle FILE.ts
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	log.SetFlags(0)
	out := flag.String("out", "js/dist", "the folder to write to")
	wasm := flag.String("wasm", "./wasm", "the Go package that becomes the WebAssembly")
	sizes := flag.Bool("sizes", false, "print the files' sizes and fail where one is over its budget")
	npm := flag.String("package", "", "write the npm package into this folder instead; its types need js/node_modules")
	source := flag.String("bundle", "", "write this TypeScript file alone to the standard output, as a module for the unit tests")
	flag.Parse()
	if *source != "" {
		if err := printBundle(*source); err != nil {
			log.Fatal("js/build: ", err)
		}
		return
	}
	if *npm != "" {
		if err := runPackage(*npm); err != nil {
			log.Fatal("js/build: ", err)
		}
		return
	}
	if err := run(*out, *wasm, *sizes); err != nil {
		log.Fatal("js/build: ", err)
	}
}

func run(out, wasm string, sizes bool) error {
	root, err := repository()
	if err != nil {
		return err
	}
	goroot, err := goCommand(root, nil, "env", "GOROOT")
	if err != nil {
		return err
	}
	version, err := packageVersion(root)
	if err != nil {
		return err
	}
	b := bundler{root: root, goroot: strings.TrimSpace(goroot), defines: map[string]string{}}
	files, err := build(b, wasm, version)
	if err != nil {
		return err
	}
	if err := write(out, files); err != nil {
		return err
	}
	if sizes {
		return reportSizes(os.Stdout, root, out, files)
	}
	return nil
}

// printBundle writes the module that source, a path below the repository,
// becomes.
func printBundle(source string) error {
	root, err := repository()
	if err != nil {
		return err
	}
	files, err := bundler{root: root}.bundle(entry{source: source, name: "bundle.js", format: api.FormatESModule, noMap: true})
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(files["bundle.js"])
	return err
}

// build returns all files by name, without those in brotli.
func build(b bundler, wasm, version string) (map[string][]byte, error) {
	files := map[string][]byte{}
	module, err := compile(b.root, wasm)
	if err != nil {
		return nil, err
	}
	execFiles, err := b.bundle(execEntry())
	if err != nil {
		return nil, err
	}
	wasmName, execName := hashed(wasmFile, module), hashed(execFile, execFiles[execFile])
	files[wasmName], files[execName] = module, execFiles[execFile]

	languages, err := b.languages()
	if err != nil {
		return nil, err
	}
	b.defines = map[string]string{
		"PUSHKIT_LANGUAGES": quote(strings.Join(languages, " ")),
		"PUSHKIT_WASM":      quote(wasmName),
		"PUSHKIT_EXEC":      quote(execName),
		"PUSHKIT_VERSION":   quote(version),
	}
	elements, err := b.elementEntries()
	if err != nil {
		return nil, err
	}
	for _, e := range append(loaderEntries(), elements...) {
		bundled, err := b.bundle(e)
		if err != nil {
			return nil, err
		}
		for name, content := range bundled {
			files[name] = content
		}
	}
	return files, nil
}

// compile builds a Go program to WebAssembly. The result depends on nothing
// but the source and Go's version, so that its name is the same everywhere.
func compile(root, program string) ([]byte, error) {
	temp, err := os.MkdirTemp("", "pushkit-build-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	file := filepath.Join(temp, wasmFile)
	if _, err := goCommand(root, []string{"GOOS=js", "GOARCH=wasm"},
		"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", file, program); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}

func goCommand(root string, env []string, args ...string) (string, error) {
	command := exec.Command("go", args...)
	command.Dir = root
	command.Env = append(os.Environ(), env...)
	output, err := command.Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, exit.Stderr)
	}
	return string(output), err
}

// repository is the folder with go.mod at or above the working directory.
func repository() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", errors.New("no go.mod here or above: run it in the repository")
		}
		folder = parent
	}
}

func packageVersion(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, "js/package.json"))
	if err != nil {
		return "", err
	}
	var pkg struct{ Version string }
	if err := json.Unmarshal(text, &pkg); err != nil {
		return "", fmt.Errorf("js/package.json: %w", err)
	}
	return pkg.Version, nil
}

func quote(s string) string {
	quoted, _ := json.Marshal(s)
	return string(quoted)
}
