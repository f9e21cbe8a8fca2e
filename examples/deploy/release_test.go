package deploy_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	tests, err := filepath.Glob(filepath.Join(root, "deploy", "*_test.go"))
	if err != nil || len(tests) > 0 {
		t.Errorf("it has %v, %v", tests, err)
	}
}
