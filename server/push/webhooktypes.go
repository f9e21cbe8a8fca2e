package push

import (
	"strings"

	"github.com/pushkit/pushkit/server/wire"
)

// WebhookTypes is a set of types of events, stored as a number.
type WebhookTypes int32

// The types of events. TypeTest is sent where an operator asks for it.
const (
	TypeMessageSent WebhookTypes = 1 << iota
	TypeSubscriptionCreated
	TypeSubscriptionGone
	TypeNotificationClicked
	TypeTest WebhookTypes = 0
)

// webhookTypes are the names of the types that a webhook may want.
var webhookTypes = []struct {
	kind WebhookTypes
	name string
}{
	{TypeMessageSent, wire.WebhookMessageSent},
	{TypeSubscriptionCreated, wire.WebhookSubscriptionCreated},
	{TypeSubscriptionGone, wire.WebhookSubscriptionGone},
	{TypeNotificationClicked, wire.WebhookNotificationClicked},
}

// ParseWebhookTypes reads the names of types, at least one.
func ParseWebhookTypes(field string, names []string) (set WebhookTypes, err error) {
	for _, name := range names {
		kind := WebhookTypes(0)
		for _, t := range webhookTypes {
			if t.name == name {
				kind = t.kind
			}
		}
		if kind == 0 {
			return 0, invalid(field, "has %.50q, which is no type of event: there are %s", name, strings.Join(AllWebhookTypes(), ", "))
		}
		set |= kind
	}
	if set == 0 {
		return 0, invalid(field, "names no type of event: there are %s", strings.Join(AllWebhookTypes(), ", "))
	}
	return set, nil
}

// AllWebhookTypes are the names of all types that a webhook may want.
func AllWebhookTypes() []string { return (^WebhookTypes(0)).names() }

// Names are the types of the set as texts.
func (s WebhookTypes) Names() []string {
	if s == TypeTest {
		return []string{wire.WebhookTest}
	}
	return s.names()
}

func (s WebhookTypes) names() (names []string) {
	for _, t := range webhookTypes {
		if s&t.kind != 0 {
			names = append(names, t.name)
		}
	}
	return names
}

// String is the name of a type.
func (s WebhookTypes) String() string { return strings.Join(s.Names(), " ") }

// Has says whether the set has a type.
func (s WebhookTypes) Has(kind WebhookTypes) bool { return s&kind != 0 }
