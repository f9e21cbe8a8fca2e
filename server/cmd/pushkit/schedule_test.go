package main_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A container may have no time zones of its own.
func TestTheBinaryHasTimeZones(t *testing.T) {
	t.Parallel()
	packages, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains("\n"+string(packages), "\ntime/tzdata\n") {
		t.Error("time/tzdata is not in it")
	}
}

func TestQuietHoursOfTheSite(t *testing.T) {
	t.Parallel()
	service := newPushService(t, nil)
	folder := t.TempDir()
	// By the clocks of India, where it is another half hour than here.
	now := time.Now().UTC().Add(5*time.Hour + 30*time.Minute)
	s := serve(t, folder, "--push-services", service.URL, "--time-zone", "Asia/Kolkata",
		"--quiet-hours", now.Add(-time.Minute).Format("15:04")+"-"+now.Add(2*time.Hour).Format("15:04"))
	id := service.subscribe(t, folder, "/a")[0]
	for _, way := range [][]string{{"--server", s.url}, nil} {
		send := append([]string{"send", "--title", "x", "--subscription", id, "--ttl", "60"}, way...)
		if stdout, stderr, status := run(t, folder, send...); status != 1 || !strings.Contains(stdout, "1 expired") {
			t.Errorf("at night: %d %q %q", status, stdout, stderr)
		}
		if got := mustRun(t, folder, append(send, "--ignore-quiet-hours")...); !strings.Contains(got, "1 accepted") {
			t.Errorf("of importance: %q", got)
		}
	}
	s.end()
	// They are the site's for as long as its server says so.
	s = serve(t, folder, "--push-services", service.URL)
	if got := mustRun(t, folder, "send", "--title", "x", "--subscription", id, "--ttl", "60"); !strings.Contains(got, "1 accepted") {
		t.Errorf("without quiet hours: %q", got)
	}
	s.end()
	for _, wrong := range [][]string{{"--quiet-hours", "22-8"}, {"--quiet-hours", "08:00-08:00"}, {"--time-zone", "Berlin"}, {"--time-zone", "Local"}, {"--time-zone", ""}} {
		stdout, stderr, status := run(t, folder, append([]string{"serve", "--addr", "127.0.0.1:0"}, wrong...)...)
		if status != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, wrong[0]) {
			t.Errorf("%v: %d %q %q", wrong, status, stdout, stderr)
		}
	}
}

func TestSendLater(t *testing.T) {
	t.Parallel()
	service := newPushService(t, nil)
	folder := t.TempDir()
	service.subscribe(t, folder, "/a", "/b")
	setOrigin(t, folder)
	for _, when := range [][]string{{"--at", "2099-01-01T09:00:00Z"}, {"--local", "2099-01-01T09:00"}} {
		stdout, stderr, status := run(t, folder, append([]string{"send", "--title", "x", "--all", "--push-services", service.URL}, when...)...)
		if status != 0 || len(strings.TrimSpace(stdout)) != 36 || !strings.Contains(stderr, "no server runs") || strings.Contains(stderr, "nobody") {
			t.Errorf("%v: %d %q %q", when, status, stdout, stderr)
		}
		id := strings.TrimSpace(stdout)
		if !strings.Contains(stderr, "message "+id+" is due at ") {
			t.Errorf("%v: it does not say when: %q", when, stderr)
		}
		if got := mustRun(t, folder, "messages", "cancel", id); !strings.HasPrefix(got, "cancelled: 0 targeted") {
			t.Errorf("%v: %q", when, got)
		}
	}
	s := serve(t, folder, "--push-services", service.URL)
	if stdout := mustRun(t, folder, "send", "--title", "x", "--all", "--spread", "1", "--server", s.url); len(strings.TrimSpace(stdout)) != 36 {
		t.Errorf("got %q", stdout)
	}
	for range 2 {
		<-service.arrived
	}
	for _, wrong := range [][]string{
		{"--at", "2099-01-01T09:00:00Z", "--local", "2099-01-01T09:00"}, {"--at", "tomorrow"}, {"--local", "nine"}, {"--spread", "86401"}, {"--spread", "1", "--user", "u"},
	} {
		audience := "--all"
		if len(wrong) == 4 && wrong[2] == "--user" {
			audience = "--all=false"
		}
		for _, way := range [][]string{{"--server", s.url}, nil} {
			stdout, stderr, status := run(t, folder, append(append([]string{"send", "--title", "x", audience}, wrong...), way...)...)
			if status != 1 || strings.Count(stderr, "\n") != 1 {
				t.Errorf("%v: %d %q %q", wrong, status, stdout, stderr)
			}
		}
	}
}
