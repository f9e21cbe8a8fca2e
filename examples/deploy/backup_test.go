package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/examples/internal/running"
)

// The unit's own command, which a shell runs as systemd would, copies the database
// of a server that runs, again and again.
func TestTheBackupUnitCopiesARunningServersDatabase(t *testing.T) {
	command := regexp.MustCompile(`(?m)^ExecStart=/bin/sh -c '(.*)'$`).FindStringSubmatch(read(t, "pushkit-backup.service"))
	if command == nil {
		t.Fatal("the unit has no command")
	}
	server := running.Serve(t)
	backups := filepath.Join(server.Folder, "backups")
	if err := os.Mkdir(backups, 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c := exec.Command("/bin/sh", "-c", strings.NewReplacer("/usr/local/bin/pushkit", running.Program, "%%", "%").Replace(command[1]))
		c.Dir, c.Env = server.Folder, running.Environment()
		if output, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
	}
	made, err := filepath.Glob(filepath.Join(backups, "pushkit-???.db"))
	if err != nil || len(made) != 1 {
		t.Fatalf("it made %v, %v", made, err)
	}
	show := exec.Command(running.Program, "vapid", "show", "--database", "sqlite://"+made[0])
	if output, err := show.CombinedOutput(); err != nil {
		t.Errorf("the copy cannot be used: %v: %s", err, output)
	}
}
