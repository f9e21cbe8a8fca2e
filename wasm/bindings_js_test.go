package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/fetch"
	"github.com/pushkit/pushkit/wasm/indexeddb"
	"github.com/pushkit/pushkit/wasm/notification"
	"github.com/pushkit/pushkit/wasm/permissions"
	"github.com/pushkit/pushkit/wasm/webidl"
	"github.com/pushkit/pushkit/wasm/weblocks"
)

// The bindings are tested here, in the program that uses them all, and not each
// in its package: a browser starts once for each test binary.

// eval returns what a JavaScript expression stands for.
func eval(t *testing.T, expression string) safejs.Value {
	t.Helper()
	function, err := dom.New("Function", "return "+expression)
	if err != nil {
		t.Fatal(err)
	}
	value, err := function.Invoke()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// limit bounds what a test waits for.
func limit(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// What JavaScript throws or rejects with is found by its name, whatever it is.
func TestExceptionsAreErrors(t *testing.T) {
	for name, test := range map[string]struct {
		thrown string
		is     error
		text   string
	}{
		"DOMException":       {`new DOMException("no", "NotAllowedError")`, dom.NotAllowedError, "NotAllowedError: no"},
		"TypeError":          {`new TypeError("bad")`, dom.TypeError, "TypeError: bad"},
		"string":             {`"text"`, dom.Name("Error"), "Error: text"},
		"undefined":          {`undefined`, dom.Name("Error"), "Error: <undefined>"},
		"null":               {`null`, dom.Name("Error"), "Error: <null>"},
		"throwing getter":    {`{get name() { throw new Error("trap") }}`, dom.Name("Error"), "Error: <object>"},
		"name of wrong type": {`{name: 7n}`, dom.Name("Error"), "Error: <object>"},
	} {
		t.Run(name, func(t *testing.T) {
			_, rejected := dom.Await(limit(t), eval(t, "Promise.reject("+test.thrown+")"))
			function := eval(t, "{throw() { throw "+test.thrown+" }}")
			_, thrown := dom.Call(function, "throw")
			for _, err := range []error{rejected, thrown} {
				if !errors.Is(err, test.is) || errors.Is(err, dom.AbortError) || err.Error() != test.text {
					t.Errorf("error %v", err)
				}
				if _, ok := dom.Thrown(err); !ok {
					t.Error("the thrown value is lost")
				}
			}
		})
	}
}

// An API that is missing is an error, not a panic.
func TestMissingAPIIsNotSupported(t *testing.T) {
	if _, err := dom.New("NoSuchClass"); !errors.Is(err, dom.NotSupportedError) {
		t.Errorf("error %v", err)
	}
	global := safejs.Global()
	saved := eval(t, "Notification")
	if err := global.Delete("Notification"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = global.Set("Notification", saved) })
	_, permissionErr := notification.CurrentPermission()
	_, requestErr := notification.RequestPermission(limit(t))
	if notification.Supported() || !errors.Is(permissionErr, dom.NotSupportedError) || !errors.Is(requestErr, dom.NotSupportedError) {
		t.Errorf("errors %v, %v", permissionErr, requestErr)
	}
}

func TestAwait(t *testing.T) {
	value, err := dom.Await(limit(t), eval(t, "Promise.resolve(7)"))
	if n, _ := value.Int(); err != nil || n != 7 {
		t.Errorf("value %d, error %v", n, err)
	}
	value, err = dom.Await(limit(t), eval(t, "7"))
	if n, _ := value.Int(); err != nil || n != 7 {
		t.Errorf("not a promise: value %d, error %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	// It settles after ctx has ended, when nobody listens any more.
	if _, err := dom.Await(ctx, eval(t, "new Promise((resolve) => setTimeout(resolve, 50))")); err != context.Canceled {
		t.Errorf("error %v", err)
	}
}

// Whatever a page passes is either plain data or an error.
func TestToGo(t *testing.T) {
	for expression, want := range map[string]string{
		`{a: [1, "x", null, undefined, true], f() {}}`: `{a:[1,"x",null,null,true]}`,
		`undefined`: ``, `null`: ``, `Symbol()`: ``, `() => 1`: ``,
		`{get a() { throw new TypeError("trap") }}`: dom.TypeError.Error(),
		`({a: 1n})`: dom.TypeError.Error(),
		`(() => { const a = {}; a.a = a; return a })()`:                            dom.TypeError.Error(),
		`(() => { let a = {}; for (let i = 0; i < 99; i++) a = {a}; return a })()`: "deeper",
	} {
		tree, err := webidl.ToGo(eval(t, "("+expression+")"))
		switch {
		case want == "":
			if tree != nil || err != nil {
				t.Errorf("%s: %v, error %v", expression, tree, err)
			}
		case want == "deeper":
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v", expression, err)
			}
		case want == dom.TypeError.Error():
			if !errors.Is(err, dom.TypeError) {
				t.Errorf("%s: %v, error %v", expression, tree, err)
			}
		default:
			list := tree.(map[string]any)["a"].([]any)
			if err != nil || len(list) != 5 || list[0] != 1.0 || list[1] != "x" || list[3] != nil || list[4] != true {
				t.Errorf("%s: %v, error %v", expression, tree, err)
			}
		}
	}
}

func TestPermission(t *testing.T) {
	permission, err := notification.CurrentPermission()
	if err != nil || permission != notification.Granted {
		t.Errorf("permission %q, error %v", permission, err)
	}
	if permission, err = notification.RequestPermission(limit(t)); err != nil || permission != notification.Granted {
		t.Errorf("answer %q, error %v", permission, err)
	}
	state, err := permissions.Query(limit(t), permissions.Descriptor{Name: "push", UserVisibleOnly: true})
	if err != nil || state != permissions.Granted {
		t.Errorf("state %q, error %v", state, err)
	}
	if _, err := permissions.Query(limit(t), permissions.Descriptor{Name: "no such"}); !errors.Is(err, dom.TypeError) {
		t.Errorf("error %v", err)
	}
}

func openTestDatabase(t *testing.T, version int) (*indexeddb.Database, error) {
	return indexeddb.Open(limit(t), t.Name(), version, func(db *indexeddb.Database, old int) error {
		if old != 0 {
			return errors.New("cannot upgrade")
		}
		return db.CreateObjectStore("store", indexeddb.StoreParameters{})
	})
}

// Reading, changing and writing is one transaction, which is kept or undone as
// a whole.
func TestIndexedDBTransaction(t *testing.T) {
	db, err := openTestDatabase(t, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		db.Close()
		if err := indexeddb.Delete(context.Background(), t.Name()); err != nil {
			t.Error(err)
		}
	})
	add := func(abort bool) error {
		transaction, err := db.Transaction(indexeddb.ReadWrite, "store")
		if err != nil {
			return err
		}
		store, err := transaction.ObjectStore("store")
		if err != nil {
			return err
		}
		value, err := store.Get(limit(t), "n")
		if err != nil {
			return err
		}
		n := 0
		if !value.IsUndefined() {
			n, _ = value.Int()
		}
		next, _ := safejs.ValueOf(n + 1)
		if err := store.Put(limit(t), next, "n"); err != nil {
			return err
		}
		if abort {
			if err := transaction.Abort(); err != nil {
				return err
			}
		}
		return transaction.Await(limit(t))
	}
	// At once, so that they would overwrite each other were they not serial.
	results := make(chan error)
	for range 5 {
		go func() { results <- add(false) }()
	}
	for range 5 {
		if err := <-results; err != nil {
			t.Fatal(err)
		}
	}
	if err := add(true); !errors.Is(err, dom.AbortError) {
		t.Fatalf("abort: error %v", err)
	}
	transaction, err := db.Transaction(indexeddb.ReadWrite, "store")
	if err != nil {
		t.Fatal(err)
	}
	store, err := transaction.ObjectStore("store")
	if err != nil {
		t.Fatal(err)
	}
	value, err := store.Get(limit(t), "n")
	if n, _ := value.Int(); err != nil || n != 5 {
		t.Errorf("n is %d, error %v", n, err)
	}
	if count, err := store.Count(limit(t)); err != nil || count != 1 {
		t.Errorf("count is %d, error %v", count, err)
	}
	if err := store.Delete(limit(t), "n"); err != nil {
		t.Error(err)
	}
	if value, err := store.Get(limit(t), "n"); err != nil || !value.IsUndefined() {
		t.Errorf("deleted, but there; error %v", err)
	}
	if _, err := db.Transaction(indexeddb.ReadOnly, "no such"); !errors.Is(err, dom.NotFoundError) {
		t.Errorf("error %v", err)
	}
}

// A connection gives way to whoever upgrades or deletes the database.
func TestIndexedDBGivesWay(t *testing.T) {
	db, err := openTestDatabase(t, 2)
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{}, 1)
	if err := db.OnClose(func() { closed <- struct{}{} }); err != nil {
		t.Fatal(err)
	}
	if _, err := openTestDatabase(t, 3); err == nil || err.Error() != "cannot upgrade" {
		t.Errorf("error %v", err)
	}
	<-closed
	if _, err := db.Transaction(indexeddb.ReadOnly, "store"); !errors.Is(err, dom.InvalidStateError) {
		t.Errorf("error %v", err)
	}
	if _, err := openTestDatabase(t, 1); !errors.Is(err, dom.VersionError) {
		t.Errorf("error %v", err)
	}
	if err := indexeddb.Delete(limit(t), t.Name()); err != nil {
		t.Error(err)
	}
}

func TestFetch(t *testing.T) {
	response, err := fetch.Fetch(limit(t), "/start", fetch.Init{})
	if err != nil || response.Status != 200 || response.Header("Content-Type") != "application/json" || response.Header("X-None") != "" {
		t.Fatalf("response %+v, error %v", response, err)
	}
	value, err := response.JSON(limit(t))
	if err != nil || value.Type() != safejs.TypeObject {
		t.Errorf("JSON of type %v, error %v", value.Type(), err)
	}
	if _, err := response.Text(limit(t)); !errors.Is(err, dom.TypeError) {
		t.Errorf("read twice: error %v", err)
	}
	response, err = fetch.Fetch(limit(t), "/", fetch.Init{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := response.JSON(limit(t)); !errors.Is(err, dom.SyntaxError) {
		t.Errorf("HTML as JSON: error %v", err)
	}
	if response, err = fetch.Fetch(limit(t), "/none", fetch.Init{}); err != nil || response.Status != 404 {
		t.Errorf("status %v, error %v", response, err)
	}
	// Port 9 is one that browsers refuse.
	if _, err := fetch.Fetch(limit(t), "http://localhost:9/", fetch.Init{}); !errors.Is(err, dom.TypeError) {
		t.Errorf("error %v", err)
	}
	// What ctx ends is not waited for.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fetch.Fetch(ctx, "/start", fetch.Init{}); err != context.Canceled {
		t.Errorf("after the end: error %v", err)
	}
}

// Only one holds a lock; who gives up waiting does not get it later.
func TestWebLocksExclude(t *testing.T) {
	held, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	wrong := errors.New("wrong")
	go func() {
		first <- weblocks.Request(t.Context(), "test", func(dom.Context) error {
			close(held)
			<-release
			return wrong
		})
	}()
	<-held
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := weblocks.Request(ctx, "test", func(dom.Context) error { t.Error("ran"); return nil }); err != context.Canceled {
		t.Errorf("error %v", err)
	}
	second := make(chan error, 1)
	go func() {
		second <- weblocks.Request(t.Context(), "test", func(dom.Context) error { return nil })
	}()
	select {
	case err := <-second:
		t.Errorf("the lock was held by two; error %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(release)
	if err := <-first; err != wrong {
		t.Errorf("error %v", err)
	}
	if err := <-second; err != nil {
		t.Error(err)
	}
	if err := weblocks.Request(limit(t), "-no", func(dom.Context) error { return nil }); !errors.Is(err, dom.NotSupportedError) {
		t.Errorf("a reserved name: error %v", err)
	}
}
