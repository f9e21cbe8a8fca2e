package webpush

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"

	"code.dny.dev/ssrf"
	"golang.org/x/net/dns/dnsmessage"
)

// names is a DNS server in this process: the answers to the queries for a
// name and type are given in turn, the last one again and again. A name that is
// not here does not exist.
type names struct {
	mu      sync.Mutex
	answers map[string][][]netip.Addr // by name, without the last dot
	asked   map[string]int            // by name and type
}

// resolver returns one that asks n only.
func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go n.serve(server)
		return client, nil
	}}
}

// serve speaks DNS over a stream, RFC 1035 section 4.2.2.
func (n *names) serve(conn net.Conn) {
	defer conn.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		var message dnsmessage.Message
		if err := message.Unpack(query); err != nil || len(message.Questions) != 1 {
			return
		}
		message.Response, message.Authoritative, message.Additionals = true, true, nil
		message.Answers, message.RCode = n.answer(message.Questions[0])
		answer, err := message.Pack()
		if err != nil {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

func (n *names) answer(q dnsmessage.Question) (answers []dnsmessage.Resource, code dnsmessage.RCode) {
	n.mu.Lock()
	defer n.mu.Unlock()
	name := strings.TrimSuffix(q.Name.String(), ".")
	turns, ok := n.answers[name]
	if !ok {
		return nil, dnsmessage.RCodeNameError
	}
	if n.asked == nil {
		n.asked = map[string]int{}
	}
	key := name + q.Type.String()
	turn := min(n.asked[key], len(turns)-1)
	n.asked[key]++
	for _, address := range turns[turn] {
		header := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET}
		switch {
		case address.Is4() && q.Type == dnsmessage.TypeA:
			answers = append(answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: address.As4()}})
		case !address.Is4() && q.Type == dnsmessage.TypeAAAA:
			answers = append(answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}})
		}
	}
	return answers, dnsmessage.RCodeSuccess
}

// errNotSent ends a connection that the guard let through, before a packet
// leaves this machine.
var errNotSent = errors.New("let through")

// watch makes a client whose names n answers, and returns the addresses that
// its guard has let through.
func watch(t *testing.T, n *names, rules ...string) (c *Client, passed func() []string) {
	t.Helper()
	g := newGuard()
	var mu sync.Mutex
	var list []string
	safe := g.control
	g.resolver = n.resolver()
	g.control = func(network, address string, raw syscall.RawConn) error {
		if err := safe(network, address, raw); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		list = append(list, address)
		return errNotSent
	}
	// The lean transport would not dial again at once after a failure.
	o := Options{Services: mustServices(t, rules...), Subject: "mailto:push@example.com", NetHTTP: true}
	return newClient(o, g), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return list
	}
}

// A refusals prints what was refused, by what and why, as one table.
type refusals struct {
	text  strings.Builder
	table *tabwriter.Writer
}

func newRefusals(t *testing.T, first string) *refusals {
	r := new(refusals)
	r.table = tabwriter.NewWriter(&r.text, 0, 0, 1, ' ', 0)
	fmt.Fprintf(r.table, "%s\t| refused by\t| reason\n", first)
	t.Cleanup(func() {
		r.table.Flush()
		t.Log("\n" + r.text.String())
	})
	return r
}

func (r *refusals) add(what, by, reason string) {
	fmt.Fprintf(r.table, "%s\t| %s\t| %s\n", what, by, reason)
}

// The endpoints that somebody would send who wants this server to call another
// one. All are refused before a name is looked up.
func TestHostileEndpointsAreRefusedBeforeAnythingIsDialled(t *testing.T) {
	const (
		form = "form" // it is no endpoint
		list = "list" // it belongs to no push service of the list
	)
	n := &names{}
	c, passed := watch(t, n, append([]string{"http://127.0.0.1:8090", "push.example.com"}, VendorServices...)...)
	key, keys := newKey(t), newBrowser(t).subscription(t, "https://push.example.com/")
	table := newRefusals(t, "endpoint")
	for _, hostile := range []struct{ endpoint, by string }{
		// Names that look like a push service's.
		{"https://google.com/x", list},
		{"https://evil-google.com/x", list},
		{"https://evil-fcm.googleapis.com/x", list},
		{"https://evilfcm.googleapis.com/x", list},
		{"https://sub.fcm.googleapis.com/x", list},
		{"https://googleapis.com/x", list},
		{"https://google.com.evil.net/x", list},
		{"https://fcm.googleapis.com.evil.net/x", list},
		{"https://evil.net/google.com", list},
		{"https://evil.net/fcm.googleapis.com/fcm/send/x", list},
		{"https://evil.net/?https://fcm.googleapis.com/", list},
		{"https://evilpush.services.mozilla.com/x", list},
		{"https://push.services.mozilla.com/x", list},
		{"https://notify.windows.com/x", list},
		{"https://push.apple.com/x", list},
		{"https://permanently-removed.invalid/fcm/send/x", list},
		{"https://fcm.googleapis.com\\@evil.net/x", form},
		{"https://evil.net\\.push.apple.com/x", form},
		{"https://evil.net%2f.push.apple.com/x", form},
		{"https://fcm%2egoogleapis%2ecom/x", form},
		{"https://fcm.googleapis.com%00.evil.net/x", form},
		{"https://fcm.googleapis.com%2eevil.net/x", form},
		{"https://evil.net%5c.push.apple.com/x", form},
		{"https://a.%66cm.push.apple.com/x", form},
		{"https://fcm.googleapis.com\t.evil.net/x", form},
		{"https://fcm.goo\ngleapis.com/x", form},
		{" https://fcm.googleapis.com/x", form},
		{"https://fcm.googleapis.com /x", form},
		{"https://FCM.GOOGLEAPIS.COM/x", form},
		{"https://Web.Push.Apple.com/x", form},
		{"https://fcm.googleapis.com./x", list},
		{"https://web.push.apple.com./x", list},
		{"https://.push.apple.com/x", list},
		{"https://web..push.apple.com/x", list},
		{"https://-.push.apple.com/x", list},
		{"https://fcm.googleapіs.com/x", form}, // a Cyrillic і
		{"https://ｆcm.googleapis.com/x", form}, // a full-width f
		{"https://fcm。googleapis.com/x", form}, // an ideographic full stop
		{"https://ｗeb.push.apple.com/x", form},
		{"https://xn--fcm-lua.googleapis.com/x", list},
		{"https://*.push.apple.com/x", list},
		{"https://" + strings.Repeat("a.", 130) + "evil.net/x", list},
		{"https://" + strings.Repeat("a", 64) + ".evil.net/x", list},
		{"https://" + strings.Repeat("push.apple.com.", 40) + "x", list},

		// Who is asked, and how.
		{"https://fcm.googleapis.com@evil.net/x", form},
		{"https://fcm.googleapis.com:443@evil.net/x", form},
		{"https://evil.net@fcm.googleapis.com/x", form},
		{"https://user:password@fcm.googleapis.com/x", form},
		{"https://@fcm.googleapis.com/x", form},
		{"https://fcm.googleapis.com#@evil.net/x", form},
		{"https://fcm.googleapis.com:8443/x", list},
		{"https://fcm.googleapis.com:80/x", list},
		{"https://fcm.googleapis.com:22/x", list},
		{"https://fcm.googleapis.com:443/x", list},
		{"https://fcm.googleapis.com:0443/x", list},
		{"https://fcm.googleapis.com:99999/x", list},
		{"https://fcm.googleapis.com:/x", form},
		{"https://fcm.googleapis.com:443:8443/x", form},
		{"http://fcm.googleapis.com/x", list},
		{"http://push.example.com/x", list},
		{"ftp://fcm.googleapis.com/x", form},
		{"file:///etc/passwd", form},
		{"gopher://127.0.0.1:6379/_INFO", form},
		{"unix:///var/run/docker.sock", form},
		{"javascript:alert(1)", form},
		{"//fcm.googleapis.com/x", form},
		{"fcm.googleapis.com/x", form},
		{"https:/fcm.googleapis.com/x", form},
		{"https:fcm.googleapis.com/x", form},
		{"https:///fcm.googleapis.com/x", form},
		{"https://", form},
		{"", form},

		// This machine and its networks.
		{"https://localhost/x", list},
		{"https://localhost./x", list},
		{"https://localhost.localdomain/x", list},
		{"https://ip6-localhost/x", list},
		{"http://localhost:8090/x", list},
		{"http://127.0.0.1/x", list},
		{"http://127.0.0.1:8091/x", list},
		{"https://127.0.0.1:8090/x", list},
		{"http://127.0.0.2:8090/x", list},
		{"https://127.0.0.1/x", list},
		{"https://127.1/x", list},
		{"http://127.1:8090/x", list},
		{"https://2130706433/x", list}, // 127.0.0.1 in decimal
		{"http://2130706433:8090/x", list},
		{"https://0177.0.0.1/x", list}, // in octal
		{"https://017700000001/x", list},
		{"https://0x7f.0.0.1/x", list}, // in hex
		{"https://0x7f000001/x", list},
		{"https://127.0.0.1.nip.io/x", list},
		{"https://0/x", list},
		{"https://0.0.0.0/x", list},
		{"https://10.0.0.1/x", list},
		{"https://172.16.0.1/x", list},
		{"https://192.168.1.1/x", list},
		{"https://100.64.0.1/x", list},
		{"https://169.254.169.254/latest/meta-data", list},
		{"https://2852039166/latest/meta-data", list},
		{"https://metadata.google.internal/x", list},
		{"https://kubernetes.default.svc/x", list},
		{"https://[::1]/x", list},
		{"https://[::]/x", list},
		{"https://[::ffff:127.0.0.1]/x", list},
		{"https://[::ffff:7f00:1]/x", list},
		{"https://[::127.0.0.1]/x", list},
		{"https://[0:0:0:0:0:ffff:10.0.0.1]/x", list},
		{"https://[64:ff9b::127.0.0.1]/x", list},
		{"https://[2002:7f00:1::]/x", list},
		{"https://[2001:0:7f00:1::]/x", list},
		{"https://[fe80::1]/x", list},
		{"https://[fe80::1%25eth0]/x", form},
		{"https://[fd00:ec2::254]/latest/meta-data", list},
		{"https://[ff02::1]/x", list},
		{"https://[::1%25.push.apple.com]/x", form},
		{"https://[fcm.googleapis.com]/x", form},
		{"https://①②⑦.⓪.⓪.①/x", form},
		{"https://127。0。0。1/x", form},
	} {
		endpoint, by := hostile.endpoint, hostile.by
		t.Run(endpoint, func(t *testing.T) {
			s, err := NewSubscription(endpoint, keys.P256dh(), keys.Auth())
			got := form
			if err == nil {
				got = list
				_, err = c.destinations.services.Check(endpoint)
				r := c.Send(t.Context(), Message{Subscription: s, Key: key})
				if r.Outcome != Refused || r.Status != 0 || !strings.HasPrefix(r.Reason, "endpoint: ") {
					t.Errorf("sending there gives %+v", r)
				}
			}
			var field *FieldError
			if !errors.As(err, &field) || field.Field != "endpoint" {
				t.Fatalf("it is refused with %v", err)
			}
			if got != by {
				t.Errorf("it is refused by the %s: %v; want the %s", got, err, by)
			}
			shown := strings.Trim(fmt.Sprintf("%q", endpoint), `"`)
			if len(shown) > 70 {
				shown = shown[:60] + "… (" + fmt.Sprint(len(endpoint)) + " characters)"
			}
			table.add(shown, got, field.Reason)
		})
	}
	if len(n.asked) > 0 || len(passed()) > 0 {
		t.Errorf("these names were looked up: %v, these addresses called: %v", n.asked, passed())
	}
}

// What a name of the list may resolve to, once somebody has its zone, or the
// way to the resolver.
func TestListedNamesThatResolveToOtherNetworksAreRefused(t *testing.T) {
	table := newRefusals(t, "web.push.apple.com is at")
	for _, address := range []string{
		"127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1",
		"100.64.0.1", "100.100.100.200", "169.254.0.1", "169.254.169.254", "168.63.129.16", "192.0.0.192", "192.0.2.1",
		"192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1",
		"64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b::8.8.8.8", "64:ff9b:1::10.0.0.1",
		"2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:0:7f00:1::", "2001:0:5ef5:79fd:0:0:f5ff:fffe", "2001:20::1", "2001:db8::1", "3fff::1",
		"100::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fd12:3456:789a::1", "fe80::1", "fe80::a9fe:a9fe", "fec0::1", "ff02::1", "ff0e::1",
	} {
		t.Run(address, func(t *testing.T) {
			n := &names{answers: map[string][][]netip.Addr{"web.push.apple.com": {{netip.MustParseAddr(address)}}}}
			c, passed := watch(t, n, VendorServices...)
			s := newBrowser(t).subscription(t, "https://web.push.apple.com"+secretPath)
			r := c.Send(t.Context(), Message{Subscription: s, Key: newKey(t)})
			if r.Outcome != Unavailable || r.Status != 0 || !strings.Contains(r.Reason, ssrf.ErrProhibitedIP.Error()) {
				t.Errorf("got %+v", r)
			}
			if len(passed()) > 0 {
				t.Errorf("let through: %v", passed())
			}
			_, reason, _ := strings.Cut(r.Reason, ssrf.ErrProhibitedIP.Error()+": ")
			table.add(address, "dial", reason)
		})
	}
}

// Of a name with a public and a private address only the public one is ever
// called, whichever comes first.
func TestOnlyThePublicAddressesOfANameAreCalled(t *testing.T) {
	for name, addresses := range map[string][]netip.Addr{
		"private first":   {netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("17.188.1.1")},
		"public first":    {netip.MustParseAddr("17.188.1.1"), netip.MustParseAddr("127.0.0.1")},
		"private in IPv6": {netip.MustParseAddr("17.188.1.1"), netip.MustParseAddr("::1"), netip.MustParseAddr("::ffff:10.0.0.1"), netip.MustParseAddr("fd00::1")},
		"private in IPv4": {netip.MustParseAddr("2620:149:208::1"), netip.MustParseAddr("192.168.1.1")},
		"many private":    {netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("17.188.1.1"), netip.MustParseAddr("169.254.169.254")},
	} {
		t.Run(name, func(t *testing.T) {
			n := &names{answers: map[string][][]netip.Addr{"web.push.apple.com": {addresses}}}
			c, passed := watch(t, n, VendorServices...)
			s := newBrowser(t).subscription(t, "https://web.push.apple.com"+secretPath)
			if r := c.Send(t.Context(), Message{Subscription: s, Key: newKey(t)}); r.Outcome != Unavailable {
				t.Errorf("got %+v", r)
			}
			got := passed()
			if len(got) != 1 || got[0] != "17.188.1.1:443" && got[0] != "[2620:149:208::1]:443" {
				t.Errorf("called are %v", got)
			}
		})
	}
}

// A name that was good when the endpoint was looked at is another when it is
// called: each connection is looked at anew.
func TestANameThatIsReboundIsRefused(t *testing.T) {
	public, private := []netip.Addr{netip.MustParseAddr("17.188.1.1")}, []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")}
	n := &names{answers: map[string][][]netip.Addr{"web.push.apple.com": {public, private, public, private}}}
	c, passed := watch(t, n, VendorServices...)
	endpoint := "https://web.push.apple.com" + secretPath
	s := newBrowser(t).subscription(t, endpoint)
	for i, refused := range []bool{false, true, false, true, true} {
		if _, err := c.destinations.services.Check(endpoint); err != nil {
			t.Fatal(err)
		}
		before := len(passed())
		r := c.Send(t.Context(), Message{Subscription: s, Key: newKey(t)})
		if got := strings.Contains(r.Reason, ssrf.ErrProhibitedIP.Error()); got != refused || (len(passed()) == before) != refused {
			t.Errorf("the message %d: %+v; let through are %v", i+1, r, passed())
		}
	}
}

// No other port of the internet is called either, should a rule ever ask for one.
func TestTheGuardKnowsOnePort(t *testing.T) {
	for _, address := range []string{"17.188.1.1:22", "17.188.1.1:80", "17.188.1.1:8443", "[2620:149:208::1]:80"} {
		if err := newGuard().control("tcp4", address, nil); !errors.Is(err, ssrf.ErrProhibitedPort) {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, network := range []string{"udp4", "unix", "tcp"} {
		if err := newGuard().control(network, "17.188.1.1:443", nil); !errors.Is(err, ssrf.ErrProhibitedNetwork) {
			t.Errorf("%s: %v", network, err)
		}
	}
}
