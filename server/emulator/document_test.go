package emulator

import (
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/mux"
)

// documentedRoute is a section of API.md.
type documentedRoute struct {
	name     string // METHOD PATH
	commands string // curl
	answer   string // JSON, or empty
	text     string
}

// readDocument reads the sections of API.md that describe routes.
func readDocument(t *testing.T) (routes []documentedRoute, whole string) {
	t.Helper()
	text, err := os.ReadFile("API.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(section, language string) string {
		_, rest, _ := strings.Cut(section, "\n```"+language+"\n")
		body, _, _ := strings.Cut(rest, "\n```")
		return body
	}
	for _, section := range strings.Split(string(text), "\n### ")[1:] {
		name, body, _ := strings.Cut(section, "\n")
		routes = append(routes, documentedRoute{name, block(body, "sh"), block(body, "json"), body})
	}
	return routes, string(text)
}

// curl is a command of the document.
type curl struct{ method, url, body string }

// parseCurls reads commands as a shell does, as far as the document needs it.
func parseCurls(t *testing.T, commands string) (list []curl) {
	t.Helper()
	words := regexp.MustCompile(`'([^']*)'|([^\s'\\]+)`).FindAllStringSubmatch(commands, -1)
	for i := 0; i < len(words); i++ {
		word := words[i][1] + words[i][2]
		switch {
		case word == "curl":
			list = append(list, curl{method: http.MethodGet})
		case len(list) == 0:
			t.Fatalf("the command begins with %s", word)
		case word == "-X", word == "-d":
			i++
			value, c := words[i][1]+words[i][2], &list[len(list)-1]
			if word == "-X" {
				c.method = value
			} else if c.body = value; c.method == http.MethodGet {
				c.method = http.MethodPost
			}
		default:
			list[len(list)-1].url = word
		}
	}
	return list
}

func TestTheDocumentDescribesEveryRouteOfTheAPI(t *testing.T) {
	var served, described []string
	s := serve(t, Options{})
	err := s.emulator.router.(*mux.Router).Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := route.GetPathTemplate()
		methods, _ := route.GetMethods()
		for _, method := range methods {
			if strings.HasPrefix(path, "/api/") {
				served = append(served, method+" "+path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	routes, _ := readDocument(t)
	for _, route := range routes {
		described = append(described, route.name)
	}
	slices.Sort(served)
	slices.Sort(described)
	if !slices.Equal(served, described) || len(served) == 0 {
		t.Errorf("served are\n%s\ndescribed are\n%s", strings.Join(served, "\n"), strings.Join(described, "\n"))
	}
}

func TestTheDocumentsExamplesWork(t *testing.T) {
	routes, _ := readDocument(t)
	for _, route := range routes {
		t.Run(route.name, func(t *testing.T) {
			s := serve(t, Options{})
			keys := newVapidKeys(t)
			sub := connect(t, s, "").register(keys.public)
			id := s.subscriptions()[0].ID
			keys.send(t, sub, "hello", 60, "")
			method, _, _ := strings.Cut(route.name, " ")
			status := http.StatusOK
			if found := regexp.MustCompile(`\nAnswers (20\d)`).FindStringSubmatch(route.text); found != nil {
				status, _ = strconv.Atoi(found[1])
			}
			commands := parseCurls(t, route.commands)
			if len(commands) == 0 {
				t.Fatal("there is no example")
			}
			for _, c := range commands {
				replace := strings.NewReplacer("http://127.0.0.1:8090", "", "/ID", "/"+id, `"ID"`, `"`+id+`"`, "ENDPOINT", sub.endpoint)
				if c.method != method {
					t.Errorf("the example is a %s", c.method)
				}
				s.api(c.method, replace.Replace(c.url), replace.Replace(c.body), status, nil)
			}
		})
	}
}

func TestTheDocumentsAnswersHaveTheMembersThatThereAre(t *testing.T) {
	type list[T any] struct {
		Data []T  `json:"data"`
		Next *int `json:"next"`
	}
	routes, whole := readDocument(t)
	types := map[string]any{
		"GET /api/pushes": &list[Push]{}, "GET /api/rules": &list[DescribedRule]{}, "GET /api/subscriptions": &list[Subscription]{},
		"POST /api/deliver": &Push{}, "GET /api/faults": &list[Fault]{}, "GET /api/browser": &BrowserState{}, "GET /api/state": &State{},
		"GET /api/personality": &Personality{}, "POST /api/personality": &Personality{},
	}
	for _, route := range routes {
		into := types[route.name]
		if (into == nil) != (route.answer == "") {
			t.Errorf("%s: documented is %q", route.name, route.answer)
			continue
		}
		if into == nil {
			continue
		}
		d := json.NewDecoder(strings.NewReader(route.answer))
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil {
			t.Errorf("%s: %v", route.name, err)
		}
	}
	for _, v := range []any{Push{}, Rule{}, RuleAnswer{}, Personality{}, Subscription{}, Fault{}, BrowserState{}, Browser{}, State{}} {
		for i := range reflect.TypeOf(v).NumField() {
			name, _, _ := strings.Cut(reflect.TypeOf(v).Field(i).Tag.Get("json"), ",")
			if name == "" || !strings.Contains(whole, "`"+name+"`") && !strings.Contains(whole, `"`+name+`"`) {
				t.Errorf("%T has a member %q that the document does not know", v, name)
			}
		}
	}
}
