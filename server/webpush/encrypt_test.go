package webpush

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The vector of RFC 8291 section 5 and Appendix A.
func TestEncryptsTheExampleOfRFC8291(t *testing.T) {
	s, err := ParseSubscription(SubscriptionJSON{
		Endpoint: "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
		Keys: struct {
			Auth   string `json:"auth"`
			P256dh string `json:"p256dh"`
		}{
			Auth:   "BTBZMqHH6r4Tts7J_aSIgg",
			P256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	private, err := ecdh.P256().NewPrivateKey(unbase64(t, "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
	if err != nil {
		t.Fatal(err)
	}
	plaintext := []byte("When I grow up, I want to be a watermelon")
	var a agreement
	if err := a.fill(private, s.public); err != nil {
		t.Fatal(err)
	}
	got, err := seal(make([]byte, 0, MaxBody), &Message{Subscription: s, Payload: plaintext}, &a, unbase64(t, "DGv6ra1nlYgDCS1FRnbzlw"), len(plaintext))
	if err != nil {
		t.Fatal(err)
	}
	want := unbase64(t, `DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml
		mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT
		pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN`)
	if !bytes.Equal(got, want) {
		t.Fatalf("got %x, want %x", got, want)
	}
}

// browser is the receiving end of RFC 8291.
type browser struct {
	private *ecdh.PrivateKey
	auth    []byte
}

func newBrowser(t testing.TB) browser {
	t.Helper()
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	auth := make([]byte, 16)
	rand.Read(auth)
	return browser{private, auth}
}

func (b browser) subscription(t testing.TB, endpoint string) Subscription {
	t.Helper()
	s, err := NewSubscription(endpoint, b.private.PublicKey().Bytes(), b.auth)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b browser) decrypt(t testing.TB, body []byte) []byte {
	t.Helper()
	salt, public, ciphertext := body[:16], body[21:86], body[86:]
	key, err := ecdh.P256().NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := b.private.ECDH(key)
	if err != nil {
		t.Fatal(err)
	}
	ikm, _ := hkdf.Key(sha256.New, shared, b.auth, "WebPush: info\x00"+string(b.private.PublicKey().Bytes())+string(public), 32)
	cek, _ := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	nonce, _ := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	block, _ := aes.NewCipher(cek)
	gcm, _ := cipher.NewGCM(block)
	content, err := gcm.Open(nil, nonce, ciphertext, nil)
	if err != nil {
		t.Fatal(err)
	}
	content = bytes.TrimRight(content, "\x00")
	if content[len(content)-1] != 2 {
		t.Fatalf("the last record's delimiter is %d, want 2", content[len(content)-1])
	}
	return content[:len(content)-1]
}

func TestEncryptRoundTrip(t *testing.T) {
	b := newBrowser(t)
	s := b.subscription(t, "https://push.example.net/1")
	for _, n := range []int{0, 1, 127, 128, 129, 3000, MaxPlaintext - 1, MaxPlaintext} {
		plaintext := bytes.Repeat([]byte("x"), n)
		body, err := Encrypt(s, plaintext)
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if len(body) > MaxBody {
			t.Errorf("%d bytes: the body has %d bytes, more than %d", n, len(body), MaxBody)
		}
		if got := b.decrypt(t, body); !bytes.Equal(got, plaintext) {
			t.Errorf("%d bytes: decrypted to %d other bytes", n, len(got))
		}
	}
}

func TestEncryptHidesTheExactLength(t *testing.T) {
	s := newBrowser(t).subscription(t, "https://push.example.net/1")
	lengths := map[int]bool{}
	for n := 0; n <= MaxPlaintext; n += 7 {
		body, err := Encrypt(s, make([]byte, n))
		if err != nil {
			t.Fatal(err)
		}
		lengths[len(body)] = true
	}
	if len(lengths) != len(sizeClasses) {
		t.Errorf("bodies have %d lengths, want %d", len(lengths), len(sizeClasses))
	}
}

// Firefox on Android loses what is longer, so padding must not make it so.
func TestPaddingKeepsWhatFirefoxOnAndroidCanTake(t *testing.T) {
	for n := range 2744 + 1 {
		if padded := paddedLength(n); padded < n || padded > 2744 {
			t.Fatalf("%d bytes are padded to %d", n, padded)
		}
	}
}

func TestABatchIsEncryptedForEachOfItsReceivers(t *testing.T) {
	payload := []byte(`{"token":"~~~~~~","title":"Goal!"}`)
	messages, browsers := make([]Message, MaxBatch), make([]browser, MaxBatch)
	for i := range messages {
		browsers[i] = newBrowser(t)
		messages[i] = Message{Subscription: browsers[i].subscription(t, "https://push.example.net/1"), Payload: payload, Own: fmt.Sprintf("%06d", i), OwnAt: 10}
	}
	bodies := make([][]byte, MaxBatch)
	if err := encrypt(messages, bodies); err != nil {
		t.Fatal(err)
	}
	publics, salts := map[string]bool{}, map[string]bool{}
	for i, body := range bodies {
		want := strings.Replace(string(payload), "~~~~~~", messages[i].Own, 1)
		if got := browsers[i].decrypt(t, body); string(got) != want {
			t.Errorf("%d decrypts to %q, want %q", i, got, want)
		}
		salts[string(body[:saltLength])], publics[string(body[saltLength+5:headerLength])] = true, true
		// What a transport appends to one must not run into the next.
		if cap(body) != len(body) {
			t.Errorf("body %d has room for %d bytes of its neighbour", i, cap(body)-len(body))
		}
	}
	if len(publics) != MaxBatch || len(salts) != MaxBatch {
		t.Errorf("%d key pairs and %d salts for %d messages: each wants its own", len(publics), len(salts), MaxBatch)
	}
	if string(payload) != `{"token":"~~~~~~","title":"Goal!"}` {
		t.Error("the payload that the messages share was written to")
	}
}

func TestEncryptRefusesWhatPushServicesRefuse(t *testing.T) {
	_, err := Encrypt(newBrowser(t).subscription(t, "https://push.example.net/1"), make([]byte, MaxPlaintext+1))
	var tooLarge *TooLargeError
	if !errors.As(err, &tooLarge) || tooLarge.Size != MaxBody+1 {
		t.Fatalf("got %v, want a TooLargeError of %d bytes", err, MaxBody+1)
	}
}
