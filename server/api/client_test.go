package api

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestForwardedFor(t *testing.T) {
	trusted, err := ParseProxies([]string{"10.0.0.0/8", "127.0.0.1", "fd00::/8", "::ffff:192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		peer  string
		lines []string
		want  string
	}{
		{"203.0.113.9", nil, "203.0.113.9"},
		{"203.0.113.9", []string{"1.2.3.4"}, "203.0.113.9"}, // anybody may say so
		{"10.0.0.1", nil, "10.0.0.1"},
		{"10.0.0.1", []string{"1.2.3.4"}, "1.2.3.4"},
		{"192.0.2.1", []string{"1.2.3.4"}, "1.2.3.4"},
		{"10.0.0.1", []string{"6.6.6.6, 1.2.3.4"}, "1.2.3.4"}, // the client has said 6.6.6.6
		{"10.0.0.1", []string{"6.6.6.6", "1.2.3.4"}, "1.2.3.4"},
		{"10.0.0.1", []string{"6.6.6.6, 1.2.3.4, 10.9.9.9 ,127.0.0.1"}, "1.2.3.4"},
		{"10.0.0.1", []string{"6.6.6.6,1.2.3.4", "fd00::1"}, "1.2.3.4"},
		{"10.0.0.1", []string{"10.0.0.2, 10.0.0.3"}, "10.0.0.2"},
		{"10.0.0.1", []string{"1.2.3.4:5678"}, "1.2.3.4"},
		{"10.0.0.1", []string{"[2001:db8::1]:5678"}, "2001:db8::1"},
		{"10.0.0.1", []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"10.0.0.1", []string{"fe80::1%eth0"}, "fe80::1"},
		{"10.0.0.1", []string{"::ffff:1.2.3.4"}, "1.2.3.4"},
		{"10.0.0.1", []string{"6.6.6.6, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"10.0.0.1", []string{"6.6.6.6, "}, "10.0.0.1"},
		{"10.0.0.1", []string{""}, "10.0.0.1"}, {"10.0.0.1", []string{"[1.2.3.4"}, "10.0.0.1"}, {"10.0.0.1", []string{"1.2.3.4/32"}, "10.0.0.1"},
	} {
		if got := forwardedFor(netip.MustParseAddr(c.peer), c.lines, trusted); got.String() != c.want {
			t.Errorf("%s with %q: got %s, want %s", c.peer, c.lines, got, c.want)
		}
	}
}

func TestParseProxiesRefuses(t *testing.T) {
	for _, text := range []string{"", "proxy", "10.0.0.0/33", "10.0.0.0/8/8", "::ffff:10.0.0.0/104", "fe80::1%eth0", "10.0.0.1:80"} {
		if got, err := ParseProxies([]string{text}); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

// FuzzParseProxies: what is taken are networks that hold the address they were written with.
func FuzzParseProxies(f *testing.F) {
	for _, text := range []string{"10.0.0.0/8", "127.0.0.1", "fd00::/8", "::ffff:192.0.2.1", "0.0.0.0/0", "fe80::1%x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		networks, err := ParseProxies([]string{text})
		if err != nil {
			return
		}
		if len(networks) != 1 || !networks[0].IsValid() || networks[0] != networks[0].Masked() || !isTrusted(networks[0].Addr(), networks) {
			t.Fatalf("%q is %v", text, networks)
		}
	})
}

// FuzzForwardedFor: nobody but a trusted one is believed, and only addresses come out.
func FuzzForwardedFor(f *testing.F) {
	f.Add("6.6.6.6, 1.2.3.4", "10.0.0.2")
	f.Add("[2001:db8::1]:80,::1", "fe80::1%x")
	f.Add(",,", "")
	trusted, _ := ParseProxies([]string{"10.0.0.0/8"})
	f.Fuzz(func(t *testing.T, first, second string) {
		lines := []string{first, second}
		stranger, proxy := netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("10.0.0.1")
		if got := forwardedFor(stranger, lines, trusted); got != stranger {
			t.Fatalf("a stranger is believed to be %s", got)
		}
		got := forwardedFor(proxy, lines, trusted)
		if !got.IsValid() || got.Is4In6() || got.Zone() != "" || network(got) != network(got).Masked() {
			t.Fatalf("got %s", got)
		}
		// What stands before the client's own entry changes nothing.
		if !isTrusted(got, trusted) {
			if again := forwardedFor(proxy, append([]string{"6.6.6.6, 10.1.1.1"}, lines...), trusted); again != got {
				t.Fatalf("%s becomes %s", got, again)
			}
		}
		text := strings.Join(lines, ",")
		if got != proxy && !slices.ContainsFunc(strings.Split(text, ","), func(s string) bool {
			addr, ok := parseForwarded(strings.TrimSpace(s))
			return ok && addr == got
		}) {
			t.Fatalf("%s is not in %q", got, text)
		}
	})
}
