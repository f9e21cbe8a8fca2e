package webpush

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pushkit/pushkit/server/webpush/vendors"
)

// An Outcome says what a push service's answer means.
type Outcome = vendors.Kind

// The outcomes. Only Gone says that the subscription has ended.
const (
	// Accepted: the push service has the message (200, 201, 202).
	Accepted = vendors.Accepted
	// Gone: the subscription has ended (404, 410).
	Gone = vendors.Gone
	// TooLarge: the push service takes no body of this size (413).
	TooLarge = vendors.TooLarge
	// RateLimited: wait and try again (429, Microsoft's 406).
	RateLimited = vendors.RateLimited
	// KeyMismatch: the subscription was made with another application server key
	// (400, 401, 403 with the vendor's word for it). It lives, and the browser can
	// mend it.
	KeyMismatch = vendors.KeyMismatch
	// Refused: the push service does not take this request (400, 401, 403 and
	// other answers that a repetition would not change), or it was not sent
	// since it could not be valid.
	Refused = vendors.Refused
	// Unavailable: nobody knows; try again (408, 5xx, no answer).
	Unavailable = vendors.Unavailable
)

// A Result is what became of one message.
type Result struct {
	Outcome Outcome
	// Status is the HTTP status, 0 where there was no answer.
	Status int
	// Reason is the push service's own words, or the network's; at most 500
	// bytes. It never holds the endpoint, which is a secret of the subscriber.
	Reason string
	// Meaning and Advice are for a person, a sentence or two each: what it means,
	// and what to do. Empty where the message was accepted.
	Meaning, Advice string
	// RetryAfter is how long the push service asks to wait, 0 where it does
	// not say.
	RetryAfter time.Duration
	// Held says that nothing was sent: after many failures in a row the push
	// service is left alone for RetryAfter.
	Held bool
	// Location is the message's URL at the push service (RFC 8030 section 5).
	Location string
}

// Retriable says whether trying again later may help.
func (r Result) Retriable() bool { return r.Outcome == RateLimited || r.Outcome == Unavailable }

func refusedBeforeSending(err error) Result {
	result := Result{
		Outcome: Refused, Reason: err.Error(),
		Meaning: "The message was not sent, since no push service would take it.", Advice: "Mend what the reason names.",
	}
	var tooLarge *TooLargeError
	if errors.As(err, &tooLarge) {
		result.Outcome = TooLarge
	}
	return result
}

func unreachable(err error) Result {
	result := Result{
		Outcome: Unavailable, Reason: err.Error(),
		Meaning: "The push service could not be reached, or did not answer.",
		Advice:  "It is tried again by itself. If no push service can be reached, look at this server's DNS, firewall and proxy.",
	}
	if errors.Is(err, context.DeadlineExceeded) {
		result.Reason = "no answer in time"
	}
	return result
}

// classify says what an answer means. v is whose push service it is; nil: not
// one that is known. get reads a header.
func classify(v *vendors.Vendor, status int, get func(name string) string, body []byte, now time.Time) Result {
	r := Result{
		Status:     status,
		RetryAfter: parseRetryAfter(get("retry-after"), now),
		Location:   get("location"),
	}
	said := v.Explain(status, vendors.Word(status, get, body))
	r.Outcome, r.Meaning, r.Advice = said.Kind, said.Meaning, said.Advice
	if r.Outcome != Accepted {
		r.Reason = said.Word
	}
	return r
}

// Explained is a result of which Outcome, Status and Reason were kept, with Meaning
// and Advice. service is the push service's name; see [Services.Check].
func (r Result) Explained(service string) Result {
	said := refusedBeforeSending(errors.New(r.Reason))
	switch {
	case r.Status != 0:
		word := vendors.Named(service).Explain(r.Status, r.Reason)
		said.Meaning, said.Advice = word.Meaning, word.Advice
	case r.Retriable():
		said = unreachable(errors.New(r.Reason))
	}
	r.Meaning, r.Advice = said.Meaning, said.Advice
	return r
}

// withoutEndpoint takes the endpoint out of text from outside: some push
// services' error pages repeat the path that they were asked for.
func withoutEndpoint(text, endpoint string) string {
	_, secret, _ := strings.Cut(endpoint, "://")
	parts := strings.FieldsFunc(secret, func(r rune) bool { return strings.ContainsRune("/?&=", r) })
	for _, part := range parts[min(1, len(parts)):] {
		unescaped, err := url.QueryUnescape(part)
		// Shorter ones are the names of folders, not secrets.
		if len(part) < minSecretLength || err != nil {
			continue
		}
		text = strings.NewReplacer(part, "…", unescaped, "…").Replace(text)
	}
	return text
}

// minSecretLength is in characters: 16 of base64url are 96 bits.
const minSecretLength = 16

// clip makes text from outside safe to store and print: valid UTF-8 on one
// line, of at most 500 bytes.
func clip(text string) string {
	text = strings.ToValidUTF8(text, "")
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	if len(text) > 500 {
		text = text[:500]
		for !utf8.ValidString(text) {
			text = text[:len(text)-1]
		}
	}
	return text
}

// maxRetryAfter bounds what a push service may ask for.
const maxRetryAfter = 30 * 24 * time.Hour

// parseRetryAfter reads seconds or a date (RFC 9110 section 10.2.3); 0 for
// anything else.
func parseRetryAfter(value string, now time.Time) time.Duration {
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}
