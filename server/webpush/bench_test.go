package webpush

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	webpushgo "github.com/SherClockHolmes/webpush-go"
)

// reportCPU measures the process's own time, which others on the machine do not
// change as they do the clock's.
func reportCPU(b *testing.B) (end func()) {
	b.ReportAllocs()
	cpu := func() int64 {
		var usage syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
		return usage.Utime.Nano() + usage.Stime.Nano()
	}
	began := cpu()
	return func() { b.ReportMetric(float64(cpu()-began)/float64(b.N), "cpu-ns/op") }
}

// The floor: what RFC 8291 asks of the curve for each message.
func BenchmarkCurve(b *testing.B) {
	receiver := newBrowser(b).private.PublicKey()
	defer reportCPU(b)()
	for b.Loop() {
		private, _ := ecdh.P256().GenerateKey(rand.Reader)
		private.ECDH(receiver)
	}
}

func BenchmarkEncrypt(b *testing.B) {
	s, payload := newBrowser(b).subscription(b, "https://fcm.googleapis.com/fcm/send/x"), make([]byte, 300)
	defer reportCPU(b)()
	for b.Loop() {
		if _, err := Encrypt(s, payload); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncryptWithVAPID(b *testing.B) {
	for _, batch := range []int{1, 16, MaxBatch} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			c := NewClient(Options{Subject: "mailto:push@example.com"})
			key, payload := newKey(b), make([]byte, 300)
			messages := make([]Message, batch)
			for i := range messages {
				messages[i] = Message{Subscription: newBrowser(b).subscription(b, "https://fcm.googleapis.com/fcm/send/x"), Payload: payload, Key: key}
			}
			to, err := c.admit(&messages[0])
			if err != nil {
				b.Fatal(err)
			}
			defer reportCPU(b)()
			for i := 0; i < b.N; i += batch {
				if _, err := c.requests(to, messages, time.Now()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkWebpushGo(b *testing.B) {
	browser := newBrowser(b)
	private, public, err := webpushgo.GenerateVAPIDKeys()
	if err != nil {
		b.Fatal(err)
	}
	s := subscriptionJSON("https://fcm.googleapis.com/fcm/send/x", base64.RawURLEncoding.EncodeToString(browser.private.PublicKey().Bytes()), base64.RawURLEncoding.EncodeToString(browser.auth))
	o := webpushgo.Options{HTTPClient: noService{}, Subscriber: "push@example.com", VAPIDPublicKey: public, VAPIDPrivateKey: private, TTL: 60}
	payload := make([]byte, 300)
	defer reportCPU(b)()
	for b.Loop() {
		if _, err := webpushgo.SendNotification(payload, &s, &o); err != nil {
			b.Fatal(err)
		}
	}
}

// noService takes requests and sends them nowhere.
type noService struct{}

func (noService) Do(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusCreated, Body: http.NoBody}, nil
}

// What a message may allocate is what the curve does and little more.
func TestEncryptionWithVAPIDAllocatesLittle(t *testing.T) {
	c, key := NewClient(Options{}), newKey(t)
	messages := []Message{{Subscription: newBrowser(t).subscription(t, "https://fcm.googleapis.com/fcm/send/x"), Payload: make([]byte, 300), Key: key}}
	to, err := c.admit(&messages[0])
	if err != nil {
		t.Fatal(err)
	}
	allocations := testing.AllocsPerRun(100, func() { c.requests(to, messages, time.Now()) })
	if allocations > 15 {
		t.Errorf("a message makes %v allocations, want at most 15", allocations)
	}
}
