package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/pushkit/pushkit/server/wire"
)

// Budgets in bytes, as the server sends the files: in brotli.
const (
	loaderBudget = 3072
	// elementsBudget is with English; textsBudget is for another language.
	elementsBudget = 8192
	textsBudget    = 1024
	debugBudget    = 4096
	checkBudget    = 5120
	workerBudget   = 4096
	clientBudget   = 512
	execBudget     = 4000
	// wasmShare is how large the WebAssembly may be, in percent of the
	// smallest program's.
	wasmShare = 117
)

// reportSizes prints each file's size beside its budget; it fails where one is
// over.
func reportSizes(w io.Writer, root, folder string, files map[string][]byte) error {
	smallest, err := compile(root, "./js/build/smallest")
	if err != nil {
		return err
	}
	smallestSize, err := cachedSize(filepath.Join(root, "build/sizes"), smallest)
	if err != nil {
		return err
	}

	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "file\traw\tbrotli\tbudget\tshare\t")
	var over []string
	row := func(name string, raw, size, budget int) {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%.1f %%\t\n", name, raw, size, budget, 100*float64(size)/float64(budget))
		if size > budget {
			over = append(over, fmt.Sprintf("%s is %d bytes over its budget", name, size-budget))
		}
	}
	names := []string{wire.FileLoader, wire.FileLoaderClassic, wire.FileElements}
	languages, err := bundler{root: root}.languages()
	if err != nil {
		return err
	}
	for _, language := range languages {
		names = append(names, textsEntry(language).name)
	}
	for _, name := range append(names, wire.FileDebug, wire.FileCheck, wire.FileWorker, wire.FileClient, execFile, wasmFile) {
		file, budget := name, textsBudget
		switch name {
		case wire.FileElements:
			budget = elementsBudget
		case wire.FileLoader, wire.FileLoaderClassic:
			budget = loaderBudget
		case wire.FileDebug:
			budget = debugBudget
		case wire.FileCheck:
			budget = checkBudget
		case wire.FileWorker:
			budget = workerBudget
		case wire.FileClient:
			budget = clientBudget
		case execFile:
			file, budget = hashedOf(files, name), execBudget
		case wasmFile:
			file, budget = hashedOf(files, name), smallestSize*wasmShare/100
		}
		compressed, err := os.Stat(filepath.Join(folder, file+".br"))
		if err != nil {
			return err
		}
		row(name, len(files[file]), int(compressed.Size()), budget)
	}
	fmt.Fprintf(table, "smallest program\t%d\t%d\t\t\t\n", len(smallest), smallestSize)
	if err := table.Flush(); err != nil {
		return err
	}
	if over != nil {
		return fmt.Errorf("%s", strings.Join(over, "; "))
	}
	return nil
}

// hashedOf finds the file that hashed made of name.
func hashedOf(files map[string][]byte, name string) string {
	extension := filepath.Ext(name)
	for file := range files {
		if hashedName.MatchString(file) && strings.HasPrefix(file, strings.TrimSuffix(name, extension)+".") && strings.HasSuffix(file, extension) {
			return file
		}
	}
	return name
}

// cachedSize is the size of content in brotli. It is remembered in folder by
// content, since compressing takes seconds.
func cachedSize(folder string, content []byte) (int, error) {
	remembered := filepath.Join(folder, hashed("smallest", content))
	if text, err := os.ReadFile(remembered); err == nil {
		var size int
		if _, err := fmt.Sscan(string(text), &size); err == nil {
			return size, nil
		}
	}
	compressed, err := compress(content)
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return 0, err
	}
	return len(compressed), os.WriteFile(remembered, []byte(fmt.Sprintln(len(compressed))), 0o644)
}
