// Command webpush-go is an application server in the tests of the emulator: it
// sends with github.com/SherClockHolmes/webpush-go what it reads from its
// standard input, and prints the status of the answer.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"

	webpush "github.com/SherClockHolmes/webpush-go"
)

// push is one message, and who sends it how.
type push struct {
	Subscription webpush.Subscription `json:"subscription"`
	Text         string               `json:"text"`
	PublicKey    string               `json:"publicKey"`
	PrivateKey   string               `json:"privateKey"`
	// Emulator is its URL, to which every request goes.
	Emulator string `json:"emulator"`
}

func main() {
	status, err := send()
	if err != nil {
		fmt.Fprintln(os.Stderr, "webpush-go:", err)
		os.Exit(1)
	}
	fmt.Println(status)
}

func send() (status int, err error) {
	var p push
	if err := json.NewDecoder(os.Stdin).Decode(&p); err != nil {
		return 0, fmt.Errorf("the input: %w", err)
	}
	emulator, err := url.Parse(p.Emulator)
	if err != nil {
		return 0, fmt.Errorf("the emulator's URL: %w", err)
	}
	response, err := webpush.SendNotification([]byte(p.Text), &p.Subscription, &webpush.Options{
		Subscriber: "push@example.com", VAPIDPublicKey: p.PublicKey, VAPIDPrivateKey: p.PrivateKey, TTL: 60,
		HTTPClient: route{emulator},
	})
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// route sends every request to the emulator. The Host header stays the
// endpoint's, which is Google's for a Chromium.
type route struct{ emulator *url.URL }

// Do makes a request.
func (to route) Do(r *http.Request) (*http.Response, error) {
	r.Host = r.URL.Host
	r.URL.Scheme, r.URL.Host = to.emulator.Scheme, to.emulator.Host
	return http.DefaultClient.Do(r)
}
