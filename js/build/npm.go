package main

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// packageFolder has what the npm package holds besides what is built.
const packageFolder = "js/npm"

// runPackage makes out the folder of the npm package: ES modules for bundlers, their
// types, and the service worker as the server serves it. The WebAssembly is the server's.
func runPackage(out string) error {
	root, err := repository()
	if err != nil {
		return err
	}
	version, err := packageVersion(root)
	if err != nil {
		return err
	}
	b := bundler{root: root, defines: map[string]string{"PUSHKIT_VERSION": quote(version)}}
	files, err := b.packageFiles(version)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	for name, content := range files {
		file := filepath.Join(out, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// packageFiles returns the files of the package by their paths in it.
func (b bundler) packageFiles(version string) (map[string][]byte, error) {
	files := map[string][]byte{}
	add := func(more map[string][]byte, err error) error {
		for name, content := range more {
			files[name] = content
		}
		return err
	}
	languages, err := b.languages()
	if err != nil {
		return nil, err
	}
	b.defines["PUSHKIT_LANGUAGES"] = quote(strings.Join(languages, " "))
	for _, e := range packageEntries(languages) {
		if err := add(b.bundle(e)); err != nil {
			return nil, err
		}
	}
	if err := add(declarations(b.root)); err != nil {
		return nil, err
	}
	for _, source := range []string{"LICENSE", packageFolder + "/README.md", packageFolder + "/package.json", packageFolder + "/sw.d.ts"} {
		content, err := os.ReadFile(filepath.Join(b.root, source))
		if err != nil {
			return nil, err
		}
		files[path.Base(source)] = content
	}
	files["package.json"] = []byte(strings.Replace(string(files["package.json"]), `"version": "0.0.0"`, `"version": `+quote(version), 1))
	return files, nil
}

func packageEntries(languages []string) []entry {
	globals := []string{"js/src/npm/globals.ts"}
	entries := []entry{
		{source: "js/src/npm/index.ts", name: "index.js", inject: globals},
		{source: elementsFolder + "/index.ts", name: "elements.js", inject: globals},
		{source: "js/src/debug/index.ts", name: "debug.js", inject: globals},
		{source: "js/src/panel/index.ts", name: "check.js", inject: globals},
	}
	for _, language := range append([]string{"en"}, languages...) {
		entries = append(entries, entry{source: textsFolder + "/" + language + ".ts", name: "elements/" + language + ".js", noMap: true})
	}
	for i := range entries {
		entries[i].format, entries[i].packaged = api.FormatESModule, true
	}
	return append(entries, workerEntry())
}

// packaged resolves what is elsewhere in the package: Go's client at the server, and
// the elements, what debug() tells and each language in modules of their own, which a bundler finds and a
// page loads when it needs them.
func (b bundler) packaged() api.Plugin {
	return api.Plugin{Name: "packaged", Setup: func(build api.PluginBuild) {
		external := func(filter, to string) {
			build.OnResolve(api.OnResolveOptions{Filter: filter}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
				return api.OnResolveResult{Path: strings.Replace(to, "*", path.Base(args.Path), 1), External: true}, nil
			})
		}
		external(`^pushkit$`, "./index.js")
		external(`^\./elements$`, "./elements.js")
		external(`^\./debug$`, "./debug.js")
		external(`^language:`, "./elements/*.js")
		build.OnResolve(api.OnResolveOptions{Filter: `^\./client$`}, func(api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: filepath.Join(b.root, "js/src/npm/client.ts")}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: `/texts/load\.ts$`}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
			languages, err := b.languages()
			if err != nil {
				return api.OnLoadResult{}, err
			}
			var cases strings.Builder
			for _, language := range languages {
				fmt.Fprintf(&cases, "  %s: () => import(%q),\n", language, "language:/"+language)
			}
			contents := "const languages = {\n" + cases.String() + "};\nexport const load = async (lang) => (await languages[lang]()).default;\n"
			return api.OnLoadResult{Contents: &contents, Loader: api.LoaderJS}, nil
		})
	}}
}

// relative is an import in a declaration of a file of the package's own.
var relative = regexp.MustCompile(`(from |import\()"(\.[^"]*)"`)

// declarations returns the types of the package below "types", as TypeScript's compiler
// writes them, but with whole file names in their imports, which Node's way to resolve
// modules asks for.
func declarations(root string) (map[string][]byte, error) {
	out, err := os.MkdirTemp("", "pushkit-types-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(out)
	js := filepath.Join(root, "js")
	command := exec.Command(filepath.Join(js, "node_modules/.bin/tsc"), "-p", "tsconfig.package.json", "--outDir", out)
	command.Dir = js
	if output, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("tsc: %w (make node_modules installs it)\n%s", err, output)
	}
	files := map[string][]byte{}
	err = filepath.WalkDir(out, func(file string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(out, file)
		if err != nil {
			return err
		}
		files["types/"+filepath.ToSlash(name)] = relative.ReplaceAllFunc(content, func(found []byte) []byte {
			parts := relative.FindSubmatch(found)
			target := string(parts[2]) + ".js"
			if info, err := os.Stat(filepath.Join(filepath.Dir(file), string(parts[2]))); err == nil && info.IsDir() {
				target = string(parts[2]) + "/index.js"
			}
			return []byte(string(parts[1]) + quote(target))
		})
		return nil
	})
	return files, err
}
