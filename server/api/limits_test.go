package api_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/api/openapi"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// members are some of a body.
type members map[string]any

// sized are what to put into a good body so that the value at the place of a
// limit has a size, by that place.
var sized = map[string]func(n int) members{
	"subscribe.endpoint":         endpointOf,
	"subscribe.channels":         func(n int) members { return members{"channels": names(n)} },
	"subscribe.channels[]":       func(n int) members { return members{"channels": []string{long(n)}} },
	"subscribe.addChannels":      func(n int) members { return members{"channels": []string{}, "addChannels": names(n)} },
	"subscribe.addChannels[]":    func(n int) members { return members{"channels": []string{}, "addChannels": []string{long(n)}} },
	"subscribe.removeChannels":   func(n int) members { return members{"removeChannels": names(n)} },
	"subscribe.removeChannels[]": func(n int) members { return members{"removeChannels": []string{long(n)}} },
	"subscribe.locale":           func(n int) members { return members{"locale": long(n)} },
	"subscribe.timeZone":         func(n int) members { return members{"timeZone": long(n)} },
	"subscribe.replaces":         func(n int) members { return members{"replaces": long(n)} },
	"checkSubscription.endpoint": endpointOf,
	"takeClosings.endpoint":      endpointOf,
	"sendTest.endpoint":          endpointOf,

	"importSubscriptions.subscriptions": func(n int) members {
		return members{"subscriptions": slices.Repeat([]wire.ImportedSubscription{{Endpoint: someEndpoint}}, n)}
	},

	"removeSubscription.endpoint": func(n int) members { return members{"endpoint": long(n)} },
	"deleteSubscription.endpoint": func(n int) members { return members{"endpoint": long(n)} },

	"reportEvents": func(n int) members {
		event := wire.EventReport{Token: strings.Repeat("A", push.TokenLength), Type: wire.EventClicked}
		return members{"": slices.Repeat([]wire.EventReport{event}, n)}
	},

	"createWebhook.url": func(n int) members {
		return members{"url": "https://example.com/" + long(n-len("https://example.com/"))}
	},
	"createWebhook.types":       func(n int) members { return members{"types": slices.Repeat([]string{wire.WebhookMessageSent}, n)} },
	"closeNotifications.tags":   func(n int) members { return members{"tags": names(n)} },
	"closeNotifications.tags[]": func(n int) members { return members{"tags": []string{long(n)}} },
	"sendMessage.close":         func(n int) members { return members{"close": names(n)} },
	"sendMessage.close[]":       func(n int) members { return members{"close": []string{long(n)}} },
	"setUser.attributes":        func(n int) members { return members{"attributes": attributes(n)} },
	"setUser.attributes{}":      func(n int) members { return members{"attributes": map[string]string{"name": long(n)}} },

	"sendMessage.appBadge":                      func(n int) members { return members{"appBadge": n} },
	"sendMessage.ttl":                           func(n int) members { return members{"ttl": n} },
	"sendMessage.spread":                        func(n int) members { return members{"spread": n} },
	"sendMessage.topic":                         func(n int) members { return members{"topic": long(n)} },
	"sendMessage.audience":                      func(n int) members { return members{"audience": json.RawMessage(audiences[n])} },
	"sendMessage.audience.channels":             func(n int) members { return audience("channels", names(n)) },
	"sendMessage.audience.channels[]":           func(n int) members { return audience("channels", []string{long(n)}) },
	"sendMessage.audience.allChannels":          func(n int) members { return audience("allChannels", names(n)) },
	"sendMessage.audience.allChannels[]":        func(n int) members { return audience("allChannels", []string{long(n)}) },
	"sendMessage.audience.noChannels":           func(n int) members { return allBut(names(n)) },
	"sendMessage.audience.noChannels[]":         func(n int) members { return allBut([]string{long(n)}) },
	"sendMessage.audience.users":                func(n int) members { return audience("users", names(n)) },
	"sendMessage.audience.users[]":              func(n int) members { return audience("users", []string{long(n)}) },
	"sendMessage.audience.subscriptions":        func(n int) members { return audience("subscriptions", ids(n)) },
	"sendMessage.localized":                     func(n int) members { return members{"localized": inLanguages(n)} },
	"sendMessage.localized{}.actions":           func(n int) members { return inGerman(buttons(n)...) },
	"sendMessage.localized{}.actions[].action":  func(n int) members { return inGerman(wire.NotificationAction{Action: long(n), Title: "x"}) },
	"sendMessage.localized{}.actions[].title":   func(n int) members { return inGerman(wire.NotificationAction{Action: "x", Title: long(n)}) },
	"sendMessage.notification.title":            func(n int) members { return members{"notification": wire.Notification{Title: long(n)}} },
	"sendMessage.notification.actions":          func(n int) members { return button(buttons(n)...) },
	"sendMessage.notification.actions[].action": func(n int) members { return button(wire.NotificationAction{Action: long(n), Title: "x"}) },
	"sendMessage.notification.actions[].title":  func(n int) members { return button(wire.NotificationAction{Action: "x", Title: long(n)}) },
}

// audiences are some with 0, 1, 2 and 3 members.
var audiences = []string{`{}`, `{"all": true}`, `{"all": true, "noChannels": ["x"]}`, `{"all": true, "noChannels": ["x"], "users": ["x"]}`}

func buttons(n int) []wire.NotificationAction {
	return slices.Repeat([]wire.NotificationAction{{Action: "x", Title: "x"}}, n)
}

func long(n int) string { return strings.Repeat("x", n) }

func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = "name " + strconv.Itoa(i)
	}
	return all
}

func ids(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = push.NewID().String()
	}
	return all
}

func endpointOf(n int) members {
	return members{"endpoint": someEndpoint + long(n-len(someEndpoint))}
}

func audience(name string, ids []string) members {
	return members{"audience": map[string][]string{name: ids}}
}

func allBut(channels []string) members {
	return members{"audience": map[string]any{"all": true, "noChannels": channels}}
}

// inLanguages is a message's text in n languages.
func inLanguages(n int) map[string]wire.LocalizedNotification {
	all := map[string]wire.LocalizedNotification{}
	for i := range n {
		all["en-"+strconv.Itoa(i)] = wire.LocalizedNotification{Title: "x"}
	}
	return all
}

func attributes(n int) map[string]int {
	all := map[string]int{}
	for i := range n {
		all["name"+strconv.Itoa(i)] = i
	}
	return all
}

func inGerman(actions ...wire.NotificationAction) members {
	return members{"localized": map[string]wire.LocalizedNotification{"de": {Actions: actions}}}
}

func button(actions ...wire.NotificationAction) members {
	return members{"notification": wire.Notification{Title: "x", Actions: actions}}
}

// withMembers is body with others in the place of its members of the same name;
// the name "" is the whole body.
func withMembers(t *testing.T, body string, others members) string {
	t.Helper()
	whole, replaced := others[""]
	if !replaced {
		all := members{}
		if err := json.Unmarshal([]byte(body), &all); err != nil {
			t.Fatal(err)
		}
		maps.Copy(all, others)
		whole = all
	}
	encoded, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// The server takes what the description says, and nothing beyond it: each limit
// of each body is tried from both sides.
func TestTheLimitsAreThoseOfTheServer(t *testing.T) {
	s := newServer(t)
	good, tried := bodies(s.key(t)), map[string]bool{}
	for _, operation := range openapi.Load().Operations() {
		if operation.RequestBody == nil {
			continue
		}
		body := good[operation.Method+" "+strings.ReplaceAll(operation.Path, "{id}", "u1")]
		post := func(body string) wire.Code {
			return problemOf(s.call(operation.Method, strings.ReplaceAll(operation.Path, "{id}", "u1"), body, withKey)).Code
		}
		for _, n := range []int{operation.RequestBody.MaxBytes, operation.RequestBody.MaxBytes + 1} {
			if refused := post(body+strings.Repeat(" ", n-len(body))) == wire.BodyTooLarge; refused != (n > operation.RequestBody.MaxBytes) {
				t.Errorf("%s: a body of %d bytes is refused: %v", operation.OperationID, n, refused)
			}
		}
		eachLimit(operation.OperationID, operation.RequestBody.Content[0].Value.Schema, func(at string, n int, taken bool) {
			tried[at] = true
			sized := sized[at]
			if sized == nil {
				t.Errorf("%s has a limit that this test does not try", at)
				return
			}
			if refused := post(withMembers(t, body, sized(n))) == wire.InvalidField; refused == taken {
				t.Errorf("%s: the size %d is refused: %v", at, n, refused)
			}
		})
	}
	for at := range sized {
		if !tried[at] {
			t.Errorf("%s has no limit", at)
		}
	}
}

// eachLimit calls try with the sizes on both sides of each limit of a schema.
func eachLimit(at string, schema *openapi.Schema, try func(at string, n int, taken bool)) {
	for _, most := range []*int{schema.MaxLength, schema.MaxItems, schema.MaxProperties, schema.Maximum} {
		if most != nil {
			try(at, *most, true)
			try(at, *most+1, false)
		}
	}
	for _, least := range []*int{schema.MinLength, schema.MinItems, schema.MinProperties, schema.Minimum} {
		if least != nil {
			try(at, *least, true)
			try(at, *least-1, false)
		}
	}
	for _, one := range schema.OneOf {
		eachLimit(at, one, try)
	}
	if schema.Items != nil {
		eachLimit(at+"[]", schema.Items, try)
	}
	if others := schema.AdditionalProperties.Schema; others != nil {
		eachLimit(at+"{}", others, try)
	}
	for _, member := range schema.Properties {
		eachLimit(at+"."+member.Name, member.Value, try)
	}
}

// The same for parameters: the size of a page, and the length of a header.
func TestTheLimitsOfParametersAreThoseOfTheServer(t *testing.T) {
	s := newServer(t)
	for _, operation := range openapi.Load().Operations() {
		for _, parameter := range operation.Parameters {
			eachLimit(operation.OperationID, parameter.Schema, func(at string, n int, taken bool) {
				call, body, header := operation.Path, "", "X-Nothing: "
				if parameter.In == "query" {
					call += "?" + parameter.Name + "=" + strconv.Itoa(n)
				} else {
					body, header = someMessage, parameter.Name+": "+long(n)
				}
				problem := problemOf(s.call(operation.Method, call, body, withKey, header))
				if refused := problem.Code == wire.InvalidField && problem.Field == parameter.Name; refused == taken {
					t.Errorf("%s: %s of the size %d is refused: %v", at, parameter.Name, n, refused)
				}
			})
		}
	}
}
