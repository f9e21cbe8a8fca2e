package push

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/pushkit/pushkit/server/wire"
)

// A Localized is a message's payload in one language.
type Localized struct {
	// Language is the tag in lower case.
	Language string
	Payload  Payload
}

// localize makes the payloads in other languages.
func (m *Message) localize(r wire.MessageRequest, closings []wire.Closing, base *url.URL) (warnings []string, err error) {
	if len(r.Localized) > wire.MaxLocalized {
		return nil, invalid("localized", "has %d languages, at most %d are allowed", len(r.Localized), wire.MaxLocalized)
	}
	total := 0
	for _, tag := range slices.Sorted(maps.Keys(r.Localized)) {
		field := "localized." + tag
		if !isLanguageTag(tag) {
			return nil, invalid("localized", "has a name that is not a language tag such as de or pt-BR (BCP 47)")
		}
		language := strings.ToLower(tag)
		if m.inLanguage(language) != nil {
			return nil, invalid(field, "is there twice: language tags have no case")
		}
		payload, warned, err := parsePayload(field, overridden(r.Notification, tag, r.Localized[tag]), closings, r, base)
		if err != nil {
			return nil, err
		}
		if total += payload.Size(); total > wire.MaxLocalizedBytes {
			return nil, &Error{Code: wire.MessageTooLarge, Field: "localized",
				Detail: fmt.Sprintf("makes more than %d bytes of payloads: leave out what is as in the notification's own language, or send several messages.", wire.MaxLocalizedBytes)}
		}
		for _, warning := range warned {
			warnings = append(warnings, tag+": "+warning)
		}
		m.Localized = append(m.Localized, Localized{language, payload})
	}
	return warnings, nil
}

// overridden is a notification with what it says in another language.
func overridden(n wire.Notification, tag string, by wire.LocalizedNotification) wire.Notification {
	n.Lang = tag
	for _, member := range []struct {
		to *string
		by string
	}{
		{&n.Title, by.Title}, {&n.Body, by.Body}, {&n.Navigate, by.Navigate}, {&n.Icon, by.Icon}, {&n.Image, by.Image},
		{&n.Badge, by.Badge}, {&n.Dir, by.Dir},
	} {
		if member.by != "" {
			*member.to = member.by
		}
	}
	if by.Actions != nil {
		n.Actions = by.Actions
	}
	if by.Data != nil {
		n.Data = by.Data
	}
	return n
}

// isLanguageTag says whether a text has the form of one: subtags of up to 8 letters
// and digits, the first of letters (RFC 5646 section 2.1).
func isLanguageTag(tag string) bool {
	if len(tag) > wire.MaxLocaleLength {
		return false
	}
	first := true
	for subtag := range strings.SplitSeq(tag, "-") {
		if len(subtag) == 0 || len(subtag) > 8 {
			return false
		}
		for _, c := range []byte(subtag) {
			if !isLetter(c) && (first || c < '0' || c > '9') {
				return false
			}
		}
		first = false
	}
	return true
}

// PayloadFor is the payload for a subscription's locale: that of its longest prefix
// of which there is one (RFC 4647 section 3.4, lookup), else the message's own. Some
// programs write a locale with underscores.
func (m *Message) PayloadFor(locale string) *Payload {
	for tag := strings.ReplaceAll(strings.ToLower(locale), "_", "-"); tag != ""; tag = lessSpecific(tag) {
		if payload := m.inLanguage(tag); payload != nil {
			return payload
		}
	}
	return &m.Payload
}

// lessSpecific is a tag without its last subtag, nor single letters before that, which
// only introduce it.
func lessSpecific(tag string) string {
	for {
		end := strings.LastIndexByte(tag, '-')
		if end < 0 {
			return ""
		}
		if tag = tag[:end]; len(tag)-strings.LastIndexByte(tag, '-') > 2 {
			return tag
		}
	}
}

func (m *Message) inLanguage(language string) *Payload {
	for i := range m.Localized {
		if m.Localized[i].Language == language {
			return &m.Localized[i].Payload
		}
	}
	return nil
}

// PayloadsSize is how long the message's payloads are together, in bytes.
func (m *Message) PayloadsSize() int {
	size := m.Payload.Size()
	for _, l := range m.Localized {
		size += l.Payload.Size()
	}
	return size
}

// hasPlaceholders says whether the message says something else to each user.
func (m *Message) hasPlaceholders() bool {
	return len(m.Payload.fields) > 0 || slices.ContainsFunc(m.Localized, func(l Localized) bool { return len(l.Payload.fields) > 0 })
}

// storedContent is the form in which a store keeps what of a message differs from
// one recipient to the next.
type storedContent struct {
	Fields    []Field         `json:"fields,omitempty"`
	Localized []storedPayload `json:"localized,omitempty"`
}

type storedPayload struct {
	Language string  `json:"language"`
	Template string  `json:"template"`
	Fields   []Field `json:"fields,omitempty"`
}

// Content is what a store keeps beside [Payload.Template], for [Message.Restore]:
// JSON, or nothing where everybody gets the same.
func (m *Message) Content() (string, error) {
	if len(m.Localized) == 0 && len(m.Payload.Fields()) == 0 {
		return "", nil
	}
	content := storedContent{Fields: m.Payload.Fields()}
	for _, l := range m.Localized {
		content.Localized = append(content.Localized, storedPayload{l.Language, string(l.Payload.Template()), l.Payload.Fields()})
	}
	encoded, err := json.Marshal(content)
	return string(encoded), err
}

// restorePayloads reads the payloads from what Template and Content returned.
func (m *Message) restorePayloads(template []byte, text string) (err error) {
	var content storedContent
	if text != "" {
		if err := json.Unmarshal([]byte(text), &content); err != nil {
			return err
		}
	}
	if m.Payload, err = ParsePayload(template, content.Fields); err != nil {
		return err
	}
	for _, stored := range content.Localized {
		payload, err := ParsePayload([]byte(stored.Template), stored.Fields)
		if err != nil {
			return err
		}
		m.Localized = append(m.Localized, Localized{stored.Language, payload})
	}
	return nil
}
