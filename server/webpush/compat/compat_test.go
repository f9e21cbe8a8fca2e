package compat_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	webpush "github.com/pushkit/pushkit/server/webpush/compat"
)

// What webpush-go's README shows, with another import.
func send(t *testing.T, endpoint string, message []byte, change func(*webpush.Options)) (*http.Response, error) {
	t.Helper()
	private, public, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	s := &webpush.Subscription{Endpoint: endpoint, Keys: webpush.Keys{
		P256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
		Auth:   "BTBZMqHH6r4Tts7J_aSIgg==",
	}}
	options := &webpush.Options{
		HTTPClient: http.DefaultClient, Subscriber: "example@example.com", VAPIDPublicKey: public, VAPIDPrivateKey: private,
		TTL: 30, Urgency: webpush.UrgencyHigh, Topic: "news",
	}
	if change != nil {
		change(options)
	}
	return webpush.SendNotification(message, s, options)
}

func TestAProgramOfWebpushGoSendsAsBefore(t *testing.T) {
	var got *http.Request
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(r.Context())
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, "BadJwtToken")
	}))
	defer service.Close()
	response, err := send(t, service.URL+"/push?a=b", []byte("Test"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusForbidden || string(body) != "BadJwtToken" {
		t.Errorf("the answer is %d %q", response.StatusCode, body)
	}
	header := got.Header
	if got.Method != "POST" || got.RequestURI != "/push?a=b" || header.Get("TTL") != "30" || header.Get("Urgency") != "high" ||
		len(header.Get("Topic")) != 32 || header.Get("Content-Encoding") != "aes128gcm" || !strings.HasPrefix(header.Get("Authorization"), "vapid t=") {
		t.Errorf("it came as %s %s %v", got.Method, got.RequestURI, header)
	}
}

func TestWhatCannotBeSentIsAnError(t *testing.T) {
	if _, err := send(t, "https://fcm.googleapis.com/x", make([]byte, 4000), nil); !errors.Is(err, webpush.ErrMaxPadExceeded) {
		t.Errorf("too long: got %v", err)
	}
	if _, err := send(t, "https://fcm.googleapis.com/x", make([]byte, 4000), func(o *webpush.Options) { o.HTTPClient = nil }); !errors.Is(err, webpush.ErrMaxPadExceeded) {
		t.Errorf("too long, with the client of its own: got %v", err)
	}
	if _, err := send(t, "https://evil.net/x", nil, func(o *webpush.Options) { o.HTTPClient = nil }); err == nil {
		t.Error("an endpoint of nobody's was called")
	}
	for name, change := range map[string]func(*webpush.Options){
		"no key":      func(o *webpush.Options) { o.VAPIDPrivateKey = "" },
		"another key": func(o *webpush.Options) { o.VAPIDPublicKey = "BCVx" },
		"no base64":   func(o *webpush.Options) { o.VAPIDPrivateKey = "!" },
	} {
		if _, err := send(t, "https://fcm.googleapis.com/x", nil, change); err == nil {
			t.Errorf("%s: it was sent", name)
		}
	}
	if _, err := send(t, "not a URL", nil, nil); err == nil {
		t.Error("no URL: it was sent")
	}
}
