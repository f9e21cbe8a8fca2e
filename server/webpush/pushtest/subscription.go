package pushtest

import (
	"bufio"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// keyPairs is how many browsers there are: subscriptions share them, since a
// million key pairs would take longer to make than most tests run.
const keyPairs = 64

const (
	pathPrefix = "/fcm/send/"
	// tokenTail makes endpoints as long as Google's.
	tokenTail = ":APA91b"
	tailTimes = 18
)

// A Subscription is what a browser gives to its page.
type Subscription struct {
	Endpoint string
	// P256dh and Auth are in unpadded base64url, as PushSubscription.toJSON() has
	// them.
	P256dh, Auth string
}

// JSON is PushSubscription.toJSON().
func (s Subscription) JSON() []byte {
	text, err := json.Marshal(map[string]any{
		"endpoint": s.Endpoint, "expirationTime": nil, "keys": map[string]string{"p256dh": s.P256dh, "auth": s.Auth},
	})
	if err != nil {
		panic(err) // of texts
	}
	return text
}

// Subscription is the one with a number, counted from 0; there is no last one. It
// is the same each time. Its endpoint is about as long as those of browsers.
func (s *Service) Subscription(number int) Subscription {
	b := &s.browsers[number%keyPairs]
	return Subscription{Endpoint: "https://" + s.options.Name + pathPrefix + token(number), P256dh: b.p256dh, Auth: b.authText}
}

// WriteSubscriptions writes the first n subscriptions as NDJSON, in the form of
// JSON: what pushkit subscriptions import reads.
func (s *Service) WriteSubscriptions(w io.Writer, n int) error {
	buffer := bufio.NewWriter(w)
	for number := range n {
		buffer.Write(s.Subscription(number).JSON())
		buffer.WriteByte('\n')
	}
	return buffer.Flush()
}

// token is a subscription's: its number, and what makes it long.
func token(number int) string {
	return fmt.Sprintf("%022d", number) + tokenTail + strings.Repeat(fmt.Sprintf("%07d", number%10_000_000), tailTimes)
}

// numberOf is the subscription of a token.
func numberOf(text string) (number int, ok bool) {
	digits, _, _ := strings.Cut(text, tokenTail)
	number, err := strconv.Atoi(digits)
	return number, err == nil && number >= 0 && token(number) == text
}

// A browser holds the keys of subscriptions.
type browser struct {
	private          *ecdh.PrivateKey
	auth             []byte
	p256dh, authText string
}

func makeBrowsers() ([]browser, error) {
	browsers := make([]browser, keyPairs)
	for i := range browsers {
		private, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		auth := make([]byte, 16)
		rand.Read(auth)
		browsers[i] = browser{
			private, auth, base64.RawURLEncoding.EncodeToString(private.PublicKey().Bytes()), base64.RawURLEncoding.EncodeToString(auth),
		}
	}
	return browsers, nil
}
