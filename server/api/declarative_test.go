package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// A posting is what a message has of a member, and what stands in its payload then, as
// JSON; or the field that is wrong.
type posting struct{ posted, want string }

const (
	itsNotification = `"notification": {"title": "x", "tag": "t", `
	anAction        = itsNotification + `"actions": [{"action": "a", "title": "A", `
)

// declared are the members of sw/DECLARATIVE.md: right and wrong.
var declared = map[string]struct{ right, wrong []posting }{
	"web_push":          {right: []posting{{``, `8030`}}},
	"mutable":           {right: []posting{{``, `true`}}},
	"app_badge":         {right: []posting{{`"appBadge": 0`, `0`}, {`"appBadge": 3`, `3`}, {``, ``}}},
	"notification":      {wrong: []posting{{`"notification": 5`, "notification"}, {`"notification": null`, "notification.title"}, {`"notification": []`, "notification"}}},
	"notification.data": {right: []posting{{itsNotification + `"data": {"a": [1e3, null]}}`, `{"a": [1e3, null]}`}, {itsNotification + `"data": false}`, `false`}}},

	"notification.mutable":   {right: []posting{{``, `true`}}},
	"notification.app_badge": {right: []posting{{`"appBadge": 0`, `0`}, {`"appBadge": 2147483647`, `2147483647`}, {``, ``}}, wrong: []posting{{`"appBadge": 2147483648`, "appBadge"}, {`"appBadge": -1`, "appBadge"}, {`"appBadge": "3"`, "appBadge"}, {`"appBadge": 1.5`, "appBadge"}}},

	"notification.title": {
		right: []posting{{`"notification": {"title": "<\u2028ä>"}`, `"<\u2028ä>"`}},
		wrong: []posting{{`"notification": {}`, "notification.title"}, {`"notification": {"title": 5}`, "notification.title"}, {`"notification": {"title": " "}`, "notification.title"}}},
	"notification.navigate": {
		right: []posting{{``, `"https://site.example/"`}, {itsNotification + `"navigate": "/a?b#c"}`, `"https://site.example/a?b#c"`}, {itsNotification + `"navigate": "http://münchen.example:8080"}`, `"http://m%C3%BCnchen.example:8080"`}, {itsNotification + `"navigate": "https://[::1]/"}`, `"https://[::1]/"`}},
		wrong: []posting{{itsNotification + `"navigate": 5}`, "notification.navigate"}, {itsNotification + `"navigate": "mailto:a@b.c"}`, "notification.navigate"}, {itsNotification + `"navigate": "https://1.2.3.4.5/"}`, "notification.navigate"}, {itsNotification + `"navigate": "https://"}`, "notification.navigate"}}},
	"notification.body": {right: texts("body"), wrong: []posting{{itsNotification + `"body": 5}`, "notification.body"}, {itsNotification + `"body": {}}`, "notification.body"}}},
	"notification.lang": {right: texts("lang"), wrong: []posting{{itsNotification + `"lang": 5}`, "notification.lang"}}},
	"notification.dir": {
		right: []posting{{itsNotification + `"dir": "auto"}`, `"auto"`}, {itsNotification + `"dir": "rtl"}`, `"rtl"`}, {``, ``}},
		wrong: []posting{{itsNotification + `"dir": "up"}`, "notification.dir"}, {itsNotification + `"dir": "RTL"}`, "notification.dir"}, {itsNotification + `"dir": true}`, "notification.dir"}}},
	"notification.tag":  {right: append(texts("tag"), posting{`"topic": "goals"`, `"goals"`}), wrong: []posting{{itsNotification + `"tag": 5}`, "notification.tag"}}},
	"notification.icon": addresses("icon"), "notification.image": addresses("image"), "notification.badge": addresses("badge"),
	"notification.silent":             switches("silent", posting{itsNotification + `"silent": true, "renotify": true}`, "notification.renotify"}),
	"notification.renotify":           switches("renotify", posting{`"notification": {"title": "x", "renotify": true}`, "notification.renotify"}),
	"notification.requireInteraction": switches("requireInteraction"),
	"notification.vibrate":            {right: []posting{{``, ``}}, wrong: []posting{{itsNotification + `"vibrate": [100]}`, "vibrate"}}},
	"notification.timestamp":          {right: []posting{{``, ``}}, wrong: []posting{{itsNotification + `"timestamp": 5}`, "timestamp"}}},

	"notification.actions": {
		right: []posting{{itsNotification + `"actions": []}`, ``}},
		wrong: []posting{{itsNotification + `"actions": {}}`, "notification.actions"}, {itsNotification + `"actions": [` + strings.TrimSuffix(strings.Repeat(`{"action": "a", "title": "A"},`, 21), ",") + `]}`, "notification.actions"}}},
	"notification.actions[].action": {
		right: []posting{{anAction + `"navigate": ""}]}`, `"a"`}},
		wrong: []posting{{itsNotification + `"actions": [{"title": "A"}]}`, "notification.actions[0]"}, {itsNotification + `"actions": [{"action": 5, "title": "A"}]}`, "notification.actions.action"}}},
	"notification.actions[].title": {
		right: []posting{{anAction + `"navigate": ""}]}`, `"A"`}},
		wrong: []posting{{itsNotification + `"actions": [{"action": "a"}]}`, "notification.actions[0]"}, {itsNotification + `"actions": [{"action": "a", "title": []}]}`, "notification.actions.title"}}},
	"notification.actions[].navigate": {
		right: []posting{{anAction + `"navigate": ""}], "navigate": "/n"}`, `"https://site.example/n"`}, {anAction + `"navigate": "w"}]}`, `"https://site.example/w"`}},
		wrong: []posting{{anAction + `"navigate": "tel:5"}]}`, "notification.actions[0].navigate"}, {anAction + `"navigate": 5}]}`, "notification.actions.navigate"}}},
	"notification.actions[].icon": {
		right: []posting{{anAction + `"icon": "i.png"}]}`, `"https://site.example/i.png"`}, {anAction + `"icon": ""}]}`, ``}},
		wrong: []posting{{anAction + `"icon": "data:,"}]}`, "notification.actions[0].icon"}, {anAction + `"icon": 5}]}`, "notification.actions.icon"}}},
}

func texts(name string) []posting {
	return []posting{{itsNotification + `"` + name + `": "ä \"<>\" 👋"}`, `"ä \"<>\" 👋"`}, {`"notification": {"title": "x", "` + name + `": ""}`, ``}}
}

func addresses(name string) struct{ right, wrong []posting } {
	member := func(value string) string { return itsNotification + `"` + name + `": ` + value + `}` }
	field := "notification." + name
	return struct{ right, wrong []posting }{
		[]posting{{member(`"/i.png"`), `"https://site.example/i.png"`}, {member(`"//cdn.example/i.png"`), `"https://cdn.example/i.png"`}, {member(`""`), ``}},
		[]posting{{member(`5`), field}, {member(`"data:image/png;base64,AA"`), field}, {member(`"https://a.0x5/"`), field}},
	}
}

func switches(name string, more ...posting) struct{ right, wrong []posting } {
	member := func(value string) string { return itsNotification + `"` + name + `": ` + value + `}` }
	return struct{ right, wrong []posting }{
		[]posting{{member(`true`), `true`}, {member(`false`), ``}},
		append(more, posting{member(`1`), "notification." + name}, posting{member(`"true"`), "notification." + name}),
	}
}

// Each row of the table is what a message makes of the member, and each member that is
// written has a row.
func TestTheTableOfDeclarativeMembersIsTrue(t *testing.T) {
	text, err := os.ReadFile("../../sw/DECLARATIVE.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllSubmatch(text, -1) {
		rows = append(rows, string(row[1]))
	}
	for _, member := range append(written("", reflect.TypeFor[wire.Payload]()), "notification.vibrate", "notification.timestamp") {
		if !slices.Contains(rows, member) {
			t.Errorf("the table has no %s", member)
		}
	}
	if len(rows) != len(declared) {
		t.Errorf("the table has %d members, %d are tested", len(rows), len(declared))
	}
	s := newServer(t)
	id := want(t, s.call("POST", wire.PathSubscriptions, subscribeBody(someEndpoint, "")), 201)["id"]
	for _, member := range rows {
		cases, ok := declared[member]
		if !ok {
			t.Errorf("nothing is tested of %s", member)
		}
		for _, c := range cases.right {
			payload := s.payloadOf(t, fmt.Sprint(id), c.posted)
			got, _ := json.Marshal(find(payload, member))
			if want := c.want; want == "" && string(got) != "null" || want != "" && !sameJSON(string(got), want) {
				t.Errorf("%s of %s is %s, want %s", member, c.posted, got, want)
			}
			if err := webkitTakes(payload); err != nil {
				t.Errorf("WebKit shows nothing of %s: %v", c.posted, err)
			}
			if err := firefoxTakes(payload); err != nil {
				t.Errorf("Firefox shows nothing of %s: %v", c.posted, err)
			}
		}
		for _, c := range cases.wrong {
			wantProblem(t, s.call("POST", wire.PathMessages, messageOf(fmt.Sprint(id), c.posted), withKey), 400, wire.InvalidField, c.want)
		}
	}
}

// written are the paths of all members of a payload, but those within data.
func written(at string, kind reflect.Type) (paths []string) {
	for i := range kind.NumField() {
		name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
		path, inner := at+name, kind.Field(i).Type
		paths = append(paths, path)
		if inner.Kind() == reflect.Slice {
			path, inner = path+"[]", inner.Elem()
		}
		if inner.Kind() == reflect.Struct && name != "data" {
			paths = append(paths, written(path+".", inner)...)
		}
	}
	return paths
}

// messageOf is a message to a subscription with members, which may have a notification.
func messageOf(id, members string) string {
	body := `{"audience": {"subscriptions": ["` + id + `"]}`
	if !strings.Contains(members, `"notification"`) {
		body += `, "notification": {"title": "x"}`
	}
	if members != "" {
		body += ", " + members
	}
	return body + "}"
}

// payloadOf posts a message and returns the payload that is sent.
func (s *server) payloadOf(t *testing.T, id, members string) map[string]any {
	t.Helper()
	s.dispatcher.batches = nil
	want(t, s.call("POST", wire.PathMessages, messageOf(id, members), withKey), 202)
	text, _ := s.dispatcher.batches[0].Deliveries[0].Plaintext(0)
	return decoded(t, text)
}

func decoded(t testing.TB, text []byte) map[string]any {
	t.Helper()
	var payload map[string]any
	if err := json.Unmarshal(text, &payload); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return payload
}

// find is the value at a path, of the first element of a list; nil where there is none.
// Of data it is the site's own.
func find(value any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		name, isList := strings.CutSuffix(name, "[]")
		object, _ := value.(map[string]any)
		value = object[name]
		if list, ok := value.([]any); isList && ok && len(list) > 0 {
			value = list[0]
		}
		if data, ok := value.(map[string]any); ok && name == "data" {
			value = data["data"]
		}
	}
	return value
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

// webkitTakes says why WebKit's parser refuses a payload, as NotificationJSONParser does.
func webkitTakes(payload map[string]any) error {
	if payload["web_push"] != 8030.0 {
		return fmt.Errorf("web_push is %v", payload["web_push"])
	}
	n, ok := payload["notification"].(map[string]any)
	if !ok {
		return fmt.Errorf("notification is no object")
	}
	if title, _ := n["title"].(string); title == "" {
		return fmt.Errorf("title is %v", n["title"])
	}
	for _, name := range []string{"navigate", "icon"} {
		if value, there := n[name]; (there || name == "navigate") && !isAddress(value) {
			return fmt.Errorf("%s is %v", name, value)
		}
	}
	for _, name := range []string{"dir", "lang", "body", "tag"} {
		if value, there := n[name]; there && reflect.TypeOf(value) != reflect.TypeFor[string]() {
			return fmt.Errorf("%s is %v", name, value)
		}
	}
	for _, name := range []string{"silent", "mutable"} {
		if value, there := n[name]; there && reflect.TypeOf(value) != reflect.TypeFor[bool]() {
			return fmt.Errorf("%s is %v", name, value)
		}
	}
	if dir, there := n["dir"]; there && !slices.Contains([]any{"auto", "ltr", "rtl"}, dir) {
		return fmt.Errorf("dir is %v", dir)
	}
	if badge, there := n["app_badge"]; there {
		if number, ok := badge.(float64); !ok || number < 0 || number > 1<<31-1 || number != float64(int64(number)) {
			return fmt.Errorf("app_badge is %v", badge)
		}
	}
	return nil
}

// firefoxTakes says why Firefox's parser refuses a payload, or leaves a button out.
func firefoxTakes(payload map[string]any) error {
	n, _ := payload["notification"].(map[string]any)
	_, hasTitle := n["title"].(string)
	if payload["web_push"] != 8030.0 || !hasTitle || !isAddress(n["navigate"]) {
		return fmt.Errorf("a member that is needed is not right")
	}
	actions, _ := n["actions"].([]any)
	for _, action := range actions {
		a, _ := action.(map[string]any)
		_, hasAction := a["action"].(string)
		if _, hasTitle := a["title"].(string); !hasAction || !hasTitle || !isAddress(a["navigate"]) {
			return fmt.Errorf("the button %v is left out", a)
		}
	}
	return nil
}

func isAddress(value any) bool {
	text, _ := value.(string)
	u, err := url.Parse(text)
	return err == nil && u.IsAbs() && u.Hostname() != ""
}

// Whatever is accepted, browsers take.
func FuzzDeclarativeMessage(f *testing.F) {
	for _, cases := range declared {
		for _, c := range slices.Concat(cases.right, cases.wrong) {
			f.Add(messageOf(push.NewID().String(), c.posted))
		}
	}
	base := &url.URL{Scheme: "https", Host: "site.example", Path: "/"}
	f.Fuzz(func(t *testing.T, body string) {
		var request wire.MessageRequest
		if json.Unmarshal([]byte(body), &request) != nil {
			return
		}
		m, _, err := push.ParseMessage(request, base, push.Hours{}, push.NewID().Time())
		if err != nil {
			return
		}
		text, _ := (&push.Delivery{Payload: &m.Payload}).Plaintext(0)
		payload := decoded(t, text)
		if err := webkitTakes(payload); err != nil {
			t.Errorf("WebKit shows nothing of %s: %v", text, err)
		}
		if err := firefoxTakes(payload); err != nil {
			t.Errorf("Firefox shows nothing of %s: %v", text, err)
		}
	})
}
