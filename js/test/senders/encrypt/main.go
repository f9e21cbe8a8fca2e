// Command encrypt encrypts with package webpush what the tests of another decoder
// are to read: {subscription, texts} on its standard input, a body a line in
// base64 on its output.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"

	"github.com/pushkit/pushkit/server/webpush"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "encrypt:", err)
		os.Exit(1)
	}
}

func run() error {
	var input struct {
		Subscription webpush.SubscriptionJSON `json:"subscription"`
		Texts        []string                 `json:"texts"`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&input); err != nil {
		return err
	}
	s, err := webpush.ParseSubscription(input.Subscription)
	if err != nil {
		return err
	}
	for _, text := range input.Texts {
		body, err := webpush.Encrypt(s, []byte(text))
		if err != nil {
			return err
		}
		fmt.Println(base64.StdEncoding.EncodeToString(body))
	}
	return nil
}
