// Package deploy_test tries what an operator copies.
package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/pushkit/pushkit/examples/internal/running"
)

func TestMain(m *testing.M) { os.Exit(running.Main(m)) }

// find returns a program's path, or skips.
func find(t *testing.T, program string) string {
	t.Helper()
	for _, name := range []string{program, "/usr/sbin/" + program} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("%s is not on this machine", program)
	return ""
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestEverySettingIsOneOfServe(t *testing.T) {
	help, err := exec.Command(running.Program, "serve", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	setting := regexp.MustCompile(`PUSHKIT_[A-Z_]+`)
	known := setting.FindAllString(string(help), -1)
	for _, name := range []string{"Dockerfile", "compose.yaml", "pushkit.service", "pushkit-backup.service", "README.md"} {
		found := setting.FindAllString(read(t, name), -1)
		for _, variable := range found {
			if !slices.Contains(known, variable) {
				t.Errorf("%s has %s, which pushkit serve does not know", name, variable)
			}
		}
	}
}

func TestComposeHasThreeNodesThatCaddyKnows(t *testing.T) {
	text := read(t, "compose.yaml")
	var file struct {
		Services map[string]struct {
			Image       string
			Build       *struct{ Context, Dockerfile string }
			Environment map[string]string
			Volumes     []string
		}
		Volumes map[string]any
	}
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	port := regexp.MustCompile(`PUSHKIT_ADDR=0\.0\.0\.0(:\d+)`).FindStringSubmatch(read(t, "Dockerfile"))
	if port == nil {
		t.Fatal("the Dockerfile says no port")
	}
	var nodes []string
	for name, service := range file.Services {
		if _, isNode := service.Environment["PUSHKIT_DATABASE"]; isNode {
			nodes = append(nodes, name+port[1])
		}
		if service.Build != nil {
			if _, err := os.Stat(filepath.Join(service.Build.Context, service.Build.Dockerfile)); err != nil {
				t.Error(err)
			}
		}
		for _, volume := range service.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			if _, named := file.Volumes[source]; !named {
				if _, err := os.Stat(source); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
	slices.Sort(nodes)
	if got := file.Services["caddy"].Environment["PUSH_NODES"]; len(nodes) != 3 || got != strings.Join(nodes, " ") {
		t.Errorf("the nodes are %s, and Caddy knows %s", nodes, got)
	}
	told := regexp.MustCompile(`(?m)^#   ([A-Z_]+)=`).FindAllStringSubmatch(text, -1)
	for _, used := range regexp.MustCompile(`\$\{([A-Z_]+):\?\}`).FindAllStringSubmatch(text, -1) {
		if !slices.ContainsFunc(told, func(line []string) bool { return line[1] == used[1] }) {
			t.Errorf("nothing says that %s has to be set", used[1])
		}
	}
}

// The exposure is systemd's own measure, from 0 to 100.
func TestSystemdUnitsAreValidAndHardened(t *testing.T) {
	analyze := find(t, "systemd-analyze")
	folder := t.TempDir()
	units := []string{"pushkit.service", "pushkit-backup.service", "pushkit-backup.timer"}
	verify := []string{"verify", "--man=no"}
	for _, name := range units {
		// The program is looked for where the unit says.
		write(t, filepath.Join(folder, name), strings.ReplaceAll(read(t, name), "/usr/local/bin/pushkit", running.Program))
		verify = append(verify, filepath.Join(folder, name))
	}
	if output, err := exec.Command(analyze, verify...).CombinedOutput(); err != nil || len(output) > 0 {
		t.Errorf("%v\n%s", err, output)
	}
	for _, name := range units[:2] {
		output, err := exec.Command(analyze, "security", "--offline=true", "--no-pager", "--threshold=15", filepath.Join(folder, name)).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, output)
		}
	}
}
