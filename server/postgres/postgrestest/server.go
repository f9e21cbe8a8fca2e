package postgrestest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// A Server is a private PostgreSQL. Whoever reaches its socket is let in; by TCP,
// on 127.0.0.1, it wants the password [Password].
type Server struct {
	// URL is that of its database by the socket.
	URL string
	// Addr is where it listens by TCP.
	Addr string

	programs, folder string
	credential       *syscall.Credential // nil: this process's own
	port             int
	process          *exec.Cmd
	leash            io.Closer
}

// Password is that of the superuser, postgres.
const Password = "correct horse"

// startLimit is how long a server may take to answer.
const startLimit = 30 * time.Second

// Start makes a cluster and starts its server. Close it after use; it also ends
// with this process, however that ends.
func Start() (*Server, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	s := &Server{programs: programs}
	if s.credential, err = unprivileged(); err != nil {
		return nil, err
	}
	if s.folder, err = os.MkdirTemp("", "pushkit-postgres-*"); err != nil {
		return nil, err
	}
	if err = s.initialize(); err == nil {
		err = s.Run()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.folder))
	}
	return s, nil
}

// findPrograms returns the folder of the newest installed initdb and postgres.
func findPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		return "", errors.New("no PostgreSQL: install it (Debian: sudo apt-get install postgresql) or name a server in PUSHKIT_TEST_POSTGRES")
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

// unprivileged is whom the server runs as: PostgreSQL refuses to run as root.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(uidErr, gidErr)
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody")
}

func (s *Server) initialize() error {
	password := filepath.Join(s.folder, "password")
	if err := os.WriteFile(password, []byte(Password), 0o600); err != nil {
		return err
	}
	if s.credential != nil {
		for _, path := range []string{s.folder, password} {
			if err := os.Chown(path, int(s.credential.Uid), int(s.credential.Gid)); err != nil {
				return err
			}
		}
	}
	c := s.command(context.Background(), filepath.Join(s.programs, "initdb"),
		"--pgdata", s.data(), "--username", "postgres", "--pwfile", password,
		"--auth-local", "trust", "--auth-host", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
	if output, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, output)
	}
	// A free port, which is also the name of the socket.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.Addr = listener.Addr().String()
	s.port = listener.Addr().(*net.TCPAddr).Port
	s.URL = (&url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/postgres",
		RawQuery: url.Values{"host": {s.folder}, "port": {strconv.Itoa(s.port)}}.Encode()}).String()
	return listener.Close()
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

func (s *Server) command(ctx context.Context, program string, arguments ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, program, arguments...)
	c.Dir = s.folder
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.credential, Setpgid: true}
	return c
}

// leashed starts a server that ends, at once and in good order, when its input
// ends: with a Stop, or with the process that holds the other end of the pipe.
const leashed = `"$@" </dev/null & server=$!; read -r _; kill -INT $server; wait $server`

// Run starts the server again after Stop.
func (s *Server) Run() error {
	s.process = s.command(context.Background(), "/bin/sh", "-c", leashed, "sh", filepath.Join(s.programs, "postgres"),
		"-D", s.data(), "-k", s.folder, "-p", strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1",
		"-c", "max_connections=300", "-c", "shared_buffers=64MB", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "log_min_messages=fatal")
	leash, err := s.process.StdinPipe()
	if err != nil {
		return err
	}
	var output bytes.Buffer
	s.process.Stdout, s.process.Stderr, s.leash = &output, &output, leash
	if err := s.process.Start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(startLimit); ; time.Sleep(20 * time.Millisecond) {
		err := s.ping()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			s.Stop()
			return fmt.Errorf("PostgreSQL does not start: %w: %s", err, output.String())
		}
	}
}

func (s *Server) ping() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// Stop ends the server, which cuts every connection. Its data stay.
func (s *Server) Stop() {
	s.leash.Close()
	s.process.Wait()
}

// Kill ends the server and all its processes with SIGKILL, as a crash does. Its
// data stay, as they were on their way to the disk; Run starts it again.
func (s *Server) Kill() error {
	processes, err := descendants(s.process.Process.Pid)
	if err != nil {
		return err
	}
	// The server first, so that it starts no more. The shell is left to wait for it:
	// as a zombie it would pass for one that runs.
	for _, pid := range processes {
		err = errors.Join(err, ignoreEnded(syscall.Kill(pid, syscall.SIGKILL)))
	}
	s.Stop()
	return err
}

func ignoreEnded(err error) error {
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// descendants are the processes that one has started, and those that these have, the elder
// first.
func descendants(of int) (pids []int, err error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	children := make(map[int][]int)
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		var pid, parent int
		var state string
		// The name in parentheses may hold spaces.
		fmt.Sscan(string(text), &pid)
		fmt.Sscan(string(text[bytes.LastIndexByte(text, ')')+1:]), &state, &parent)
		children[parent] = append(children[parent], pid)
	}
	for queue := children[of]; len(queue) > 0; queue = queue[1:] {
		pids = append(pids, queue[0])
		queue = append(queue, children[queue[0]]...)
	}
	return pids, nil
}

// Close ends the server and removes its data.
func (s *Server) Close() {
	s.Stop()
	os.RemoveAll(s.folder)
}
