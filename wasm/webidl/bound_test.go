//go:build !js

// The specifications' texts and the bindings' sources are files, which a page has
// not.
package webidl_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/wasm/notification"
	"github.com/pushkit/pushkit/wasm/permissions"
	"github.com/pushkit/pushkit/wasm/push"
	"github.com/pushkit/pushkit/wasm/serviceworker"
)

// bound names, for each member of an interface that a page has, the Go
// identifier that is its binding.
var bound = map[string]string{
	"Notification.constructor":        "notification.New",
	"Notification.permission":         "notification.CurrentPermission",
	"Notification.requestPermission":  "notification.RequestPermission",
	"Notification.maxActions":         "notification.MaxActions",
	"Notification.onclick":            "notification.Notification.OnClick",
	"Notification.onshow":             "notification.Notification.OnShow",
	"Notification.onerror":            "notification.Notification.OnError",
	"Notification.onclose":            "notification.Notification.OnClose",
	"Notification.title":              "notification.Notification.Title",
	"Notification.dir":                "notification.Notification.Dir",
	"Notification.lang":               "notification.Notification.Lang",
	"Notification.body":               "notification.Notification.Body",
	"Notification.navigate":           "notification.Notification.Navigate",
	"Notification.tag":                "notification.Notification.Tag",
	"Notification.image":              "notification.Notification.Image",
	"Notification.icon":               "notification.Notification.Icon",
	"Notification.badge":              "notification.Notification.Badge",
	"Notification.vibrate":            "notification.Notification.Vibrate",
	"Notification.timestamp":          "notification.Notification.Timestamp",
	"Notification.renotify":           "notification.Notification.Renotify",
	"Notification.silent":             "notification.Notification.Silent",
	"Notification.requireInteraction": "notification.Notification.RequireInteraction",
	"Notification.data":               "notification.Notification.Data",
	"Notification.actions":            "notification.Notification.Actions",
	"Notification.close":              "notification.Notification.Close",

	"PushManagerAttribute.pushManager":      "serviceworker.Registration.PushManager",
	"PushManager.supportedContentEncodings": "push.SupportedContentEncodings",
	"PushManager.subscribe":                 "push.Manager.Subscribe",
	"PushManager.getSubscription":           "push.Manager.GetSubscription",
	"PushManager.permissionState":           "push.Manager.PermissionState",
	"PushSubscription.endpoint":             "push.Subscription.Endpoint",
	"PushSubscription.expirationTime":       "push.Subscription.ExpirationTime",
	"PushSubscription.options":              "push.Subscription.Options",
	"PushSubscription.getKey":               "push.Subscription.GetKey",
	"PushSubscription.unsubscribe":          "push.Subscription.Unsubscribe",
	"PushSubscription.toJSON":               "push.Subscription.ToJSON",

	"Navigator.permissions":     "permissions.Supported",
	"Permissions.query":         "permissions.QueryStatus",
	"PermissionStatus.state":    "permissions.Status.State",
	"PermissionStatus.name":     "permissions.Status.Name",
	"PermissionStatus.onchange": "permissions.Status.OnChange",

	"ServiceWorker.scriptURL":     "serviceworker.Worker.ScriptURL",
	"ServiceWorker.state":         "serviceworker.Worker.State",
	"ServiceWorker.postMessage":   "serviceworker.Worker.PostMessage",
	"ServiceWorker.onstatechange": "serviceworker.Worker.OnStateChange",

	"ServiceWorkerRegistration.installing":       "serviceworker.Registration.Installing",
	"ServiceWorkerRegistration.waiting":          "serviceworker.Registration.Waiting",
	"ServiceWorkerRegistration.active":           "serviceworker.Registration.Active",
	"ServiceWorkerRegistration.scope":            "serviceworker.Registration.Scope",
	"ServiceWorkerRegistration.updateViaCache":   "serviceworker.Registration.UpdateViaCache",
	"ServiceWorkerRegistration.update":           "serviceworker.Registration.Update",
	"ServiceWorkerRegistration.unregister":       "serviceworker.Registration.Unregister",
	"ServiceWorkerRegistration.onupdatefound":    "serviceworker.Registration.OnUpdateFound",
	"ServiceWorkerRegistration.showNotification": "serviceworker.Registration.ShowNotification",
	"ServiceWorkerRegistration.getNotifications": "serviceworker.Registration.GetNotifications",

	"Navigator.serviceWorker":                   "serviceworker.Supported",
	"ServiceWorkerContainer.controller":         "serviceworker.Controller",
	"ServiceWorkerContainer.ready":              "serviceworker.Ready",
	"ServiceWorkerContainer.register":           "serviceworker.RegisterWithOptions",
	"ServiceWorkerContainer.getRegistration":    "serviceworker.GetRegistration",
	"ServiceWorkerContainer.getRegistrations":   "serviceworker.GetRegistrations",
	"ServiceWorkerContainer.startMessages":      "serviceworker.StartMessages",
	"ServiceWorkerContainer.oncontrollerchange": "serviceworker.OnControllerChange",
	"ServiceWorkerContainer.onmessage":          "serviceworker.OnMessage",
	"ServiceWorkerContainer.onmessageerror":     "serviceworker.OnMessageError",
}

// unbound are members, or whole interfaces and dictionaries, that have no
// binding, each with the reason.
var unbound = map[string]string{
	"ServiceWorkerRegistration.navigationPreload": "is about loading pages, not about push",
	"NavigationPreloadManager":                    "is about loading pages, not about push",
	"NavigationPreloadState":                      "is about loading pages, not about push",
	"GetNotificationOptions":                      "is GetNotifications' parameter tag",
	"PermissionSetParameters":                     "belongs to WebDriver, not to pages",
	"WorkerNavigator":                             "is a worker's",
	"ServiceWorkerGlobalScope":                    "is a service worker's, where Go starts too late for an event",
	"ClientQueryOptions":                          "is for Clients, which a service worker has",
	"ExtendableEventInit":                         "is for an event of a service worker",
	"ExtendableMessageEventInit":                  "is for an event of a service worker",
	"NotificationEventInit":                       "is for an event of a service worker",
	"PushEventInit":                               "is for an event of a service worker",
	"PushSubscriptionChangeEventInit":             "is for an event of a service worker",
	"FrameType":                                   "is of a Client, which a service worker has",
	"ClientType":                                  "is of a Client, which a service worker has",
}

// structs are the Go types of dictionaries, and of one interface that only
// holds values.
var structs = map[string]any{
	"NotificationOptions":         notification.Options{},
	"NotificationAction":          notification.Action{},
	"PushSubscriptionOptionsInit": push.SubscriptionOptionsInit{},
	"PushSubscriptionJSON":        push.SubscriptionJSON{},
	"PermissionDescriptor":        permissions.Descriptor{},
	"PushPermissionDescriptor":    permissions.Descriptor{},
	"RegistrationOptions":         serviceworker.RegistrationOptions{},
	"PushSubscriptionOptions":     push.SubscriptionOptions{},
}

// values are the Go constants of enumerations.
var values = map[string][]string{
	"NotificationPermission":      {string(notification.Default), string(notification.Denied), string(notification.Granted)},
	"NotificationDirection":       {string(notification.Auto), string(notification.LeftToRight), string(notification.RightToLeft)},
	"PushEncryptionKeyName":       {string(push.P256dh), string(push.Auth)},
	"PermissionState":             {string(permissions.Granted), string(permissions.Denied), string(permissions.Prompt)},
	"ServiceWorkerState":          {string(serviceworker.Parsed), string(serviceworker.Installing), string(serviceworker.Installed), string(serviceworker.Activating), string(serviceworker.Activated), string(serviceworker.Redundant)},
	"ServiceWorkerUpdateViaCache": {string(serviceworker.Imports), string(serviceworker.All), string(serviceworker.None)},
}

// Every member that the specifications give a page is bound, or is named here
// with the reason why not; and nothing is named that they do not have.
func TestSpecificationsAreBound(t *testing.T) {
	declared := declarations(t)
	seen := map[string]bool{}
	for _, d := range definitions(t) {
		if reason, ok := unbound[d.name]; ok {
			seen[d.name] = true
			t.Logf("%s %s", d.name, reason)
			continue
		}
		if d.kind == "interface" && d.exposed == "ServiceWorker" {
			t.Logf("%s is a service worker's", d.name)
			continue
		}
		for _, member := range d.members {
			name := d.name + "." + member
			seen[name] = true
			if reason, ok := unbound[name]; ok {
				t.Logf("%s %s", name, reason)
				continue
			}
			if why := d.missing(member, declared); why != "" {
				t.Errorf("%s has no binding: %s", name, why)
			}
		}
	}
	for _, table := range []map[string]string{bound, unbound} {
		for name := range table {
			if !seen[name] {
				t.Errorf("%s is in no specification", name)
			}
		}
	}
}

// missing says what a member lacks, or nothing.
func (d definition) missing(member string, declared map[string]bool) string {
	if d.kind == "enum" {
		if !slices.Contains(values[d.name], member) {
			return "no constant"
		}
		return ""
	}
	if holder, ok := structs[d.name]; ok {
		for field := range reflect.TypeOf(holder).Fields() {
			tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if tag == member || strings.EqualFold(field.Name, member) {
				return ""
			}
		}
		return fmt.Sprintf("no field in %T", holder)
	}
	identifier, ok := bound[d.name+"."+member]
	if !ok {
		return "not in the table"
	}
	if !declared[identifier] {
		return "there is no " + identifier
	}
	return ""
}

// A definition is of an interface, a dictionary or an enumeration.
type definition struct {
	kind, name, exposed string
	members             []string
}

var (
	comment    = regexp.MustCompile(`//[^\n]*`)
	block      = regexp.MustCompile(`(?s)(\[[^\]]*\]\s*)?(?:partial\s+)?(interface|dictionary|enum)\s+(?:mixin\s+)?(\w+)[^{;]*\{(.*?)\};?\s`)
	exposure   = regexp.MustCompile(`Exposed=(\w+|\([^)]*\))`)
	attributes = regexp.MustCompile(`^\[[^\]]*\]\s*`)
	fallback   = regexp.MustCompile(`\s*=[^)]*$`)
	operation  = regexp.MustCompile(`(\w+)\s*\((?:[^()]|\([^()]*\))*\)$`)
	last       = regexp.MustCompile(`(\w+)$`)
)

// definitions reads testdata.
func definitions(t *testing.T) []definition {
	files, err := filepath.Glob("testdata/*.idl")
	if err != nil || len(files) != 4 {
		t.Fatalf("files %v, error %v", files, err)
	}
	var all []definition
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range block.FindAllStringSubmatch(comment.ReplaceAllString(string(text), "")+"\n", -1) {
			d := definition{kind: match[2], name: match[3]}
			if exposed := exposure.FindStringSubmatch(match[1]); exposed != nil {
				d.exposed = exposed[1]
			}
			separator := ";"
			if d.kind == "enum" {
				separator = ","
			}
			for member := range strings.SplitSeq(match[4], separator) {
				if member = strings.TrimSpace(member); member != "" {
					d.members = append(d.members, d.memberName(t, member))
				}
			}
			all = append(all, d)
		}
	}
	return all
}

func (d definition) memberName(t *testing.T, text string) string {
	if d.kind == "enum" {
		return strings.Trim(text, `"`)
	}
	text = attributes.ReplaceAllString(text, "")
	if match := operation.FindStringSubmatch(text); match != nil {
		return match[1]
	}
	match := last.FindStringSubmatch(fallback.ReplaceAllString(text, ""))
	if match == nil {
		t.Fatalf("%s: what is %q?", d.name, text)
	}
	return match[1]
}

// declarations are the bindings' exported functions and methods, such as
// "push.Supported" and "push.Manager.Subscribe".
func declarations(t *testing.T) map[string]bool {
	declared := map[string]bool{}
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || !function.Name.IsExported() {
				continue
			}
			name := function.Name.Name
			if function.Recv != nil {
				receiver := function.Recv.List[0].Type
				if pointer, ok := receiver.(*ast.StarExpr); ok {
					receiver = pointer.X
				}
				if identifier, ok := receiver.(*ast.Ident); ok {
					name = identifier.Name + "." + name
				}
			}
			declared[file.Name.Name+"."+name] = true
		}
	}
	return declared
}
