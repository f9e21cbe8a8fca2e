package push

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// A Message is what an application sends, once.
type Message struct {
	ID        ID
	CreatedAt time.Time
	// DueAt is when it is to be sent, or first is where the Schedule says more; the
	// TTL counts from a delivery's Timing.
	DueAt    time.Time
	Schedule Schedule
	TTL      time.Duration
	Urgency  webpush.Urgency
	Topic    string
	Audience Audience
	Payload  Payload
	// Localized are the payloads in other languages, in the order of their tags.
	Localized []Localized
	// Cancelled says that it was, when a store read it.
	Cancelled bool
}

// An Audience says whom a message is for. Exactly one member is set, and NoChannels
// may be beside All, Channels and AllChannels.
type Audience struct {
	All bool
	// Channels: whoever has any of these. AllChannels: whoever has each of these.
	Channels    []string
	AllChannels []string `json:",omitempty"`
	// NoChannels leaves out whoever has any of these.
	NoChannels    []string `json:",omitempty"`
	Users         []string
	Subscriptions []ID
	// Test says that whoever has the subscription asked for the message, and not the
	// site: what becomes of it is theirs to choose.
	Test bool `json:",omitempty"`
}

// Small says whether the audience names people, so that it can be read while
// the message is accepted.
func (a Audience) Small() bool { return len(a.Users) > 0 || len(a.Subscriptions) > 0 }

// Sole is the one user or the one subscription that the audience names, if it names no
// more.
func (a Audience) Sole() (user string, subscription ID) {
	switch {
	case len(a.Users) == 1:
		user = a.Users[0]
	case len(a.Subscriptions) == 1:
		subscription = a.Subscriptions[0]
	}
	return user, subscription
}

// Walked are the channels along which a store reads a large audience: who has any of
// them. Where there are none, it reads along all subscriptions.
func (a Audience) Walked() []string {
	if len(a.AllChannels) > 0 {
		return a.AllChannels[:1]
	}
	return a.Channels
}

// Required are the channels that whoever is met on the way must have as well.
func (a Audience) Required() []string {
	if len(a.AllChannels) > 0 {
		return a.AllChannels[1:]
	}
	return nil
}

// Chosen says that not all who are met on the way are of the audience.
func (a Audience) Chosen() bool { return len(a.Required()) > 0 || len(a.NoChannels) > 0 }

// Counts say what became of a message; see [wire.MessageCounts].
type Counts = wire.MessageCounts

// A MessageStatus is a message's state as a store knows it.
type MessageStatus struct {
	ID            ID `json:"-"`
	State         string
	CreatedAt     time.Time
	DueAt         time.Time
	TargetedFinal bool
	Counts        Counts
	// Title is the notification's, for whoever has no attributes.
	Title    string
	Audience Audience
	Schedule Schedule
	// Warnings are those of [CreateOptions], in the answer to the request that had
	// them.
	Warnings []string `json:",omitempty"`
}

// Response is the form in which the state is shown.
func (s MessageStatus) Response() wire.MessageResponse {
	r := wire.MessageResponse{
		ID: s.ID.String(), State: s.State, CreatedAt: FormatTime(s.CreatedAt), DueAt: FormatTime(s.DueAt),
		Title: s.Title, Audience: s.Audience.info(), Spread: int64(s.Schedule.Spread / time.Second),
		Counts: s.Counts, TargetedFinal: s.TargetedFinal, Warnings: s.Warnings,
	}
	if !s.Schedule.Local.IsZero() {
		r.Local = s.Schedule.Local.Format(localTime)
	}
	return r
}

// localTime is RFC 3339 without the zone.
const localTime = "2006-01-02T15:04:05"

func (a Audience) info() wire.AudienceInfo {
	return wire.AudienceInfo{
		All: a.All, Channels: a.Channels, AllChannels: a.AllChannels, NoChannels: a.NoChannels, Users: len(a.Users), Subscriptions: len(a.Subscriptions),
	}
}

// Restore reads what tells one message from another for a person, from the forms in
// which a store keeps it; see [Message.Restore].
func (s *MessageStatus) Restore(audience, schedule, template []byte, content string) error {
	m := Message{ID: s.ID}
	if err := m.Restore(audience, schedule, template, content); err != nil {
		return err
	}
	s.Audience, s.Schedule, s.Title = m.Audience, m.Schedule, m.Payload.title()
	return nil
}

// FormatTime is the form in which times are shown.
func FormatTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// firefoxAndroidLimit is the largest plaintext in bytes that Firefox on Android
// receives: its messages travel in base64 within another service's 4096 bytes.
const firefoxAndroidLimit = 2744

// ParseMessage checks an application's request. base is the URL that relative
// ones are resolved against and that navigate defaults to; hours are the site's.
// The warnings name what some browser will not honour.
func ParseMessage(r wire.MessageRequest, base *url.URL, hours Hours, now time.Time) (m *Message, warnings []string, err error) {
	m = &Message{ID: NewID(), CreatedAt: now, Urgency: webpush.Urgency(r.Urgency), Topic: r.Topic}
	if m.Audience, err = parseAudience(r.Audience); err != nil {
		return nil, nil, err
	}
	ttl := int64(wire.DefaultTTL)
	if r.TTL != nil {
		ttl = *r.TTL
	}
	if ttl < 0 || ttl > wire.MaxTTL {
		return nil, nil, invalid("ttl", "is not between 0 and %d seconds", wire.MaxTTL)
	}
	m.TTL = time.Duration(ttl) * time.Second
	switch m.Urgency {
	case "", webpush.UrgencyVeryLow, webpush.UrgencyLow, webpush.UrgencyNormal, webpush.UrgencyHigh:
	default:
		return nil, nil, invalid("urgency", "is not very-low, low, normal or high")
	}
	if err := checkText("topic", r.Topic, wire.MaxTopicLength); err != nil {
		return nil, nil, err
	}
	if r.AppBadge != nil && *r.AppBadge > wire.MaxAppBadge {
		return nil, nil, invalid("appBadge", "is more than %d, beyond which Safari shows nothing of the message", wire.MaxAppBadge)
	}
	if err := m.schedule(r, hours, now); err != nil {
		return nil, nil, err
	}
	var closings []wire.Closing
	if r.Close != nil {
		tags, err := ParseTags("close", r.Close)
		if err != nil {
			return nil, nil, err
		}
		closings = closingsBefore(m.ID.Time(), tags)
	}
	if m.Payload, warnings, err = parsePayload("notification", r.Notification, closings, r, base); err != nil {
		return nil, nil, err
	}
	more, err := m.localize(r, closings, base)
	if err != nil {
		return nil, nil, err
	}
	if at, _, _ := parseSendAt(r.SendAt); !at.IsZero() && now.Sub(at) > warnPast {
		warnings = append(warnings, fmt.Sprintf("%s has passed: the message is due at once.", FormatTime(at)))
	}
	return m, append(warnings, more...), nil
}

// warnPast is how long ago a time to send at may be before it looks like a mistake.
const warnPast = time.Minute

// parsePayload makes the payload of a notification, which field names in errors, and of
// what it closes.
func parsePayload(field string, notification wire.Notification, closings []wire.Closing, r wire.MessageRequest, base *url.URL) (p Payload, warnings []string, err error) {
	masked := new(masking)
	n, err := parseNotification(field, notification, r.Topic, base, masked)
	if err != nil {
		return p, nil, err
	}
	if p, err = newPayload(field, n, r.AppBadge, closings, masked); err != nil {
		return p, nil, err
	}
	if size := p.Size(); webpush.EncryptedSize(size) > wire.MaxEncrypted {
		return p, nil, &Error{Code: wire.MessageTooLarge, Field: field,
			Detail: fmt.Sprintf("makes an encrypted message of %d bytes; push services take %d.", webpush.EncryptedSize(size), wire.MaxEncrypted)}
	} else if size > firefoxAndroidLimit {
		warnings = append(warnings, fmt.Sprintf("The message has %d bytes; Firefox on Android loses messages of more than %d.", size, firefoxAndroidLimit))
	}
	return p, warnings, nil
}

func parseAudience(r wire.Audience) (Audience, error) {
	a := Audience{All: r.All, Channels: r.Channels, NoChannels: r.NoChannels, Users: r.Users}
	set := 0
	for _, is := range []bool{r.All, r.Channels != nil, r.AllChannels != nil, r.Users != nil, r.Subscriptions != nil} {
		if is {
			set++
		}
	}
	if set != 1 {
		return Audience{}, invalid("audience", "must have exactly one of all, channels, allChannels, users and subscriptions")
	}
	if r.NoChannels != nil && (r.Users != nil || r.Subscriptions != nil) {
		return Audience{}, invalid("audience.noChannels", "goes with all, channels and allChannels, not with people who are named")
	}
	for _, list := range []struct {
		field string
		ids   []string
		most  int
	}{
		{"audience.channels", r.Channels, wire.MaxAudienceIDs}, {"audience.allChannels", r.AllChannels, wire.MaxChannels},
		{"audience.noChannels", r.NoChannels, wire.MaxChannels}, {"audience.users", r.Users, wire.MaxAudienceIDs},
		{"audience.subscriptions", r.Subscriptions, wire.MaxAudienceIDs},
	} {
		if list.ids != nil && (len(list.ids) == 0 || len(list.ids) > list.most) {
			return Audience{}, invalid(list.field, "must have between 1 and %d ids", list.most)
		}
	}
	for _, list := range []struct {
		field    string
		channels []string
	}{{"audience.channels", r.Channels}, {"audience.allChannels", r.AllChannels}, {"audience.noChannels", r.NoChannels}} {
		for _, channel := range list.channels {
			if err := checkChannel(list.field, channel); err != nil {
				return Audience{}, err
			}
		}
	}
	a.AllChannels = distinct(r.AllChannels)
	for i, user := range r.Users {
		if user == "" || utf8.RuneCountInString(user) > maxUserID || strings.ContainsFunc(user, isControl) {
			return Audience{}, invalid("audience.users"+indexed(i, ""), "is empty, longer than %d characters, or has a control character", maxUserID)
		}
	}
	for i, text := range r.Subscriptions {
		id, ok := ParseID(text)
		if !ok {
			return Audience{}, invalid("audience.subscriptions"+indexed(i, ""), "is not a subscription's id")
		}
		a.Subscriptions = append(a.Subscriptions, id)
	}
	return a, nil
}

// distinct is names in their order, each once.
func distinct(names []string) (once []string) {
	for _, name := range names {
		if !slices.Contains(once, name) {
			once = append(once, name)
		}
	}
	return once
}

// parseNotification checks a notification, whose place in the request is at. Its
// placeholders are masked in what it returns.
func parseNotification(at string, n wire.Notification, topic string, base *url.URL, masked *masking) (wire.PayloadNotification, error) {
	out := wire.PayloadNotification{
		Tag: n.Tag, Lang: n.Lang, Dir: n.Dir,
		RequireInteraction: n.RequireInteraction, Renotify: n.Renotify, Silent: n.Silent,
		Data: wire.PayloadData{Data: n.Data},
	}
	if strings.TrimSpace(n.Title) == "" {
		return out, invalid(at+".title", "is missing")
	}
	var title string
	var err error
	if out.Title, title, err = masked.text(at+".title", n.Title, false); err != nil {
		return out, err
	}
	if strings.TrimSpace(title) == "" {
		return out, invalid(at+".title", "says nothing to whoever has no such attribute: give a placeholder a default, {{name|there}}")
	}
	if out.Body, _, err = masked.text(at+".body", n.Body, false); err != nil {
		return out, err
	}
	switch n.Dir {
	case "", "auto", "ltr", "rtl":
	default:
		return out, invalid(at+".dir", "is not auto, ltr or rtl")
	}
	if n.Renotify && n.Tag == "" && topic == "" {
		return out, invalid(at+".renotify", "needs a tag: browsers refuse one without")
	}
	if n.Renotify && n.Silent {
		return out, invalid(at+".renotify", "contradicts silent")
	}
	if n.Tag == "" && topic != "" {
		// A topic replaces what waits at the push service, a tag what is shown.
		out.Tag = topic
	}
	resolve := func(field, text string) string {
		absolute, e := resolveURL(base, text)
		if e != nil && err == nil {
			err = invalid(field, "%s", e)
		}
		return absolute
	}
	// Where a click leads may hold placeholders, beyond the host.
	lead := func(field, text string) string {
		text, _, e := masked.text(field, text, true)
		absolute := resolve(field, text)
		if e == nil && masked.inHost(absolute) {
			e = invalid(field, "has a placeholder in its host")
		}
		if e != nil {
			err = e
		}
		return absolute
	}
	out.Navigate = lead(at+".navigate", n.Navigate)
	if n.Navigate == "" {
		out.Navigate = base.String()
	}
	out.Icon = resolve(at+".icon", n.Icon)
	out.Image = resolve(at+".image", n.Image)
	out.Badge = resolve(at+".badge", n.Badge)
	if len(n.Actions) > wire.MaxActions {
		return out, invalid(at+".actions", "has %d, at most %d are allowed", len(n.Actions), wire.MaxActions)
	}
	for i, action := range n.Actions {
		at := at + ".actions" + indexed(i, "")
		if action.Action == "" || action.Title == "" {
			return out, invalid(at, "needs an action and a title")
		}
		title, byDefault, e := masked.text(at+".title", action.Title, false)
		if e != nil {
			return out, e
		}
		if strings.TrimSpace(byDefault) == "" {
			return out, invalid(at+".title", "says nothing to whoever has no such attribute: give a placeholder a default")
		}
		navigate := out.Navigate
		if action.Navigate != "" {
			navigate = lead(at+".navigate", action.Navigate)
		}
		out.Actions = append(out.Actions, wire.PayloadAction{
			Action: action.Action, Title: title, Navigate: navigate, Icon: resolve(at+".icon", action.Icon),
		})
	}
	return out, err
}

// resolveURL makes text absolute against base. An empty text stays empty:
// the member is absent.
func resolveURL(base *url.URL, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := base.Parse(text)
	if err != nil {
		return "", fmt.Errorf("is not a URL")
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return "", fmt.Errorf("is not an http or https URL")
	}
	// What browsers refuse and Go takes: it would void the whole notification.
	if !isHost(u.Hostname()) {
		return "", fmt.Errorf("has no valid host")
	}
	if port := u.Port(); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return "", fmt.Errorf("has no valid port")
		}
	}
	return u.String(), nil
}

// hosts maps names as browsers do (URL Standard, "domain to ASCII"): hyphens may stand
// anywhere.
var hosts = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false))

// isHost says whether browsers take a host: an address of IPv6, a name that can be
// written in ASCII, or one that ends in a number and is an address of IPv4 (URL
// Standard, "host parser").
func isHost(host string) bool {
	if strings.Contains(host, ":") {
		_, err := netip.ParseAddr(host)
		return err == nil
	}
	ascii, err := hosts.ToASCII(host)
	if err != nil || ascii == "" || strings.ContainsAny(ascii, " #%/<>?@[\\]^|\"`{}") || strings.ContainsFunc(ascii, isControl) {
		return false
	}
	ascii = strings.TrimSuffix(ascii, ".")
	last := ascii[strings.LastIndexByte(ascii, '.')+1:]
	_, err = strconv.ParseUint(last, 0, 64)
	isNumber := err == nil || errors.Is(err, strconv.ErrRange) || last != "" && strings.Trim(last, "0123456789") == "" || last == "0x"
	if !isNumber {
		return ascii != ""
	}
	address, err := netip.ParseAddr(ascii)
	return err == nil && address.Is4()
}

// indexed writes the path of member name of element i.
func indexed(i int, name string) string {
	path := "[" + strconv.Itoa(i) + "]"
	if name != "" {
		path += "." + name
	}
	return path
}
