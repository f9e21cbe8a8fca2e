package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/pushkit/pushkit/server/webpush/pushtest"
)

const (
	caFile            = "ca.pem"
	subscriptionsFile = "subscriptions.json"
	// decryptEvery is of how many messages the service reads one.
	decryptEvery = 64
	// subscriptions is how many senders send to, one after the other.
	subscriptions = 1000
)

// serve runs a push service until its standard input ends. It puts what senders
// need into folder, prints its address, and at the end what it saw.
func serve(folder string, latency time.Duration) error {
	s, err := pushtest.Start(pushtest.Options{DecryptEvery: decryptEvery, Latency: latency})
	if err != nil {
		return err
	}
	defer s.Close()
	list := make([]pushtest.Subscription, subscriptions)
	for i := range list {
		list[i] = s.Subscription(i)
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	if err := errors.Join(s.WriteCertificate(filepath.Join(folder, caFile)), os.WriteFile(filepath.Join(folder, subscriptionsFile), text, 0o600)); err != nil {
		return err
	}
	fmt.Println(s.Address())
	io.Copy(io.Discard, os.Stdin)
	counts := s.Counts()
	switch {
	case s.Err() != nil:
		return fmt.Errorf("the service refused %d messages: %w", counts.Refused, s.Err())
	case counts.Accepted > decryptEvery && counts.Decrypted == 0:
		return fmt.Errorf("the service read none of %d messages", counts.Accepted)
	}
	return nil
}
