package main

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/pushkit/pushkit/server/wire"
)

// Browsers too old for push must still parse the loader to be told so. These
// are of 2021 and know private members, which minify well; the first Safari
// with push is of 2022.
var engines = []api.Engine{
	{Name: api.EngineChrome, Version: "91"},
	{Name: api.EngineFirefox, Version: "90"},
	{Name: api.EngineSafari, Version: "15"},
}

// bundler makes JavaScript of TypeScript. Nothing in its output depends on
// where the repository lies.
type bundler struct {
	root    string // the repository
	goroot  string
	defines map[string]string
}

// elementsFolder has the custom elements, textsFolder their texts: a file for
// each language, of which English is in the elements' own file.
const (
	elementsFolder = "js/src/elements"
	textsFolder    = elementsFolder + "/texts"
)

// entry is one bundle.
type entry struct {
	source string // below root
	name   string // of the output
	format api.Format
	inject []string
	noMap  bool
	// packaged is for the npm package, whose user bundles and minifies it.
	packaged bool
}

func loaderEntries() []entry {
	return []entry{
		{source: "js/src/index.ts", name: wire.FileLoader, format: api.FormatESModule},
		{source: "js/src/classic.ts", name: wire.FileLoaderClassic, format: api.FormatIIFE},
		workerEntry(),
		{source: "js/src/start.ts", name: wire.FileClient, format: api.FormatESModule},
		{source: "js/src/debug/index.ts", name: wire.FileDebug, format: api.FormatESModule},
		{source: "js/src/panel/index.ts", name: wire.FileCheck, format: api.FormatESModule},
	}
}

func workerEntry() entry {
	return entry{source: "sw/index.ts", name: wire.FileWorker, format: api.FormatIIFE}
}

// elementEntries are the elements, and the texts of each language but English.
func (b bundler) elementEntries() ([]entry, error) {
	languages, err := b.languages()
	if err != nil {
		return nil, err
	}
	entries := []entry{{source: elementsFolder + "/index.ts", name: wire.FileElements, format: api.FormatESModule}}
	for _, language := range languages {
		entries = append(entries, textsEntry(language))
	}
	return entries, nil
}

// textsEntry has no source map: it is nothing but texts.
func textsEntry(language string) entry {
	return entry{
		source: textsFolder + "/" + language + ".ts",
		name:   strings.TrimSuffix(wire.FileElements, ".js") + "." + language + ".js",
		format: api.FormatESModule, noMap: true,
	}
}

// languages are those of the texts' folder, by their primary language subtags,
// without English.
func (b bundler) languages() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(b.root, textsFolder, "[a-z][a-z].ts"))
	if err != nil {
		return nil, err
	}
	var languages []string
	for _, file := range files {
		if language := strings.TrimSuffix(filepath.Base(file), ".ts"); language != "en" {
			languages = append(languages, language)
		}
	}
	return languages, nil
}

// execEntry has no source map: most of it is Go's file, which is not ours.
func execEntry() entry {
	return entry{
		source: "js/src/exec.ts", name: "wasm_exec.js", format: api.FormatESModule, noMap: true,
		inject: []string{"js/src/exec-globals.ts"},
	}
}

// bundle returns the files of e by name: the script and its source map.
func (b bundler) bundle(e entry) (map[string][]byte, error) {
	sourcemap := api.SourceMapLinked
	if e.noMap {
		sourcemap = api.SourceMapNone
	}
	folder, plugins := "js/dist", []api.Plugin{b.wasmExec(), loaderBeside}
	if e.packaged {
		folder, plugins = "js", []api.Plugin{b.packaged()}
	}
	defines := maps.Clone(b.defines)
	if defines == nil {
		defines = map[string]string{}
	}
	defines["PUSHKIT_PACKAGED"] = strconv.FormatBool(e.packaged)
	// Paths in a source map are relative to the output, so it must not matter
	// where that is really written.
	result := api.Build(api.BuildOptions{
		AbsWorkingDir:     b.root,
		EntryPoints:       []string{e.source},
		Outfile:           path.Join(folder, e.name),
		Inject:            e.inject,
		Bundle:            true,
		Format:            e.format,
		Platform:          api.PlatformBrowser,
		Engines:           engines,
		MinifyWhitespace:  !e.packaged,
		MinifyIdentifiers: !e.packaged,
		MinifySyntax:      true,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
		Sourcemap:         sourcemap,
		Define:            defines,
		// Fields as plain assignments: nothing here needs Object.defineProperty,
		// and its helper costs the loader bytes.
		TsconfigRaw: `{"compilerOptions": {"useDefineForClassFields": false}}`,
		Plugins:     plugins,
	})
	if len(result.Errors) > 0 {
		return nil, errors.New(strings.Join(api.FormatMessages(result.Errors, api.FormatMessagesOptions{}), ""))
	}
	files := map[string][]byte{}
	for _, file := range result.OutputFiles {
		name, err := filepath.Rel(filepath.Join(b.root, folder), file.Path)
		if err != nil {
			return nil, err
		}
		files[filepath.ToSlash(name)] = file.Contents
	}
	if _, ok := files[e.name]; !ok {
		return nil, fmt.Errorf("%s: esbuild wrote no %s", e.source, e.name)
	}
	return files, nil
}

// loaderBeside leaves the import of "pushkit" to the browser, which has the
// loader's file beside the one that imports it: the page's instance is in it.
var loaderBeside = api.Plugin{Name: "loader", Setup: func(build api.PluginBuild) {
	build.OnResolve(api.OnResolveOptions{Filter: `^pushkit$`}, func(api.OnResolveArgs) (api.OnResolveResult, error) {
		return api.OnResolveResult{Path: "./" + wire.FileLoader, External: true}, nil
	})
}}

// wasmExec resolves the import of "wasm_exec.js" to the one of the Go that
// builds the WebAssembly: the two must be of one version.
func (b bundler) wasmExec() api.Plugin {
	return api.Plugin{Name: "wasm_exec", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: `^wasm_exec\.js$`}, func(api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: filepath.Join(b.goroot, "lib/wasm/wasm_exec.js"), SideEffects: api.SideEffectsTrue}, nil
		})
	}}
}
