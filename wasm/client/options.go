package client

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/notification"
)

// Options say which server and worker a call is about, and what to tell the
// server. The zero value of a member that is not said to be required leaves the
// matter as it is.
type Options struct {
	// Server is the server's address without a slash at the end. Required.
	Server string `json:"server"`
	// ServiceWorker is the absolute URL of the worker's file, and Scope that of
	// the pages it is for; both on the page's origin. Required.
	ServiceWorker string `json:"serviceWorker"`
	Scope         string `json:"scope"`
	// ApplicationServerKey is the server's public key in base64url where the
	// page knows it; otherwise the server is asked.
	ApplicationServerKey string `json:"applicationServerKey"`
	// Channels replaces the subscription's channels; nil leaves them.
	Channels *[]string `json:"channels"`
	// AddChannels and RemoveChannels are what Change does to the channels that
	// Channels, or else the subscription, has.
	AddChannels    []string `json:"addChannels"`
	RemoveChannels []string `json:"removeChannels"`
	// Locale is a BCP 47 tag, TimeZone an IANA name.
	Locale   string `json:"locale"`
	TimeZone string `json:"timeZone"`
	// UserToken is a JWT by the site's back end that says whose this is.
	UserToken string `json:"userToken"`
}

// A Prompt says how the person is asked for permission. The zero value is for a
// call within a click that has awaited nothing yet.
type Prompt struct {
	// Answer returns the answer to a question that was put already; nil: the
	// client asks.
	Answer func(ctx dom.Context) (notification.Permission, error)
	// NoGesture says that the call did not come from a click or the like, in
	// which browsers ask.
	NoGesture bool
}

func (o *Options) validate() error {
	for _, required := range []struct{ name, value string }{
		{"server", o.Server}, {"serviceWorker", o.ServiceWorker}, {"scope", o.Scope},
	} {
		if required.value == "" {
			return invalid(required.name + " is missing")
		}
	}
	if o.ApplicationServerKey != "" {
		key, err := parseKey(o.ApplicationServerKey)
		if err != nil {
			return &Error{Code: wire.InvalidOption, Detail: "applicationServerKey", Err: err}
		}
		o.ApplicationServerKey = key
	}
	// The server would say so too, but only once the browser has subscribed.
	if o.Channels == nil {
		return nil
	}
	return checkChannels(*o.Channels)
}

// change makes Channels what they are to be for a subscription, nil where
// nothing was said of them.
func (o *Options) change(record *wire.Record) error {
	if o.AddChannels == nil && o.RemoveChannels == nil {
		return nil
	}
	channels := record.Channels
	for _, said := range []*[]string{record.WantedChannels, o.Channels} {
		if said != nil {
			channels = *said
		}
	}
	changed := []string{}
	for _, names := range [][]string{channels, o.AddChannels} {
		for _, name := range names {
			if !slices.Contains(changed, name) && !slices.Contains(o.RemoveChannels, name) {
				changed = append(changed, name)
			}
		}
	}
	o.Channels = &changed
	return checkChannels(changed)
}

// keep leaves what the server knows of the person as subscribe() named it: the
// browser's own must not replace it.
func (o *Options) keep(record *wire.Record) {
	if record.ID != "" && record.Server == o.Server {
		o.Locale, o.TimeZone = "", ""
	}
}

func checkChannels(channels []string) error {
	if len(channels) > wire.MaxChannels {
		return invalid("channels are more than " + strconv.Itoa(wire.MaxChannels))
	}
	for i, channel := range channels {
		if n := utf8.RuneCountInString(channel); n == 0 || n > wire.MaxChannelLength {
			return invalid("channels[" + strconv.Itoa(i) + "] must have 1 to " +
				strconv.Itoa(wire.MaxChannelLength) + " characters")
		}
	}
	return nil
}

func invalid(detail string) error {
	return &Error{Code: wire.InvalidOption, Detail: detail}
}

// parseKey returns an application server key, an uncompressed P-256 point (RFC
// 8292 section 3.2), in the one form that formatKey gives it, since it is
// compared with that. Whether the point is on the curve is for the browser to
// say.
func parseKey(text string) (string, error) {
	text = strings.TrimRight(text, "=")
	// 65 bytes, of which the first is 4, and two bits over, which are 0. Not
	// base64's decoder, which is 2 kB of the WebAssembly.
	ok := len(text) == 87 && text[0] == 'B' && text[1] >= 'A' && text[1] <= 'P' &&
		strings.IndexByte("AEIMQUYcgkosw048", text[86]) >= 0
	for _, r := range text {
		ok = ok && (r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	}
	if !ok {
		return "", &Error{Code: wire.Unexpected, Detail: "the application server key is not an uncompressed P-256 point in base64url"}
	}
	return text, nil
}

func formatKey(key []byte) string {
	return base64.RawURLEncoding.EncodeToString(key)
}
