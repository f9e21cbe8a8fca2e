package openapi

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
	"golang.org/x/net/html"

	"github.com/pushkit/pushkit/server/api/openapi/internal/fromyaml"
)

// hostile is text that breaks out of HTML, of attributes and of a shell's word.
const hostile = `'"><script>alert(1)</script><img src=x onerror=alert(1)> $(touch owned) \`

// withHostileTexts is the description with hostile in every text that a reader
// sees.
func withHostileTexts(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		t.Fatal(err)
	}
	shown := []string{"title", "summary", "description", "operationId", "name", "format", "pattern", "detail", "body", "endpoint", "example", "code"}
	var spoil func(*yaml.Node)
	spoil = func(n *yaml.Node) {
		for i, child := range n.Content {
			named := n.Kind == yaml.MappingNode && i%2 == 1
			if named && child.Kind == yaml.ScalarNode && slices.Contains(shown, n.Content[i-1].Value) && !slices.Contains(structural, child.Value) {
				child.Value, child.Style = child.Value+hostile, yaml.DoubleQuotedStyle
			}
			spoil(child)
		}
	}
	spoil(&node)
	spoiled, err := yaml.Marshal(&node)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := fromyaml.JSON(spoiled)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestTheJSONIsThatOfTheYAML(t *testing.T) {
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if want, err := fromyaml.JSON(text); err != nil || !bytes.Equal(JSON(""), want) {
		t.Errorf("openapi.gen.json is not of this openapi.yaml (%v): run make generate", err)
	}
}

// structural are texts by which the parts of the description find each other.
var structural = []string{"Messages", "Subscriptions", "Public", "Operations", "id"}

func TestNothingOfTheDescriptionIsHTML(t *testing.T) {
	d, err := describe(withHostileTexts(t))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(d.page), "alert(1)"); n < 100 {
		t.Fatalf("the page shows %d of the hostile texts: the test spoils too little", n)
	}
	allowedElements := strings.Fields("html head meta title link body a nav p ul li main header h1 h2 h3 h4 section article span code pre dl div dt dd details summary")
	allowedAttributes := strings.Fields("lang charset name content rel href class id aria-label tabindex")
	tokens := html.NewTokenizer(bytes.NewReader(d.page))
	for tokens.Next() != html.ErrorToken {
		token := tokens.Token()
		if token.Type == html.CommentToken || token.Type == html.StartTagToken && !slices.Contains(allowedElements, token.Data) {
			t.Errorf("the page holds %s", token)
		}
		for _, attribute := range token.Attr {
			if !slices.Contains(allowedAttributes, attribute.Key) {
				t.Errorf("the page holds %s", token)
			}
		}
	}
	if err := tokens.Err(); err != io.EOF {
		t.Fatal(err)
	}
}

func TestThePageKeepsToItsContentSecurityPolicy(t *testing.T) {
	page := Page("https://push.example.org")
	for what, pattern := range map[string]string{
		"a script":                     `(?i)<script|\son[a-z]+=|javascript:`,
		"an inline style":              `(?i)<style|\sstyle=`,
		"an address from the root":     `(?:src|href)="/`,
		"something from another place": `(?:src|href)="https?:`,
	} {
		if found := regexp.MustCompile(pattern).Find(page); found != nil {
			t.Errorf("the page has %s: %s", what, found)
		}
	}
}

func TestEveryLinkWithinThePageLeadsSomewhere(t *testing.T) {
	page := string(Page(""))
	links := regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(links) < 50 {
		t.Fatalf("the page has %d links", len(links))
	}
	for _, link := range links {
		if n := strings.Count(page, ` id="`+link[1]+`"`); n != 1 {
			t.Errorf("#%s is there %d times", link[1], n)
		}
	}
}

func TestOnlyAPlainAddressIsPutIn(t *testing.T) {
	const placeholder = "https://push.example.com"
	for _, address := range []string{"http://localhost:8080", "https://push.example.org", "https://example.org/below/it", "http://[::1]:8080", "http://127.0.0.1"} {
		for _, form := range [][]byte{Page(address), JSON(address)} {
			if !strings.Contains(string(form), address) || strings.Contains(string(form), placeholder) {
				t.Errorf("%s is not put in", address)
			}
		}
	}
	for _, address := range []string{
		"", "http://", "ftp://example.org", "http://a'b", `http://a"b`, "http://<b>", "http://a;b", "http://a b", "http://$(id)", "http://a&b", "http://a\nb", "http://a/?b", "javascript:alert(1)",
	} {
		for _, form := range [][]byte{Page(address), JSON(address)} {
			if !strings.Contains(string(form), placeholder) {
				t.Errorf("%q is put in", address)
			}
		}
	}
}

// curl, as a function of the shell, prints its arguments, each ended by a zero.
const printArguments = `curl() { for a in "$@"; do printf '%s\000' "$a"; done; }; `

// Each command line can be copied into a shell, whatever the examples hold.
func TestCurlIsOneCommandForAShell(t *testing.T) {
	for name, text := range map[string][]byte{"the description": source, "a hostile one": withHostileTexts(t)} {
		d, err := describe(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range d.document.Operations() {
			command := exec.Command("sh", "-euc", printArguments+o.Curl("https://push.example.org"))
			command.Env = []string{"PUSHKIT_API_KEY=secret"}
			printed, err := command.CombinedOutput()
			if err != nil {
				t.Fatalf("%s, %s: %v\n%s", name, o.OperationID, err, printed)
			}
			arguments := strings.Split(strings.TrimSuffix(string(printed), "\x00"), "\x00")
			if (o.RequestBody != nil) != slices.Contains(arguments, "-d") || o.NeedsKey() != slices.Contains(arguments, "Authorization: Bearer secret") {
				t.Errorf("%s, %s: got %q", name, o.OperationID, arguments)
			}
			if o.RequestBody != nil && !json.Valid([]byte(arguments[len(arguments)-1])) {
				t.Errorf("%s, %s: the body is %s", name, o.OperationID, arguments[len(arguments)-1])
			}
		}
	}
}

func TestLayout(t *testing.T) {
	long := strings.Repeat("x", lineWidth)
	for value, want := range map[string]string{
		`{"b":1,"a":[1,2]}`:        `{"b": 1, "a": [1, 2]}`,
		`{}`:                       `{}`,
		`[]`:                       `[]`,
		`null`:                     `null`,
		`12345678901234567890`:     `12345678901234567890`,
		`{"a":["` + long + `",1]}`: "{\n  \"a\": [\n    \"" + long + "\",\n    1\n  ]\n}",
	} {
		if got := layout(json.RawMessage(value), ""); got != want {
			t.Errorf("%s is laid out as\n%s\nwant\n%s", value, got, want)
		}
	}
}

func TestAChoiceIsShownWithItsMembers(t *testing.T) {
	text := Schema{Type: kinds{"string"}, Format: "date-time"}
	local := Schema{Type: kinds{"object"}, Properties: ordered[*Schema]{{"local", &Schema{Type: kinds{"string"}}}}}
	choice := Schema{OneOf: []*Schema{&text, &local}}
	if kind := choice.Kind(); kind != "string (date-time) or object" {
		t.Errorf("it is %s", kind)
	}
	if within := choice.Within(); within != &local {
		t.Errorf("it shows the members of %+v", within)
	}
}

func TestAMistakeInTheDescriptionIsTold(t *testing.T) {
	const rest = "servers: [{url: https://push.example.com}]\n"
	for name, text := range map[string]string{
		"a reference to nothing":     rest + "paths: {/x: {get: {responses: {'200': {$ref: '#/components/responses/Nothing'}}}}}",
		"a schema that holds itself": rest + "components: {schemas: {A: {type: object, properties: {a: {$ref: '#/components/schemas/A'}}}}}",
		"no server":                  "paths: {}",
		"no object":                  "[]",
	} {
		encoded, err := fromyaml.JSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := describe(encoded); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
