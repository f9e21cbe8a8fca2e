package webpush

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// A point on P-256 and a secret, as a browser gives them.
const (
	exampleP256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
	exampleAuth   = "BTBZMqHH6r4Tts7J_aSIgg"
)

func subscriptionJSON(endpoint, p256dh, auth string) SubscriptionJSON {
	var s SubscriptionJSON
	s.Endpoint, s.Keys.P256dh, s.Keys.Auth = endpoint, p256dh, auth
	return s
}

func TestParseSubscriptionRefusesWhatCannotBeSentTo(t *testing.T) {
	const endpoint = "https://fcm.googleapis.com/fcm/send/abc"
	raw, _ := base64.RawURLEncoding.DecodeString(exampleP256dh)
	encoded := base64.RawURLEncoding.EncodeToString
	changed := func(i int, b byte) string {
		bytes := append([]byte(nil), raw...)
		bytes[i] = b
		return encoded(bytes)
	}
	for name, c := range map[string]struct{ endpoint, p256dh, auth, field string }{
		"no endpoint":            {"", exampleP256dh, exampleAuth, "endpoint"},
		"relative":               {"/fcm/send/abc", exampleP256dh, exampleAuth, "endpoint"},
		"another scheme":         {"ftp://fcm.googleapis.com/x", exampleP256dh, exampleAuth, "endpoint"},
		"javascript":             {"javascript:alert(1)", exampleP256dh, exampleAuth, "endpoint"},
		"no host":                {"https:///fcm/send/abc", exampleP256dh, exampleAuth, "endpoint"},
		"opaque":                 {"https:fcm.googleapis.com/x", exampleP256dh, exampleAuth, "endpoint"},
		"port alone":             {"https://:443/x", exampleP256dh, exampleAuth, "endpoint"},
		"empty port":             {"https://fcm.googleapis.com:/x", exampleP256dh, exampleAuth, "endpoint"},
		"port of letters":        {"https://fcm.googleapis.com:https/x", exampleP256dh, exampleAuth, "endpoint"},
		"user":                   {"https://me@fcm.googleapis.com/x", exampleP256dh, exampleAuth, "endpoint"},
		"empty user":             {"https://@fcm.googleapis.com/x", exampleP256dh, exampleAuth, "endpoint"},
		"user and password":      {"https://a:b@fcm.googleapis.com/x", exampleP256dh, exampleAuth, "endpoint"},
		"fragment":               {endpoint + "#x", exampleP256dh, exampleAuth, "endpoint"},
		"empty fragment":         {endpoint + "#", exampleP256dh, exampleAuth, "endpoint"},
		"upper case":             {"https://FCM.googleapis.com/x", exampleP256dh, exampleAuth, "endpoint"},
		"line break":             {"https://fcm.googleapis.com/x\r\nX-Header: y", exampleP256dh, exampleAuth, "endpoint"},
		"NUL":                    {"https://fcm.googleapis.com/\x00", exampleP256dh, exampleAuth, "endpoint"},
		"backslash":              {`https://fcm.googleapis.com\@evil.net/x`, exampleP256dh, exampleAuth, "endpoint"},
		"bad escape":             {"https://fcm.googleapis.com/%zz", exampleP256dh, exampleAuth, "endpoint"},
		"no p256dh":              {endpoint, "", exampleAuth, "keys.p256dh"},
		"p256dh is no base64":    {endpoint, "!!!!", exampleAuth, "keys.p256dh"},
		"p256dh is compressed":   {endpoint, encoded(append([]byte{2}, raw[1:33]...)), exampleAuth, "keys.p256dh"},
		"p256dh is short":        {endpoint, encoded(raw[:64]), exampleAuth, "keys.p256dh"},
		"p256dh is long":         {endpoint, encoded(append(raw[:65:65], 0)), exampleAuth, "keys.p256dh"},
		"p256dh off the curve":   {endpoint, changed(64, raw[64]^1), exampleAuth, "keys.p256dh"},
		"p256dh of form 6":       {endpoint, changed(0, 6), exampleAuth, "keys.p256dh"},
		"p256dh is infinity":     {endpoint, encoded(make([]byte, 65)), exampleAuth, "keys.p256dh"},
		"p256dh above the prime": {endpoint, encoded([]byte("\x04" + strings.Repeat("\xff", 64))), exampleAuth, "keys.p256dh"},
		"no auth":                {endpoint, exampleP256dh, "", "keys.auth"},
		"auth is short":          {endpoint, exampleP256dh, encoded(make([]byte, 15)), "keys.auth"},
		"auth is long":           {endpoint, exampleP256dh, encoded(make([]byte, 17)), "keys.auth"},
		"auth is no base64":      {endpoint, exampleP256dh, "a b", "keys.auth"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseSubscription(subscriptionJSON(c.endpoint, c.p256dh, c.auth))
			var field *FieldError
			if !errors.As(err, &field) || field.Field != c.field {
				t.Fatalf("got %v, want an error of the field %s", err, c.field)
			}
		})
	}
}

func TestParseSubscriptionTakesEveryFormOfBase64(t *testing.T) {
	raw, _ := base64.RawURLEncoding.DecodeString(exampleP256dh)
	auth, _ := base64.RawURLEncoding.DecodeString(exampleAuth)
	for _, encoding := range []*base64.Encoding{base64.RawURLEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.StdEncoding} {
		s, err := ParseSubscription(subscriptionJSON("https://fcm.googleapis.com/x", encoding.EncodeToString(raw), encoding.EncodeToString(auth)))
		if err != nil {
			t.Fatal(err)
		}
		if string(s.P256dh()) != string(raw) || string(s.Auth()) != string(auth) {
			t.Error("the keys have changed")
		}
	}
}

func TestOriginIsTheAudienceWithItsPort(t *testing.T) {
	for endpoint, want := range map[string]string{
		"https://updates.push.services.mozilla.com/wpush/v2/gAAA": "https://updates.push.services.mozilla.com",
		"http://127.0.0.1:8090/wpush/v2/x?a=b":                    "http://127.0.0.1:8090",
		"http://[::1]:8090/x":                                     "http://[::1]:8090",
	} {
		s, err := ParseSubscription(subscriptionJSON(endpoint, exampleP256dh, exampleAuth))
		if err != nil {
			t.Fatal(err)
		}
		if s.Origin() != want || s.Endpoint() != endpoint {
			t.Errorf("%s: the origin is %s, the endpoint %s", endpoint, s.Origin(), s.Endpoint())
		}
	}
}

func FuzzParseSubscription(f *testing.F) {
	f.Add("https://fcm.googleapis.com/fcm/send/abc", exampleP256dh, exampleAuth)
	f.Add("http://[::1]:8090/x", exampleP256dh+"=", exampleAuth+"==")
	f.Add("https://a:b@c:d/%zz#", "", "====")
	services, err := ParseServices(VendorServices)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, endpoint, p256dh, auth string) {
		name, checked := services.Check(endpoint)
		s, err := ParseSubscription(subscriptionJSON(endpoint, p256dh, auth))
		if err != nil {
			var field *FieldError
			if !errors.As(err, &field) || field.Field == "" || field.Reason == "" {
				t.Fatalf("the error %v names no field", err)
			}
			return
		}
		if len(s.P256dh()) != 65 || len(s.Auth()) != 16 || s.Endpoint() != endpoint || !strings.HasPrefix(endpoint, s.Origin()) {
			t.Fatalf("%q was taken as %+v", endpoint, s)
		}
		if checked == nil && (name == "" || !strings.HasPrefix(endpoint, "https://")) {
			t.Fatalf("%q is of the push service %q", endpoint, name)
		}
		if _, err := Encrypt(s, []byte("x")); err != nil {
			t.Fatal("a subscription that was parsed cannot be encrypted for:", err)
		}
	})
}
