package deploy_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/examples/internal/running"
)

// What people download has a program that runs and all that the README beside it
// names, and is what its checksum says.
func TestTheReleaseHasAllThatAnOperatorNeeds(t *testing.T) {
	folder := t.TempDir()
	// Not the client anew, which the tests of other packages read.
	c := exec.Command("make", "-s", "-o", "client", "release", "VERSION=v0.0.0-test", "RELEASES="+folder)
	c.Dir, c.Env = "../..", running.Environment()
	if output, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	name := "pushkit_0.0.0-test_linux_" + runtime.GOARCH
	archive, err := os.ReadFile(filepath.Join(folder, name+".tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if sums, want := read(t, filepath.Join(folder, "SHA256SUMS")), fmt.Sprintf("%x  %s.tar.gz\n", sha256.Sum256(archive), name); sums != want {
		t.Errorf("SHA256SUMS has %q, want %q", sums, want)
	}
	if output, err := exec.Command("tar", "-C", folder, "-xzf", filepath.Join(folder, name+".tar.gz")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	root := filepath.Join(folder, name)
	if version, err := exec.Command(filepath.Join(root, "pushkit"), "version").Output(); err != nil || !strings.Contains(string(version), "v0.0.0-test") {
		t.Errorf("the version is %q, %v", version, err)
	}
	for _, file := range []string{"LICENSE", "README.md", "CHANGELOG.md", "deploy/README.md", "deploy/pushkit.service", "deploy/pushkit-backup.timer",
		"deploy/Caddyfile", "deploy/nginx.conf", "deploy/prometheus/pushkit.rules.yml", "deploy/grafana/pushkit.json"} {
		if _, err := os.Stat(filepath.Join(root, file)); err != nil {
			t.Error(err)
		}
	}
	checkLinks(t, root)
	checkImage(t, filepath.Join(root, "deploy"))
	tests, err := filepath.Glob(filepath.Join(root, "deploy", "*_test.go"))
	if err != nil || len(tests) > 0 {
		t.Errorf("it has %v, %v", tests, err)
	}
}

// checkLinks holds the links of the archive's pages against what is there: in the
// archive, or in the repository.
func checkLinks(t *testing.T, root string) {
	t.Helper()
	const repository = "https://github.com/pushkit/pushkit/"
	commit, err := exec.Command("git", "rev-parse", "HEAD").Output()
	if err != nil {
		t.Fatal(err)
	}
	inRepository := regexp.MustCompile(`^(?:blob|tree|raw)/` + strings.TrimSpace(string(commit)) + `/(.+)$`)
	found := 0
	for _, page := range []string{"README.md", "CHANGELOG.md", "deploy/README.md"} {
		for _, link := range regexp.MustCompile(`(?:\]\(|src="|srcset=")([^)"\s]+)`).FindAllStringSubmatch(read(t, filepath.Join(root, page)), -1) {
			target, _, _ := strings.Cut(link[1], "#")
			path := filepath.Join(root, filepath.Dir(page), target)
			if rest, ok := strings.CutPrefix(target, repository); ok {
				parts := inRepository.FindStringSubmatch(rest)
				if parts == nil {
					t.Errorf("%s: %s leads to no file of the commit", page, target)
					continue
				}
				path = filepath.Join("../..", parts[1])
			} else if strings.Contains(target, ":") || target == "" {
				continue
			}
			found++
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s leads to %s: %v", page, target, err)
			}
		}
	}
	if found < 20 {
		t.Errorf("%d links were found", found)
	}
}

// checkImage looks whether what compose.yaml builds is there.
func checkImage(t *testing.T, deploy string) {
	t.Helper()
	build := regexp.MustCompile(`build: \{context: (\S+), dockerfile: (\S+)\}`).FindStringSubmatch(read(t, filepath.Join(deploy, "compose.yaml")))
	if build == nil {
		t.Fatal("compose.yaml builds nothing")
	}
	context := filepath.Join(deploy, build[1])
	dockerfile := read(t, filepath.Join(context, build[2]))
	copied := regexp.MustCompile(`(?m)^COPY ([^-\s]\S*) `).FindAllStringSubmatch(dockerfile, -1)
	if len(copied) == 0 {
		t.Error("the image has no program")
	}
	for _, file := range copied {
		if _, err := os.Stat(filepath.Join(context, file[1])); err != nil {
			t.Error(err)
		}
	}
	// Apart from where the program comes from, the image is that of the sources.
	_, of, _ := strings.Cut(read(t, "Dockerfile"), "\nUSER ")
	if !strings.HasSuffix(dockerfile, "\nUSER "+of) {
		t.Error("the image of the archive is another than that of the sources")
	}
}
