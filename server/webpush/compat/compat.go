// Package compat has the names of github.com/SherClockHolmes/webpush-go 1.4 and
// sends with package webpush: a program moves over by changing its import.
//
//	import webpush "github.com/pushkit/pushkit/server/webpush/compat"
//
// What differs: a subscription's keys are checked before anything is sent; bodies
// are padded to one of a few lengths instead of to RecordSize; VAPID tokens are
// reused, and VapidExpiration is not looked at; a topic may be any text, of which
// the push service gets a hash; and without an HTTPClient only the browser
// vendors' push services are called, over connections that are kept.
package compat

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	webpushgo "github.com/SherClockHolmes/webpush-go"

	"github.com/pushkit/pushkit/server/webpush"
)

// The types of webpush-go.
type (
	// HTTPClient sends a request. It must follow no redirect.
	HTTPClient = webpushgo.HTTPClient
	// Options say how a message is sent; TTL is in seconds, and 0 means now or
	// never.
	Options = webpushgo.Options
	// Keys are a subscription's, in base64 or base64url, padded or not.
	Keys = webpushgo.Keys
	// Subscription is what PushSubscription.toJSON() gives.
	Subscription = webpushgo.Subscription
	// Urgency is the value of the Urgency header (RFC 8030 section 5.3).
	Urgency = webpushgo.Urgency
)

// The urgencies, from the least.
const (
	UrgencyVeryLow = webpushgo.UrgencyVeryLow
	UrgencyLow     = webpushgo.UrgencyLow
	UrgencyNormal  = webpushgo.UrgencyNormal
	UrgencyHigh    = webpushgo.UrgencyHigh
)

// MaxRecordSize is the largest body that every push service takes, in bytes.
const MaxRecordSize = webpushgo.MaxRecordSize

// ErrMaxPadExceeded is returned for a message that is too long.
var ErrMaxPadExceeded = webpushgo.ErrMaxPadExceeded

// GenerateVAPIDKeys makes a key pair: the scalar of 32 bytes and the uncompressed
// point of 65, in base64url.
func GenerateVAPIDKeys() (privateKey, publicKey string, err error) {
	key, err := webpush.GenerateVAPIDKey()
	if err != nil {
		return "", "", err
	}
	return base64.RawURLEncoding.EncodeToString(key.Private()), key.Public(), nil
}

// SendNotification is [SendNotificationWithContext] without a context.
func SendNotification(message []byte, s *Subscription, options *Options) (*http.Response, error) {
	return SendNotificationWithContext(context.Background(), message, s, options)
}

// SendNotificationWithContext encrypts, signs and posts a message. The answer's
// body, which the caller closes, holds the push service's own words. An error
// says that there is no answer.
func SendNotificationWithContext(ctx context.Context, message []byte, s *Subscription, options *Options) (*http.Response, error) {
	parsed, err := webpush.ParseSubscription(*s)
	if err != nil {
		return nil, err
	}
	key, err := keyOf(options.VAPIDPrivateKey)
	if err != nil {
		return nil, err
	}
	if options.VAPIDPublicKey != "" && unpadded(options.VAPIDPublicKey) != key.Public() {
		return nil, errors.New("the VAPID public key does not belong to the private one")
	}
	m := webpush.Message{
		Subscription: parsed, Payload: message, TTL: webpush.KeepFor(time.Duration(options.TTL) * time.Second),
		Urgency: options.Urgency, Topic: options.Topic, Key: key,
	}
	switch m.Urgency {
	case "", UrgencyVeryLow, UrgencyLow, UrgencyNormal, UrgencyHigh:
	default:
		m.Urgency = "" // as webpush-go leaves it out
	}
	client := clientOf(options.Subscriber)
	if options.HTTPClient == nil {
		return response(client.Send(ctx, m))
	}
	request, err := client.NewRequest(ctx, m)
	if err != nil {
		return nil, padError(err)
	}
	return options.HTTPClient.Do(request)
}

// padError gives a message that is too long the error that it has there.
func padError(err error) error {
	if tooLarge := (*webpush.TooLargeError)(nil); errors.As(err, &tooLarge) {
		return fmt.Errorf("%w: %w", ErrMaxPadExceeded, err)
	}
	return err
}

// response makes an answer of a result.
func response(r webpush.Result) (*http.Response, error) {
	if r.Status == 0 {
		if r.Outcome == webpush.TooLarge {
			return nil, fmt.Errorf("%w: %s", ErrMaxPadExceeded, r.Reason)
		}
		return nil, errors.New(r.Reason)
	}
	header := http.Header{}
	if r.Location != "" {
		header.Set("Location", r.Location)
	}
	if r.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(r.RetryAfter/time.Second)))
	}
	return &http.Response{
		Status: strconv.Itoa(r.Status) + " " + http.StatusText(r.Status), StatusCode: r.Status, Proto: "HTTP/2.0", ProtoMajor: 2,
		Header: header, Body: io.NopCloser(strings.NewReader(r.Reason)), ContentLength: int64(len(r.Reason)),
	}, nil
}

var (
	clients sync.Map // by subscriber
	keys    sync.Map // by private key
)

func clientOf(subscriber string) *webpush.Client {
	if client, ok := clients.Load(subscriber); ok {
		return client.(*webpush.Client)
	}
	subject := subscriber
	if subject != "" && !strings.HasPrefix(subject, "https:") && !strings.HasPrefix(subject, "mailto:") {
		subject = "mailto:" + subject
	}
	client, _ := clients.LoadOrStore(subscriber, webpush.NewClient(webpush.Options{Subject: subject}))
	return client.(*webpush.Client)
}

func keyOf(private string) (webpush.VAPIDKey, error) {
	if key, ok := keys.Load(private); ok {
		return key.(webpush.VAPIDKey), nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(unpadded(private))
	if err != nil {
		return webpush.VAPIDKey{}, errors.New("the VAPID private key is not base64")
	}
	key, err := webpush.NewVAPIDKey(raw)
	if err == nil {
		keys.Store(private, key)
	}
	return key, err
}

// unpadded makes unpadded base64url of any base64.
func unpadded(text string) string {
	return strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
}
