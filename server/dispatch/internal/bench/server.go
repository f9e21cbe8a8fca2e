package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/pushkit/pushkit/server/wire"
)

const apiKey = "a key for the benchmark alone"

// A server is a pushkit serve in a process of its own.
type server struct {
	cmd *exec.Cmd
	url string
}

// startServer starts one with its data in folder/data.
func startServer(b *bench, folder, certificate string) (*server, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	program, err := filepath.Abs(b.program)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	listener.Close()
	args := []string{program, "serve", "--addr", address, "--push-services", b.service.Rule(),
		"--vapid-subject", "https://example.com", "--api-key", apiKey}
	if runtime.NumCPU() > 1 {
		args = append([]string{"taskset", "-c", serverCore}, args...)
	}
	s := &server{cmd: exec.Command(args[0], args[1:]...), url: "http://" + address}
	var log bytes.Buffer
	s.cmd.Dir, s.cmd.Stderr = folder, &log
	s.cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+certificate)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if response, err := http.Get(s.url + "/healthz"); err == nil {
			response.Body.Close()
			return s, nil
		}
		if time.Now().After(deadline) {
			s.stop()
			return nil, fmt.Errorf("the server does not start: %s", log.String())
		}
	}
}

func (s *server) stop() {
	s.cmd.Process.Signal(os.Interrupt)
	s.cmd.Wait()
}

// cpu is the time that the server's process has used.
func (s *server) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	// The name in parentheses may hold spaces; ticks are of 10 ms.
	_, rest, _ := strings.Cut(string(text), ") ")
	var user, system int64
	fields := strings.Fields(rest)
	fmt.Sscan(fields[11], &user)
	fmt.Sscan(fields[12], &system)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// memory is the server's resident set, in bytes.
func (s *server) memory() (bytes int64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	var size, pages int64
	fmt.Sscan(string(text), &size, &pages)
	return pages * int64(os.Getpagesize())
}

func (s *server) call(method, path, body string, answer any) error {
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+apiKey)
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 400 {
		return fmt.Errorf("%s %s: %s", method, path, text)
	}
	return json.Unmarshal(text, answer)
}

// post accepts a message.
func (s *server) post(body string) (id string, err error) {
	var m wire.MessageResponse
	err = s.call(http.MethodPost, wire.PathMessages, body, &m)
	return m.ID, err
}

func (s *server) message(id string) (state string, counts wire.MessageCounts, err error) {
	var m wire.MessageResponse
	err = s.call(http.MethodGet, wire.PathMessages+"/"+id, "", &m)
	return string(m.State), m.Counts, err
}
