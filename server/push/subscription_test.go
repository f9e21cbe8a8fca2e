package push

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

const (
	p256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
	auth   = "BTBZMqHH6r4Tts7J_aSIgg"
)

func subscriptionOf(t testing.TB, endpoint string) webpush.Subscription {
	t.Helper()
	var s webpush.SubscriptionJSON
	s.Endpoint, s.Keys.P256dh, s.Keys.Auth = endpoint, p256dh, auth
	parsed, err := webpush.ParseSubscription(s)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func pushServices(t testing.TB) *webpush.Services {
	t.Helper()
	services, err := webpush.ParseServices(webpush.VendorServices)
	if err != nil {
		t.Fatal(err)
	}
	return services
}

// subscribeBody is a request with members that replace or join the usual ones.
func subscribeBody(t testing.TB, members string) wire.SubscribeRequest {
	t.Helper()
	r := wire.SubscribeRequest{Endpoint: "https://fcm.googleapis.com/fcm/send/abc", Keys: wire.Keys{P256dh: p256dh, Auth: auth}}
	if err := json.Unmarshal([]byte("{"+members+"}"), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParseSubscribeNamesTheFieldThatIsWrong(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	many := `["` + strings.Join(slices.Collect(numbers(wire.MaxChannels+1)), `","`) + `"]`
	for _, c := range []struct {
		members, field string
		code           wire.Code
	}{
		{`"endpoint": ""`, "endpoint", wire.InvalidField},
		{`"endpoint": "fcm"`, "endpoint", wire.InvalidField},
		{`"endpoint": "https://fcm.googleapis.com/` + long(wire.MaxEndpointLength) + `"`, "endpoint", wire.InvalidField},
		{`"endpoint": "https://evil.net/"`, "endpoint", wire.PushServiceNotAllowed},
		{`"endpoint": "https://permanently-removed.invalid/x"`, "endpoint", wire.EndpointRemoved},
		{`"keys": {"p256dh": ""}`, "keys.p256dh", wire.InvalidField},
		{`"keys": {"p256dh": "AAAA"}`, "keys.p256dh", wire.InvalidField},
		{`"keys": {"auth": "AAAA"}`, "keys.auth", wire.InvalidField},
		{`"applicationServerKey": "AAAA"`, "applicationServerKey", wire.InvalidField},
		{`"applicationServerKey": "` + p256dh + `="`, "applicationServerKey", wire.InvalidField},
		{`"channels": [""]`, "channels", wire.InvalidField},
		{`"channels": ["` + long(wire.MaxChannelLength+1) + `"]`, "channels", wire.InvalidField},
		{`"channels": ["a\nb"]`, "channels", wire.InvalidField},
		{`"channels": ["\ud800"]`, "channels", wire.InvalidField},
		{`"channels": ` + many, "channels", wire.InvalidField},
		{`"addChannels": [""]`, "addChannels", wire.InvalidField},
		{`"addChannels": ` + many, "addChannels", wire.InvalidField},
		{`"removeChannels": [""]`, "removeChannels", wire.InvalidField},
		{`"locale": "` + long(wire.MaxLocaleLength+1) + `"`, "locale", wire.InvalidField},
		{`"locale": "de\u0007"`, "locale", wire.InvalidField},
		{`"timeZone": "` + long(wire.MaxTimeZoneLength+1) + `"`, "timeZone", wire.InvalidField},
		{`"timeZone": "../../etc/passwd"`, "timeZone", wire.InvalidField},
		{`"timeZone": "Local"`, "timeZone", wire.InvalidField},
		{`"replaces": "` + long(wire.MaxEndpointLength+1) + `"`, "replaces", wire.InvalidField},
	} {
		_, err := ParseSubscribe(subscribeBody(t, c.members), pushServices(t))
		var e *Error
		if !errors.As(err, &e) || e.Field != c.field || e.Code != c.code || e.Detail == "" {
			t.Errorf("%.60s: got %v, want %s of %s", c.members, err, c.code, c.field)
		}
	}
}

func numbers(n int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for i := range n {
			if !yield(fmt.Sprint(i)) {
				return
			}
		}
	}
}

func TestParseSubscribeKeepsWhatItWasGiven(t *testing.T) {
	s, err := ParseSubscribe(subscribeBody(t, `"channels": [], "locale": "de-CH", "timeZone": "Europe/Zurich", "replaces": "https://old.example/x",
		"expirationTime": null, "applicationServerKey": "`+p256dh+`"`), pushServices(t))
	if err != nil {
		t.Fatal(err)
	}
	if s.Service != "google" || s.Channels == nil || s.Locale != "de-CH" || s.TimeZone != "Europe/Zurich" || s.Replaces == "" || s.ApplicationServerKey != p256dh {
		t.Errorf("got %+v", s)
	}
	if s, err = ParseSubscribe(subscribeBody(t, ``), pushServices(t)); err != nil || s.Channels != nil {
		t.Errorf("absent channels became %v, %v: they would be emptied", s.Channels, err)
	}
}

func TestApply(t *testing.T) {
	for _, c := range []struct {
		had     []string
		request string
		want    []string
	}{
		{nil, ``, []string{}},
		{[]string{"a", "b"}, ``, []string{"a", "b"}},
		{[]string{"a"}, `"channels": []`, []string{}},
		{[]string{"a"}, `"channels": ["c", "b", "c"]`, []string{"b", "c"}},
		{[]string{"b"}, `"addChannels": ["a", "b"]`, []string{"a", "b"}},
		{[]string{"a", "b"}, `"removeChannels": ["a", "x"]`, []string{"b"}},
		{[]string{"a"}, `"addChannels": ["b"], "removeChannels": ["a", "b"]`, []string{}},
		{[]string{"z"}, `"channels": ["a"], "addChannels": ["b"]`, []string{"a", "b"}},
	} {
		s, err := ParseSubscribe(subscribeBody(t, c.request), pushServices(t))
		if err != nil {
			t.Fatal(err)
		}
		had := slices.Clone(c.had)
		got, err := s.Apply(c.had)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%v and %s: got %v, %v; want %v", c.had, c.request, got, err, c.want)
		}
		if !slices.Equal(c.had, had) {
			t.Errorf("%s changed what was given", c.request)
		}
	}
	s := &Subscribe{AddChannels: []string{"one more"}}
	if _, err := s.Apply(slices.Collect(numbers(wire.MaxChannels))); CodeOf(err) != wire.InvalidField {
		t.Errorf("51 channels: got %v", err)
	}
}

func TestEndpointsAreLookedUpByTheirHash(t *testing.T) {
	if HashEndpoint("https://a.example/1") == HashEndpoint("https://a.example/2") || HashEndpoint("x") != HashEndpoint("x") {
		t.Error("hashes are mixed up")
	}
}

func FuzzParseSubscribe(f *testing.F) {
	f.Add([]byte(`{"endpoint": "https://fcm.googleapis.com/x", "keys": {"p256dh": "` + p256dh + `", "auth": "` + auth + `"}, "channels": ["a"]}`))
	f.Add([]byte(`{"endpoint": "https://web.push.apple.com/x", "keys": {"p256dh": "` + p256dh + `", "auth": "` + auth + `"}, "timeZone": "Europe/Berlin", "addChannels": ["ä"]}`))
	services := pushServices(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		var r wire.SubscribeRequest
		if json.Unmarshal(body, &r) != nil {
			return
		}
		s, err := ParseSubscribe(r, services)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Field == "" || e.Code == wire.Internal {
				t.Fatalf("the error %v names no field", err)
			}
			return
		}
		if s.Endpoint() != r.Endpoint || s.Service == "" || len(s.P256dh()) != 65 {
			t.Fatalf("got %+v", s)
		}
		channels, err := s.Apply([]string{"before"})
		if err == nil && (!slices.IsSorted(channels) || len(channels) > wire.MaxChannels) {
			t.Fatalf("the channels are %q", channels)
		}
	})
}
