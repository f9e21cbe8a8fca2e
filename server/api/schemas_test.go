package api

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/api/openapi"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// The structs of package wire that requests and answers are made of.
var wireStructs = []any{
	wire.Config{}, wire.Keys{}, wire.SubscribeRequest{}, wire.SubscribeResponse{}, wire.CheckRequest{}, wire.CheckResponse{}, wire.ClosingsRequest{}, wire.ClosingsResponse{}, wire.Closing{}, wire.CloseRequest{}, wire.CloseResponse{}, wire.TestRequest{}, wire.TestResponse{}, wire.RemoveRequest{},
	wire.EventReport{}, wire.Problem{}, wire.MessageRequest{}, wire.LocalTime{}, wire.Notification{}, wire.NotificationAction{}, wire.LocalizedNotification{}, wire.Audience{},
	wire.MessageResponse{}, wire.AudienceInfo{}, wire.DryRunResponse{}, wire.MessageLine{}, wire.DeliveryInfo{}, wire.DeliveryList{}, wire.MessageCounts{}, wire.SubscriptionInfo{}, wire.SubscriptionList{}, wire.MessageList{},
	wire.ImportRequest{}, wire.ImportedSubscription{}, wire.ImportResponse{}, wire.ImportResult{}, wire.UserRequest{}, wire.UserResponse{}, wire.EndedSubscription{}, wire.LossList{}, wire.Loss{},
	wire.WebhookRequest{}, wire.WebhookInfo{}, wire.WebhookList{}, wire.WebhookFailure{}, wire.WebhookFailureList{}, wire.WebhookPayload{}, wire.SubscriptionGone{}, wire.NotificationClicked{},
}

// strict are those whose unknown members are refused.
var strict = []string{"ImportRequest", "ImportedSubscription", "MessageRequest", "LocalTime", "Notification", "NotificationAction", "LocalizedNotification", "Audience", "UserRequest", "WebhookRequest", "CloseRequest"}

func TestTheSchemasAreTheStructs(t *testing.T) {
	schemas := openapi.Load().Components.Schemas
	var structs []string
	for _, value := range wireStructs {
		kind := reflect.TypeOf(value)
		structs = append(structs, kind.Name())
		schema := schemas[kind.Name()]
		if schema == nil {
			t.Errorf("there is no schema %s", kind.Name())
			continue
		}
		compare(t, kind.Name(), schema, kind)
		if closed := schema.AdditionalProperties.Refused; closed != slices.Contains(strict, kind.Name()) {
			t.Errorf("%s takes unknown members: %v", kind.Name(), !closed)
		}
	}
	for name, schema := range schemas {
		isMap := schema.AdditionalProperties.Schema != nil
		if slices.Contains(schema.Type, "object") && !isMap && !slices.Contains(structs, name) {
			t.Errorf("the schema %s is no struct", name)
		}
	}
}

// compare fails where a schema is not that of a Go type.
func compare(t *testing.T, at string, schema *openapi.Schema, kind reflect.Type) {
	t.Helper()
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	want := map[reflect.Kind]string{
		reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Int64: "integer", reflect.Uint64: "integer",
		reflect.Float64: "number", reflect.Slice: "array", reflect.Struct: "object", reflect.Map: "object",
	}[kind.Kind()]
	if kind.Kind() == reflect.Interface {
		if len(schema.Type) > 0 {
			t.Errorf("%s is of the type %v, the struct takes any", at, schema.Type)
		}
		return
	}
	if len(schema.Type) == 0 || schema.Type[0] != want {
		t.Errorf("%s is of the type %v, the struct has %s", at, schema.Type, kind)
		return
	}
	switch kind.Kind() {
	case reflect.Slice:
		compare(t, at+"[]", schema.Items, kind.Elem())
	case reflect.Map:
		if schema.AdditionalProperties.Schema == nil {
			t.Errorf("%s does not say what its members are", at)
			return
		}
		compare(t, at+"{}", schema.AdditionalProperties.Schema, kind.Elem())
	case reflect.Struct:
		compareMembers(t, at, schema, kind)
	}
}

func compareMembers(t *testing.T, at string, schema *openapi.Schema, kind reflect.Type) {
	t.Helper()
	members := map[string]*openapi.Schema{}
	for _, member := range schema.Properties {
		members[member.Name] = member.Value
	}
	for i := range kind.NumField() {
		field := kind.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		member := members[name]
		delete(members, name)
		if member == nil {
			t.Errorf("%s has no member %s", at, name)
			continue
		}
		optional := strings.Contains(options, "omitempty")
		if required := slices.Contains(schema.Required, name); required == optional {
			t.Errorf("%s.%s is required: %v", at, name, required)
		}
		if field.Type.Kind() == reflect.Pointer && !optional && !slices.Contains(member.Type, "null") {
			t.Errorf("%s.%s may be null", at, name)
		}
		compare(t, at+"."+name, member, field.Type)
	}
	for name := range members {
		t.Errorf("%s.%s is not in the struct", at, name)
	}
}

func TestTheDescriptionHasTheCodes(t *testing.T) {
	server := serverCodes(t)
	var described []wire.Code
	for _, code := range openapi.Load().Codes() {
		var text wire.Code
		if err := json.Unmarshal(code.Const, &text); err != nil || code.Description == "" {
			t.Errorf("the code %s has no text: %v", code.Const, err)
		}
		described = append(described, text)
	}
	for _, code := range server {
		if !slices.Contains(described, code) {
			t.Errorf("the description has no code %s", code)
		}
		if statuses[code] == 0 {
			t.Errorf("the code %s has no status", code)
		}
	}
	for _, code := range described {
		if !slices.Contains(server, code) {
			t.Errorf("package wire has no code %s", code)
		}
	}
	if len(statuses) != len(server) {
		t.Errorf("there are %d statuses for %d codes", len(statuses), len(server))
	}
}

// serverCodes are the constants of package wire that are codes and not the
// client's.
func serverCodes(t *testing.T) (codes []wire.Code) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../wire/codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		literal, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			return true
		}
		text, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		code := wire.Code(text)
		for _, client := range slices.Concat(wire.LoaderSentences, wire.GoSentences) {
			if client.Code == code {
				return true
			}
		}
		codes = append(codes, code)
		return true
	})
	if len(codes) == 0 {
		t.Fatal("the test finds no code")
	}
	return codes
}

// The words that a member may be are the constants of package wire.
func TestTheDescriptionHasTheWords(t *testing.T) {
	for at, words := range map[string][]string{
		"EventReport.type":      {wire.EventDisplayed, wire.EventClicked, wire.EventClosed},
		"MessageResponse.state": {wire.MessageScheduled, wire.MessageSending, wire.MessageSent, wire.MessageCancelled},
		"WebhookRequest.types":  push.AllWebhookTypes(),
	} {
		name, member, _ := strings.Cut(at, ".")
		for _, property := range openapi.Load().Components.Schemas[name].Properties {
			value := property.Value
			if value.Items != nil {
				value = value.Items
			}
			if property.Name == member && !slices.Equal(value.Enum, words) {
				t.Errorf("%s is one of %q, want %q", at, value.Enum, words)
			}
		}
	}
}
