package push

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// A Subscription is one browser that agreed to hear from a site.
type Subscription struct {
	ID ID
	// Service is the name of the push service; see [webpush.Services.Check].
	Service string
	webpush.Subscription
	// Key is the VAPID key that the browser subscribed with.
	Key        KeyID
	Channels   []string
	Locale     string
	TimeZone   string
	User       string
	CreatedAt  time.Time
	LastSeenAt time.Time
	// Failing is nil for one that does well, and where it is neither listed nor
	// looked up by its endpoint.
	Failing *Failing
	// Closings is how many wait for it, where it is looked up by its endpoint.
	Closings int64
}

// SeenEvery is how exactly it is kept when a browser was seen last: a visit that tells
// nothing new is not written again within that time.
const SeenEvery = time.Hour

// IsSeenAnew says whether it is to be written that the browser was seen now.
func (s *Subscription) IsSeenAnew(now time.Time) bool {
	return now.Sub(s.LastSeenAt) >= SeenEvery
}

// Info is the form in which a subscription is shown: without what is a secret of its
// subscriber.
func (s *Subscription) Info() wire.SubscriptionInfo {
	info := wire.SubscriptionInfo{
		ID: s.ID.String(), Channels: s.Channels, User: s.User, PushService: s.Service,
		Locale: s.Locale, TimeZone: s.TimeZone, State: "active",
		CreatedAt: FormatTime(s.CreatedAt), LastSeenAt: FormatTime(s.LastSeenAt),
	}
	if info.Channels == nil {
		info.Channels = []string{} // as JSON says it, and not null
	}
	if f := s.Failing; f != nil {
		info.FailingSince = FormatTime(f.Since)
		info.Failure = strings.TrimSpace(fmt.Sprint(f.Status, " ", f.Reason))
	}
	return info
}

// An EndpointHash is how endpoints are looked up: the first 16 bytes of their
// SHA-256.
type EndpointHash [16]byte

// HashEndpoint returns the hash of an endpoint.
func HashEndpoint(endpoint string) EndpointHash {
	hash := sha256.Sum256([]byte(endpoint))
	return EndpointHash(hash[:16])
}

// A Subscribe is a checked request to add or refresh a subscription.
type Subscribe struct {
	webpush.Subscription
	Service string
	// ApplicationServerKey is the public key the subscription was made with;
	// empty: the site's current one.
	ApplicationServerKey string
	// Channels replaces the channels unless it is nil.
	Channels       *[]string
	AddChannels    []string
	RemoveChannels []string
	Locale         string
	TimeZone       string
	// User is the user's id as the site's back end has signed it; empty:
	// unchanged.
	User string
	// Replaces is the endpoint that this subscription follows; empty: none.
	Replaces string
}

// Apply returns the channels that a subscription has after this request, in
// order and without repetition.
func (s *Subscribe) Apply(channels []string) ([]string, error) {
	if s.Channels != nil {
		channels = *s.Channels
	}
	channels = append(slices.Clone(channels), s.AddChannels...)
	slices.Sort(channels)
	channels = slices.Compact(channels)
	channels = slices.DeleteFunc(channels, func(c string) bool { return slices.Contains(s.RemoveChannels, c) })
	if len(channels) > wire.MaxChannels {
		return nil, invalid("channels", "has %d names, at most %d are allowed", len(channels), wire.MaxChannels)
	}
	return channels, nil
}

// ParseSubscribe checks a browser's request. services says which push services
// may be used.
func ParseSubscribe(r wire.SubscribeRequest, services *webpush.Services) (*Subscribe, error) {
	service, err := CheckEndpoint("endpoint", r.Endpoint, services)
	if err != nil {
		return nil, err
	}
	var json webpush.SubscriptionJSON
	json.Endpoint = r.Endpoint
	json.Keys.P256dh, json.Keys.Auth = r.Keys.P256dh, r.Keys.Auth
	parsed, err := webpush.ParseSubscription(json)
	if err != nil {
		return nil, invalidKey(err)
	}
	if r.ApplicationServerKey != "" {
		if err := webpush.CheckApplicationServerKey(r.ApplicationServerKey); err != nil {
			return nil, invalidKey(err)
		}
	}
	if r.Channels != nil {
		if err := checkChannels("channels", *r.Channels); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(checkChannels("addChannels", r.AddChannels), checkChannels("removeChannels", r.RemoveChannels)); err != nil {
		return nil, err
	}
	if err := checkText("locale", r.Locale, wire.MaxLocaleLength); err != nil {
		return nil, err
	}
	if err := checkTimeZone(r.TimeZone); err != nil {
		return nil, err
	}
	if len(r.Replaces) > wire.MaxEndpointLength {
		return nil, invalid("replaces", "is longer than %d bytes", wire.MaxEndpointLength)
	}
	return &Subscribe{
		Subscription:         parsed,
		Service:              service,
		ApplicationServerKey: r.ApplicationServerKey,
		Channels:             r.Channels,
		AddChannels:          r.AddChannels,
		RemoveChannels:       r.RemoveChannels,
		Locale:               r.Locale,
		TimeZone:             r.TimeZone,
		Replaces:             r.Replaces,
	}, nil
}

// CheckEndpoint refuses an endpoint that cannot be one of a known push service
// and returns the service's name.
func CheckEndpoint(field, endpoint string, services *webpush.Services) (service string, err error) {
	if endpoint == "" {
		return "", invalid(field, "is missing")
	}
	if len(endpoint) > wire.MaxEndpointLength {
		return "", invalid(field, "is longer than %d bytes", wire.MaxEndpointLength)
	}
	if u, err := url.Parse(endpoint); err == nil && u.Hostname() == wire.PermanentlyRemovedHost {
		return "", &Error{Code: wire.EndpointRemoved, Field: field,
			Detail: "is one that the browser gives for a moment after an unsubscribe: wait a second and subscribe again."}
	}
	service, err = services.Check(endpoint)
	if errors.Is(err, webpush.ErrServiceNotAllowed) {
		return "", &Error{Code: wire.PushServiceNotAllowed, Field: field,
			Detail: "belongs to no push service that this server knows: the operator can add it with --push-services."}
	}
	return service, invalidKey(err)
}

func checkChannels(field string, channels []string) error {
	if len(channels) > wire.MaxChannels {
		return invalid(field, "has %d names, at most %d are allowed", len(channels), wire.MaxChannels)
	}
	for _, channel := range channels {
		if err := checkChannel(field, channel); err != nil {
			return err
		}
	}
	return nil
}

func checkChannel(field, channel string) error {
	switch {
	case channel == "":
		return invalid(field, "has an empty name")
	case utf8.RuneCountInString(channel) > wire.MaxChannelLength:
		return invalid(field, "has a name of more than %d characters", wire.MaxChannelLength)
	case strings.ContainsFunc(channel, isControl):
		return invalid(field, "has a name with a control character")
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError }

func checkText(field, text string, limit int) error {
	switch {
	case len(text) > limit:
		return invalid(field, "is longer than %d bytes", limit)
	case strings.ContainsFunc(text, isControl):
		return invalid(field, "has a control character")
	}
	return nil
}

func checkTimeZone(name string) error {
	if err := checkText("timeZone", name, wire.MaxTimeZoneLength); err != nil {
		return err
	}
	if name == "Local" || strings.Contains(name, "..") {
		return invalid("timeZone", "is not an IANA time zone")
	}
	return nil
}
