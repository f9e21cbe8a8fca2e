package deploy_test

import (
	"debug/elf"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pushkit/pushkit/examples/internal/running"
)

// nobody is the user of the image.
const nobody = 65532

// The Dockerfile's own command builds, and what it builds runs in a folder with
// nothing else in it, as it will in the image.
func TestTheImagesProgramNeedsNothingElse(t *testing.T) {
	dockerfile := read(t, "Dockerfile")
	build := regexp.MustCompile(`(?m)^RUN (CGO_ENABLED=1 go build .*)$`).FindStringSubmatch(dockerfile)
	if build == nil {
		t.Fatal("the Dockerfile builds nothing")
	}
	root, err := os.MkdirTemp("", "pushkit-image-*") // one that others may enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	program := filepath.Join(root, "pushkit")
	c := exec.Command("sh", "-c", strings.ReplaceAll(build[1], "/out/pushkit", program))
	c.Dir, c.Env = "../..", running.Environment("VERSION=of-the-image")
	if output, err := c.CombinedOutput(); err != nil || len(output) > 0 {
		t.Fatalf("%v\n%s", err, output)
	}
	binary, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer binary.Close()
	for _, segment := range binary.Progs {
		if segment.Type == elf.PT_INTERP {
			t.Error("it is linked dynamically")
		}
	}
	if version, err := exec.Command(program, "version").Output(); err != nil || !strings.Contains(string(version), "of-the-image") {
		t.Errorf("the version is %q, %v", version, err)
	}

	if os.Getuid() != 0 {
		t.Skip("only root may run it without all else")
	}
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(root, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(data, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	address := running.FreeAddress(t)
	c = exec.Command("/pushkit", "serve", "--addr", address)
	c.Env = []string{regexp.MustCompile(`PUSHKIT_DATABASE=\S+`).FindString(dockerfile)}
	c.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	running.Start(t, c)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		response, err := http.Get("http://" + address + "/v1/config")
		if err == nil {
			response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("it answers %s", response.Status)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(data, "pushkit.db")); err != nil {
		t.Error(err)
	}
}
