// Package rig is what proofs and measurements of the whole server share: nodes,
// each a pushkit serve in a process of its own, the database that they use, and a
// ledger of what push services got.
package rig

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"
)

// apiKey opens the servers.
const apiKey = "a key for proofs and measurements"

// startLimit is how long a node may take to listen.
const startLimit = 30 * time.Second

// Options say how a node runs.
type Options struct {
	// Program is the path of pushkit.
	Program string
	// Folder is where it runs; a node on SQLite keeps its data there.
	Folder string
	// Database is the URL of --database; empty: the default, SQLite in Folder.
	Database string
	// Services are the rules of --push-services, Certificates the file of what it
	// trusts besides.
	Services     []string
	Certificates string
	// Core is the one that it is pinned to; empty: it has all.
	Core string
	// Limited has the calls of each address limited, as a server has by itself. Else
	// they are not: all of a crowd come from this machine.
	Limited bool
	// Flags are more of pushkit serve's.
	Flags []string
}

// A Node is a pushkit serve in a process of its own.
type Node struct {
	Process
	cmd    *exec.Cmd
	url    string
	client *http.Client
	log    log
	wait   func() error
}

// log collects what a process writes.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

var greeting = regexp.MustCompile(`^  server +http://localhost:(\d+)\n$`)

// Start starts a node, and returns when it listens.
func Start(ctx context.Context, o Options) (*Node, error) {
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return nil, err
	}
	program, err := filepath.Abs(o.Program)
	if err != nil {
		return nil, err
	}
	args := []string{program, "serve", "--addr", "127.0.0.1:0", "--push-services", strings.Join(o.Services, ","),
		"--vapid-subject", "https://example.com", "--api-key", apiKey}
	if !o.Limited {
		args = append(args, "--public-rate", "0")
	}
	if o.Database != "" {
		args = append(args, "--database", o.Database)
	}
	args = Pinned(o.Core, append(args, o.Flags...))
	n := &Node{
		cmd: exec.CommandContext(ctx, args[0], args[1:]...),
		client: &http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: 128},
			Timeout:   time.Minute,
		},
	}
	n.cmd.Dir, n.cmd.Stderr = o.Folder, &n.log
	n.cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+o.Certificates)
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	n.Process = Process(n.cmd.Process.Pid)
	n.wait = sync.OnceValue(n.cmd.Wait)
	late := time.AfterFunc(startLimit, n.Kill)
	defer late.Stop()
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			n.Kill()
			return nil, fmt.Errorf("pushkit serve does not start: %s", n.log.String())
		}
		if match := greeting.FindStringSubmatch(line); match != nil {
			n.url = "http://127.0.0.1:" + match[1]
			return n, nil
		}
	}
}

// Pinned is a command line on one core, where the machine has several.
func Pinned(core string, args []string) []string {
	if core == "" || runtime.NumCPU() < 2 {
		return args
	}
	return append([]string{"taskset", "-c", core}, args...)
}

// URL is the node's address.
func (n *Node) URL() string { return n.url }

// Kill ends the node with SIGKILL.
func (n *Node) Kill() {
	n.cmd.Process.Kill()
	n.wait()
}

// Stop ends the node in good order.
func (n *Node) Stop() error {
	n.cmd.Process.Signal(os.Interrupt)
	return n.wait()
}

// Log is what the node has logged.
func (n *Node) Log() string { return n.log.String() }
