// Command release makes the texts of a release's archive stand on their own: links
// lead to what is in the archive, else to the repository as it was then, and the image
// is made of the program beside instead of the sources. It runs in the repository.
//
//	go run ./server/internal/release -ref COMMIT FOLDER
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

const repository = "https://github.com/pushkit/pushkit/"

func main() {
	ref := flag.String("ref", "", "the commit that links lead to")
	flag.Parse()
	if *ref == "" || flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "release: give -ref COMMIT and the FOLDER")
		os.Exit(2)
	}
	if err := prepare(flag.Arg(0), *ref); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// The archive's folder deploy is the repository's examples/deploy; the other files are
// where they are in the repository.
const (
	deployArchived = "deploy"
	deploySource   = "examples/deploy"
)

func prepare(folder, ref string) error {
	err := filepath.WalkDir(folder, func(name string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".md" {
			return err
		}
		return rewrite(name, func(text string) (string, error) { return relink(folder, name, text, ref) })
	})
	if err != nil {
		return err
	}
	// The image is built of the program.
	if err := os.Rename(filepath.Join(folder, deployArchived, "Dockerfile.release"), filepath.Join(folder, deployArchived, "Dockerfile")); err != nil {
		return err
	}
	compose := filepath.Join(folder, deployArchived, "compose.yaml")
	if err := replace(compose, "{context: ../.., dockerfile: "+deploySource+"/Dockerfile}", "{context: .., dockerfile: "+deployArchived+"/Dockerfile}"); err != nil {
		return err
	}
	for _, name := range []string{compose, filepath.Join(folder, deployArchived, "README.md")} {
		if err := replace(name, "-f "+deploySource+"/", "-f "+deployArchived+"/"); err != nil {
			return err
		}
	}
	return nil
}

func rewrite(name string, change func(string) (string, error)) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	changed, err := change(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(name, []byte(changed), 0o644)
}

// replace fails where there is nothing to replace: what is named would not be there.
func replace(name, old, by string) error {
	return rewrite(name, func(text string) (string, error) {
		if !strings.Contains(text, old) {
			return "", fmt.Errorf("it has no %q any more", old)
		}
		return strings.ReplaceAll(text, old, by), nil
	})
}

// link finds the targets of Markdown's links and of HTML's pictures.
var link = regexp.MustCompile(`(\]\(|src="|srcset=")([^)"\s]+)`)

// relink leads the links of a file of the archive to where they lead in the repository.
func relink(folder, name, text, ref string) (string, error) {
	within, err := filepath.Rel(folder, name)
	if err != nil {
		return "", err
	}
	archived := filepath.ToSlash(within)
	from := archived
	if rest, ok := strings.CutPrefix(archived, deployArchived+"/"); ok {
		from = deploySource + "/" + rest
	}
	var wrong []error
	text = link.ReplaceAllStringFunc(text, func(found string) string {
		parts := link.FindStringSubmatch(found)
		target, fragment, _ := strings.Cut(parts[2], "#")
		if target == "" || strings.Contains(target, ":") {
			return found
		}
		if fragment != "" {
			fragment = "#" + fragment
		}
		to := path.Join(path.Dir(from), target)
		info, err := os.Stat(filepath.FromSlash(to))
		if err != nil {
			wrong = append(wrong, err)
			return found
		}
		kept := to
		if rest, ok := strings.CutPrefix(to+"/", deploySource+"/"); ok {
			kept = path.Join(deployArchived, rest)
		}
		if _, err := os.Stat(filepath.Join(folder, filepath.FromSlash(kept))); err == nil {
			relative, err := filepath.Rel(filepath.Dir(archived), filepath.FromSlash(kept))
			wrong = append(wrong, err)
			return parts[1] + filepath.ToSlash(relative) + fragment
		}
		kind := "blob/"
		switch {
		case info.IsDir():
			kind = "tree/"
		case parts[1] != "](": // a picture in the page
			kind = "raw/"
		}
		return parts[1] + repository + kind + ref + "/" + to + fragment
	})
	return text, errors.Join(wrong...)
}
