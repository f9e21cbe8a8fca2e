package webpush

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

func mustServices(t testing.TB, rules ...string) *Services {
	t.Helper()
	s, err := ParseServices(rules)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOnlyListedPushServicesAreAllowed(t *testing.T) {
	services := mustServices(t, append([]string{"http://127.0.0.1:8090", "http://[::1]:8090", "push.example.com"}, VendorServices...)...)
	for endpoint, want := range map[string]string{
		"https://fcm.googleapis.com/fcm/send/abc":             "google",
		"https://jmt17.google.com/fcm/send/abc":               "google",
		"https://updates.push.services.mozilla.com/wpush/v2/": "mozilla",
		"https://a.b.push.services.mozilla.com/":              "mozilla",
		"https://web.push.apple.com/QG":                       "apple",
		"https://wns2-by3p.notify.windows.com/w/?token=x":     "microsoft",
		"https://push.example.com/x":                          "push.example.com",
		"http://127.0.0.1:8090/wpush/v2/x":                    "127.0.0.1:8090",
		"http://[::1]:8090/x":                                 "[::1]:8090",

		// Whole labels, not parts of names.
		"https://evil-fcm.googleapis.com/x":              "",
		"https://evilfcm.googleapis.com/x":               "",
		"https://sub.fcm.googleapis.com/x":               "",
		"https://googleapis.com/x":                       "",
		"https://fcm.googleapis.com.evil.net/x":          "",
		"https://evil.net/fcm.googleapis.com":            "",
		"https://evil.net/?x=https://fcm.googleapis.com": "",
		"https://evilpush.services.mozilla.com/x":        "",
		"https://push.services.mozilla.com/x":            "",
		"https://.push.services.mozilla.com/x":           "",
		"https://notify.windows.com/x":                   "",
		"https://fcm.googleapis.com./x":                  "",
		"https://fcm。googleapis.com/x":                   "",
		"https://fcm.googleapіs.com/x":                   "", // a Cyrillic і
		"https://xn--fcm-xyz.googleapis.com/x":           "",
		"https://fcm.googleapis.com%2eevil.net/x":        "",
		"https://FCM.GOOGLEAPIS.COM/x":                   "",
		"https://fcm.googleapis.com@evil.net/x":          "",
		"https://evil.net@fcm.googleapis.com/x":          "",

		// Other schemes and ports.
		"http://fcm.googleapis.com/x":         "",
		"https://fcm.googleapis.com:8443/x":   "",
		"https://fcm.googleapis.com:443/x":    "",
		"https://fcm.googleapis.com:/x":       "",
		"wss://fcm.googleapis.com/x":          "",
		"https://127.0.0.1:8090/x":            "",
		"http://127.0.0.1:8091/x":             "",
		"http://127.0.0.1/x":                  "",
		"http://127.1:8090/x":                 "",
		"http://localhost:8090/x":             "",
		"http://2130706433:8090/x":            "",
		"http://push.example.com/x":           "",
		"http://127.0.0.1:8090@evil.net/x":    "",
		"http://evil.net/127.0.0.1:8090":      "",
		"https://169.254.169.254/latest":      "",
		"https://permanently-removed.invalid": "",
	} {
		name, err := services.Check(endpoint)
		if name != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v; want %q", endpoint, name, err, want)
		}
	}
	if _, err := services.Check("https://evil.net/x"); !errors.Is(err, ErrServiceNotAllowed) {
		t.Errorf("got %v, want ErrServiceNotAllowed", err)
	}
}

func TestTheZeroServicesAllowNone(t *testing.T) {
	if name, err := new(Services).Check("https://fcm.googleapis.com/x"); err == nil {
		t.Fatalf("it is allowed as %q", name)
	}
}

func TestARouteKeepsTheVendorsName(t *testing.T) {
	services := mustServices(t, append(VendorServices, "updates.push.services.mozilla.com=http://127.0.0.1:8090")...)
	if name, err := services.Check("https://updates.push.services.mozilla.com/x"); name != "mozilla" {
		t.Errorf("got %q, %v", name, err)
	}
	u, _ := url.Parse("https://updates.push.services.mozilla.com/x")
	if rule, _ := services.match(u); rule.routedVia == nil {
		t.Error("the vendor's rule won over the route")
	}
}

func TestARouteForAPathTakesOnlyTheEndpointsBelowIt(t *testing.T) {
	services := mustServices(t, append(VendorServices, "fcm.googleapis.com/fcm/send/mine:=http://127.0.0.1:8090")...)
	for endpoint, routed := range map[string]bool{
		"https://fcm.googleapis.com/fcm/send/mine:abc":    true,
		"https://fcm.googleapis.com/fcm/send/dHIo:APA91b": false,
		"https://fcm.googleapis.com/fcm/send/mine%3Aabc":  false,
		"https://fcm.googleapis.com/x/fcm/send/mine:abc":  false,
		"https://jmt17.google.com/fcm/send/mine:abc":      false,
	} {
		if name, err := services.Check(endpoint); name != "google" {
			t.Errorf("%s: got %q, %v", endpoint, name, err)
		}
		u, err := url.Parse(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if rule, ok := services.match(u); !ok || (rule.routedVia != nil) != routed {
			t.Errorf("%s: the rule is %+v", endpoint, rule)
		}
	}
}

func TestParseServicesRefuses(t *testing.T) {
	for _, rule := range []string{
		"", " ", ".", "*", "*.", "*.com", "com", "localhost", "push.example.com.", ".example.com", "push..example.com",
		"Push.example.com", "push.example.com:8443", "push.example.com/x", "https://push.example.com", "user@push.example.com",
		"a.*.example.com", "push.exämple.com", "-.example.com", "127.0.0.1", "[::1]", "push.example.com\n",
		"http://push.example.com:80", "http://10.0.0.1:8090", "http://169.254.169.254:80", "http://0.0.0.0:8090",
		"http://127.0.0.1", "https://127.0.0.1:8090", "http://127.0.0.1:8090/x", "http://127.0.0.1:8090?x", "http://127.0.0.1:8090#x",
		"http://me@127.0.0.1:8090", "ftp://127.0.0.1:8090", "http://127.0.0.1.evil.net:8090",
		"push.example.com=", "push.example.com=127.0.0.1:8090", "push.example.com=http://10.0.0.1:8090",
		"push.example.com=http://evil.net:80", "*.example.com=http://127.0.0.1:8090", "=http://127.0.0.1:8090",
		"push.example.com/a=https://127.0.0.1:8090", "push.example.com/a?b=http://127.0.0.1:8090", "push.example.com/%61=http://127.0.0.1:8090",
		"push.example.com/a b=http://127.0.0.1:8090", "*.example.com/a=http://127.0.0.1:8090", "/a=http://127.0.0.1:8090",
	} {
		if s, err := ParseServices([]string{rule}); err == nil {
			t.Errorf("%q was taken as %+v", rule, s.rules)
		} else if !strings.Contains(err.Error(), "push service") {
			t.Errorf("%q: the error %v does not say what it is about", rule, err)
		}
	}
}

func FuzzParseServices(f *testing.F) {
	for _, rule := range append([]string{"http://127.0.0.1:8090", "push.example.com=https://[::1]:8443"}, VendorServices...) {
		f.Add(rule, "https://fcm.googleapis.com/x")
		f.Add(rule, "http://127.0.0.1:8090/x")
	}
	f.Fuzz(func(t *testing.T, rule, endpoint string) {
		services, err := ParseServices([]string{rule})
		if err != nil {
			return
		}
		name, err := services.Check(endpoint)
		if err != nil {
			return
		}
		u, err := url.Parse(endpoint)
		if err != nil || name == "" || u.User != nil || !strings.Contains(rule, strings.TrimPrefix(u.Hostname(), ".")) && !strings.HasPrefix(rule, "*.") {
			t.Fatalf("the rule %q lets %q in as %q", rule, endpoint, name)
		}
		if u.Scheme != "https" && !isLoopback(u.Hostname()) {
			t.Fatalf("the rule %q lets plain %q in", rule, endpoint)
		}
	})
}
