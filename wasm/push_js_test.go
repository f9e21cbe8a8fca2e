package main

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/client"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/indexeddb"
	"github.com/pushkit/pushkit/wasm/push"
	"github.com/pushkit/pushkit/wasm/serviceworker"
)

// Application server keys: the public keys of RFC 8291 section 5 and of RFC
// 8292 section 2.4.
const (
	applicationServerKey = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
	anotherKey           = "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"
)

func origin(t *testing.T) string {
	t.Helper()
	location, _ := dom.Member(safejs.Global(), "location")
	return dom.StringMember(location, "origin")
}

func register(t *testing.T, script, scope string) *serviceworker.Registration {
	t.Helper()
	registration, err := serviceworker.Register(limit(t), script, scope)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = registration.Unregister(context.Background()) })
	if _, err := registration.AwaitActive(limit(t)); err != nil {
		t.Fatal(err)
	}
	return registration
}

func TestServiceWorker(t *testing.T) {
	registration := register(t, "/testdata/pong-sw.js", "/scope/")
	worker := registration.Active()
	if registration.Scope() != origin(t)+"/scope/" || worker.ScriptURL() != origin(t)+"/testdata/pong-sw.js" {
		t.Errorf("scope %s, script %s", registration.Scope(), worker.ScriptURL())
	}
	found, err := serviceworker.GetRegistration(limit(t), "/scope/below")
	if err != nil || found == nil || found.Scope() != registration.Scope() {
		t.Errorf("found %v, error %v", found, err)
	}
	if found, err := serviceworker.GetRegistration(limit(t), "/elsewhere/"); err != nil || found != nil {
		t.Errorf("found %v, error %v", found, err)
	}
	answer, err := worker.Ask(limit(t), map[string]any{"pushkit": wire.WorkerMessage{Type: wire.WorkerPing}})
	if err != nil {
		t.Fatal(err)
	}
	pong, _ := dom.Member(answer, "pushkit")
	if dom.StringMember(pong, "type") != wire.WorkerPong {
		t.Errorf("type %q", dom.StringMember(pong, "type"))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := worker.Ask(ctx, "who are you?"); err != context.DeadlineExceeded {
		t.Errorf("a worker that says nothing: error %v", err)
	}
}

// What keeps a worker from running is an error with a name, in time.
func TestServiceWorkerFailures(t *testing.T) {
	if _, err := serviceworker.Register(limit(t), "/none.js", "/none/"); !errors.Is(err, dom.TypeError) {
		t.Errorf("a file that is not there: error %v", err)
	}
	if _, err := serviceworker.Register(limit(t), "https://elsewhere.example/sw.js", ""); !errors.Is(err, dom.SecurityError) {
		t.Errorf("another origin: error %v", err)
	}
	registration, err := serviceworker.Register(limit(t), "/testdata/failing-sw.js", "/failing/")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := registration.AwaitActive(limit(t)); !errors.Is(err, dom.InvalidStateError) {
		t.Errorf("a worker that fails to install: error %v", err)
	}
}

func needPushService(t *testing.T) {
	if os.Getenv("PUSHKIT_TEST_EMULATOR") == "" {
		t.Skip("no push service: build build/pushkit first")
	}
}

// hasUserVisibleOnly reports whether the browser tells what it was promised.
func hasUserVisibleOnly(t *testing.T) bool {
	truthy, _ := eval(t, "'userVisibleOnly' in PushSubscriptionOptions.prototype").Truthy()
	return truthy
}

// A subscription carries what application servers need, and ends once.
func TestPushSubscription(t *testing.T) {
	needPushService(t)
	manager, err := register(t, "/sw.js", "/push/").PushManager()
	if err != nil {
		t.Fatal(err)
	}
	options := push.SubscriptionOptionsInit{UserVisibleOnly: true, ApplicationServerKey: applicationServerKey}
	if found, err := manager.GetSubscription(limit(t)); err != nil || found != nil {
		t.Fatalf("found %v, error %v", found, err)
	}
	if state, err := manager.PermissionState(limit(t), options); err != nil || state != "granted" {
		t.Errorf("state %q, error %v", state, err)
	}
	subscription, err := manager.Subscribe(limit(t), options)
	if err != nil {
		t.Fatal(err)
	}
	key, err := subscription.ApplicationServerKey()
	if got := base64.RawURLEncoding.EncodeToString(key); err != nil || got != applicationServerKey {
		t.Errorf("key %s, error %v", got, err)
	}
	made, err := subscription.Options()
	if got := base64.RawURLEncoding.EncodeToString(made.ApplicationServerKey); err != nil || got != applicationServerKey || !made.UserVisibleOnly && hasUserVisibleOnly(t) {
		t.Errorf("options %+v, error %v", made, err)
	}
	if expires := subscription.ExpirationTime(); expires != nil {
		t.Errorf("expires at %v", *expires)
	}
	inJSON, err := subscription.ToJSON()
	if err != nil || inJSON.Endpoint != subscription.Endpoint() || inJSON.Endpoint == "" {
		t.Fatalf("JSON %+v, error %v", inJSON, err)
	}
	for name, text := range map[push.KeyName]string{push.P256dh: inJSON.Keys.P256dh, push.Auth: inJSON.Keys.Auth} {
		key, err := subscription.GetKey(name)
		if got := base64.RawURLEncoding.EncodeToString(key); err != nil || got != text || got == "" {
			t.Errorf("%s: key %s, in JSON %s, error %v", name, got, text, err)
		}
	}
	options.ApplicationServerKey = anotherKey
	if _, err := manager.Subscribe(limit(t), options); !errors.Is(err, dom.InvalidStateError) {
		t.Errorf("another key: error %v", err)
	}
	if ended, err := subscription.Unsubscribe(limit(t)); err != nil || !ended {
		t.Errorf("ended %v, error %v", ended, err)
	}
	if found, err := manager.GetSubscription(limit(t)); err != nil || found != nil {
		t.Errorf("after unsubscribe: found %v, error %v", found, err)
	}
	options.ApplicationServerKey = "AAAA"
	if _, err := manager.Subscribe(limit(t), options); err == nil {
		t.Error("a key that is none was taken")
	}
}

// The record survives, and what is stored by others and malformed counts as
// nothing.
func TestRecordInIndexedDB(t *testing.T) {
	browser := client.NewBrowser()
	scope := origin(t) + "/" + t.Name() + "/"
	if record, err := browser.Record(limit(t), scope); err != nil || record != nil {
		t.Fatalf("record %v, error %v", record, err)
	}
	written, err := browser.UpdateRecord(limit(t), scope, func(record *wire.Record) {
		*record = wire.Record{Server: "https://push.example.com", Wanted: true, Channels: []string{"a"}, WantedChannels: &[]string{"b"}}
	})
	if err != nil {
		t.Fatal(err)
	}
	record, err := client.NewBrowser().Record(limit(t), scope)
	if err != nil || record == nil || record.Server != written.Server || !record.Wanted || record.Pending ||
		record.Channels[0] != "a" || (*record.WantedChannels)[0] != "b" {
		t.Errorf("record %+v, error %v", record, err)
	}

	db, err := indexeddb.Open(limit(t), wire.DatabaseName, wire.DatabaseVersion, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	transaction, err := db.Transaction(indexeddb.ReadWrite, wire.StoreRegistrations)
	if err != nil {
		t.Fatal(err)
	}
	store, err := transaction.ObjectStore(wire.StoreRegistrations)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Put(limit(t), eval(t, "({server: 7})"), scope); err != nil {
		t.Fatal(err)
	}
	if err := transaction.Await(limit(t)); err != nil {
		t.Fatal(err)
	}
	if record, err := browser.Record(limit(t), scope); err != nil || record != nil {
		t.Errorf("malformed: record %+v, error %v", record, err)
	}
}
