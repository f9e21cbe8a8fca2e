package push

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/wire"
)

func TestParseOriginGivesTheFormOfBrowsers(t *testing.T) {
	for text, want := range map[string]string{
		"https://example.com":       "https://example.com",
		"https://Example.COM/":      "https://example.com",
		"https://example.com:443":   "https://example.com",
		"http://localhost:80":       "http://localhost",
		"http://localhost:8080":     "http://localhost:8080",
		"https://[::1]:8443/":       "https://[::1]:8443",
		"https://bücher.example":    "https://xn--bcher-kva.example",
		"http://example.com:443":    "http://example.com:443",
		"":                          "",
		"example.com":               "",
		"https://":                  "",
		"https://:443":              "",
		"https://example.com:":      "",
		"https://example.com/path":  "",
		"https://example.com?x":     "",
		"https://example.com#x":     "",
		"https://me@example.com":    "",
		"ftp://example.com":         "",
		"null":                      "",
		"https://exa mple.com":      "",
		"javascript:alert(1)":       "",
		"https://a.example,https:b": "",
	} {
		if got, err := ParseOrigin(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestBaseURLIsTheFirstOrigins(t *testing.T) {
	u, err := Site{Origins: []string{"https://a.example", "https://b.example"}}.BaseURL()
	if err != nil || u.String() != "https://a.example/" {
		t.Errorf("got %v, %v", u, err)
	}
	if _, err := (Site{}).BaseURL(); CodeOf(err) != wire.InvalidField {
		t.Errorf("got %v", err)
	}
}

func TestNewAPIKeysAreLongAndDiffer(t *testing.T) {
	one, two := NewAPIKey(), NewAPIKey()
	if one == two || len(one) < 2*MinAPIKeyLength || HashAPIKey(one) == HashAPIKey(two) {
		t.Errorf("got %s and %s", one, two)
	}
}

func TestParseIDTakesTheCanonicalFormAlone(t *testing.T) {
	id := NewID()
	if got, ok := ParseID(id.String()); !ok || got != id {
		t.Errorf("got %v, %v", got, ok)
	}
	for _, bad := range []string{"", "x", strings.ReplaceAll(id.String(), "-", ""), "{" + id.String() + "}", "urn:uuid:" + id.String(), strings.Repeat("g", 36)} {
		if _, ok := ParseID(bad); ok {
			t.Errorf("%q was taken for an id", bad)
		}
	}
	if first, second := NewID(), NewID(); first.String() >= second.String() {
		t.Error("ids do not grow: pages of messages would be out of order")
	}
}

func FuzzParseOrigin(f *testing.F) {
	f.Add("https://example.com:443/")
	f.Add("http://[::1]:8080")
	f.Fuzz(func(t *testing.T, text string) {
		origin, err := ParseOrigin(text)
		if err != nil {
			return
		}
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || u.Path != "" || u.User != nil || u.Scheme+"://"+u.Host != origin {
			t.Fatalf("%q gives %q", text, origin)
		}
		if again, err := ParseOrigin(origin); err != nil || again != origin {
			t.Fatalf("%q gives %q, which gives %q, %v", text, origin, again, err)
		}
	})
}

func TestSiteNamesAreNoOriginsAndNoFlags(t *testing.T) {
	for name, good := range map[string]bool{
		"shop": true, "shop-2": true, "2": true, strings.Repeat("x", 63): true, DefaultSite: true,
		"": false, "-x": false, "Shop": false, "shop.example": false, "https://shop.example": false, "a b": false, "a\n": false, "läden": false,
		strings.Repeat("x", 64): false,
	} {
		err := CheckSiteName("NAME", name)
		if (err == nil) != good || err != nil && CodeOf(err) != wire.InvalidField {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestAnOriginThatIsGivenTwiceCountsOnce(t *testing.T) {
	origins, err := ParseOrigins([]string{"https://B.example/", "https://a.example", "https://b.example:443"})
	if err != nil || !slices.Equal(origins, []string{"https://b.example", "https://a.example"}) {
		t.Errorf("got %v, %v", origins, err)
	}
	if _, err := ParseOrigins([]string{"https://a.example", "a.example"}); err == nil {
		t.Error("what is no origin is taken")
	}
}
