package webpush

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// An Outcome says what a push service's answer means.
type Outcome string

// The outcomes. Only Gone says that the subscription has ended.
const (
	// Accepted: the push service has the message (200, 201, 202).
	Accepted Outcome = "accepted"
	// Gone: the subscription has ended (404, 410).
	Gone Outcome = "gone"
	// TooLarge: the push service takes no body of this size (413).
	TooLarge Outcome = "too-large"
	// RateLimited: wait and try again (429, Microsoft's 406).
	RateLimited Outcome = "rate-limited"
	// Refused: the push service does not take this request (400, 401, 403 and
	// other answers that a repetition would not change), or it was not sent
	// since it could not be valid.
	Refused Outcome = "refused"
	// Unavailable: nobody knows; try again (408, 5xx, no answer).
	Unavailable Outcome = "unavailable"
)

// A Result is what became of one message.
type Result struct {
	Outcome Outcome
	// Status is the HTTP status, 0 where there was no answer.
	Status int
	// Reason is the push service's own words, or the network's; at most 500
	// bytes. It never holds the endpoint, which is a secret of the subscriber.
	Reason string
	// RetryAfter is how long the push service asks to wait, 0 where it does
	// not say.
	RetryAfter time.Duration
	// Location is the message's URL at the push service (RFC 8030 section 5).
	Location string
}

// Retriable says whether trying again later may help.
func (r Result) Retriable() bool { return r.Outcome == RateLimited || r.Outcome == Unavailable }

func refusedBeforeSending(err error) Result {
	var tooLarge *TooLargeError
	if errors.As(err, &tooLarge) {
		return Result{Outcome: TooLarge, Reason: err.Error()}
	}
	return Result{Outcome: Refused, Reason: err.Error()}
}

func unreachable(err error) Result {
	if errors.Is(err, context.DeadlineExceeded) {
		return Result{Outcome: Unavailable, Reason: "no answer in time"}
	}
	return Result{Outcome: Unavailable, Reason: err.Error()}
}

func classify(response *http.Response, now time.Time) Result {
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	r := Result{
		Status:     response.StatusCode,
		RetryAfter: parseRetryAfter(response.Header.Get("Retry-After"), now),
		Location:   response.Header.Get("Location"),
	}
	switch status := response.StatusCode; {
	case status == 200 || status == 201 || status == 202:
		r.Outcome = Accepted
		return microsoftWord(r, cmp.Or(response.Header.Get("X-WNS-Status"), response.Header.Get("X-WNS-NotificationStatus")))
	case status == 404 || status == 410:
		r.Outcome = Gone
	case status == 413:
		r.Outcome = TooLarge
	case status == 406 || status == 429:
		r.Outcome = RateLimited
	case status == 408 || status >= 500:
		r.Outcome = Unavailable
	default:
		r.Outcome = Refused
	}
	r.Reason = reason(response, body)
	return r
}

// microsoftWord is what Microsoft's service made of a message that it answered
// with 200: it may have dropped it all the same.
func microsoftWord(r Result, status string) Result {
	switch strings.ToLower(status) {
	case "channelthrottled":
		r.Outcome, r.Reason = RateLimited, "X-WNS-Status channelthrottled"
	case "dropped":
		r.Outcome, r.Reason = Refused, "X-WNS-Status dropped"
	}
	return r
}

// reason finds the push service's own words: Apple's and Mozilla's JSON,
// Microsoft's headers, else the body's text.
func reason(response *http.Response, body []byte) string {
	var answer struct {
		Reason  string `json:"reason"`
		Message string `json:"message"`
		Errno   int    `json:"errno"`
	}
	if json.Unmarshal(body, &answer) == nil {
		if answer.Errno != 0 {
			return "errno " + strconv.Itoa(answer.Errno) + ": " + answer.Message
		}
		if text := cmp.Or(answer.Reason, answer.Message); text != "" {
			return text
		}
	}
	if text := response.Header.Get("X-WNS-ERROR-DESCRIPTION"); text != "" {
		return text
	}
	return cmp.Or(strings.TrimSpace(string(body)), http.StatusText(response.StatusCode))
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
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}
