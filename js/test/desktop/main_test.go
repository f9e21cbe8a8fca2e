package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

const wait = 10 * time.Second

// imageData is the signature (iiibiiay) of the specification's section 5.
type imageData struct {
	Width, Height, RowStride int32
	HasAlpha                 bool
	BitsPerSample, Channels  int32
	Pixels                   []byte
}

// desktopUnderTest is run() on a bus of its own, seen from both sides: by the harness and by an application.
type desktopUnderTest struct {
	t        *testing.T
	commands io.Writer
	events   chan Event
	app      dbus.BusObject
	signals  chan *dbus.Signal
	// heard has what came to the application, in its order, as far as a test reads it.
	heard chan *dbus.Message
}

func start(t *testing.T) *desktopUnderTest {
	t.Helper()
	address := startBus(t)
	in, commands := io.Pipe()
	out, told := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(address, in, told) }()
	events := make(chan Event, 16)
	go func() {
		defer close(events)
		lines := json.NewDecoder(out)
		for {
			var event Event
			if lines.Decode(&event) != nil {
				return
			}
			events <- event
		}
	}()
	t.Cleanup(func() {
		commands.Close()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
		told.Close()
	})

	heard := make(chan *dbus.Message, 64)
	app, err := dbus.Connect(address, dbus.WithIncomingInterceptor(func(message *dbus.Message) {
		select {
		case heard <- message:
		default:
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { app.Close() })
	signals := make(chan *dbus.Signal, 16)
	app.Signal(signals)
	if err := app.AddMatchSignal(dbus.WithMatchInterface(busName)); err != nil {
		t.Fatal(err)
	}
	d := &desktopUnderTest{t: t, commands: commands, events: events, app: app.Object(busName, objectPath), signals: signals, heard: heard}
	if got := d.event(); got.Event != "ready" {
		t.Fatalf("first event is %+v, want ready", got)
	}
	return d
}

func startBus(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("dbus-daemon")
	if err != nil {
		t.Skip("needs dbus-daemon")
	}
	bus := exec.Command(program, "--config-file=bus.conf", "--nofork", "--nopidfile", "--print-address")
	out, err := bus.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := bus.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = bus.Process.Kill()
		_ = bus.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(address)
}

func (d *desktopUnderTest) event() Event {
	d.t.Helper()
	select {
	case event, ok := <-d.events:
		if !ok {
			d.t.Fatal("the desktop ended")
		}
		return event
	case <-time.After(wait):
		d.t.Fatal("no event")
	}
	return Event{}
}

func (d *desktopUnderTest) command(line string) {
	d.t.Helper()
	if _, err := io.WriteString(d.commands, line+"\n"); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desktopUnderTest) notify(replaces uint32, summary string, hints map[string]dbus.Variant, actions ...string) uint32 {
	d.t.Helper()
	var id uint32
	call := d.app.Call(busName+".Notify", 0, "Firefox", replaces, "icon.png", summary, "a body", actions, hints, int32(-1))
	if err := call.Store(&id); err != nil {
		d.t.Fatal(err)
	}
	return id
}

// signal expects the next signal to be this one.
func (d *desktopUnderTest) signal(name string, want ...any) {
	d.t.Helper()
	for {
		select {
		case got := <-d.signals:
			if !strings.HasPrefix(got.Name, busName) {
				continue
			}
			if got.Name != busName+"."+name || !reflect.DeepEqual(got.Body, want) {
				d.t.Fatalf("signal %s %v, want %s %v", got.Name, got.Body, name, want)
			}
			return
		case <-time.After(wait):
			d.t.Fatalf("no signal %s", name)
		}
	}
}

func TestNotificationIsToldWithAllThatIsSeenOfIt(t *testing.T) {
	d := start(t)
	id := d.notify(0, "Goal!", map[string]dbus.Variant{
		"urgency":    dbus.MakeVariant(byte(1)),
		"image-data": dbus.MakeVariant(imageData{Width: 2, Height: 3, Pixels: []byte{1, 2}}),
	}, "default", "Activate", "watch", "Watch")
	want := Event{
		Event: "notify", ID: id, App: "Firefox", Icon: "icon.png", Summary: "Goal!", Body: "a body",
		Actions: []Action{{"default", "Activate"}, {"watch", "Watch"}},
		Hints:   map[string]any{"urgency": 1.0, "image-data": map[string]any{"width": 2.0, "height": 3.0}},
	}
	if got := d.event(); !reflect.DeepEqual(got, want) {
		t.Fatalf("told\n%+v, want\n%+v", got, want)
	}
}

func TestClickInvokesTheActionAndThenCloses(t *testing.T) {
	d := start(t)
	id := d.notify(0, "one", nil, "default", "", "watch", "Watch")
	d.event()
	d.command(`{"click": 1, "action": "watch"}`)
	d.signal("ActionInvoked", id, "watch")
	d.signal("NotificationClosed", id, uint32(closedByUser))
	if got, want := d.event(), (Event{Event: "close", ID: id, Reason: closedByUser}); !reflect.DeepEqual(got, want) {
		t.Fatalf("told %+v, want %+v", got, want)
	}
}

func TestDismissClosesWithoutAnAction(t *testing.T) {
	d := start(t)
	id := d.notify(0, "one", nil, "default", "")
	d.event()
	d.command(`{"dismiss": 1}`)
	d.signal("NotificationClosed", id, uint32(closedByUser))
}

func TestApplicationHasTheIDBeforeTheEndOfTheNotification(t *testing.T) {
	d := start(t)
	for range 200 {
		for len(d.heard) > 0 {
			<-d.heard
		}
		go d.app.Go(busName+".Notify", 0, nil, "app", uint32(0), "", "one", "", []string{}, map[string]dbus.Variant{}, int32(-1))
		id := d.event().ID
		d.command(fmt.Sprintf(`{"dismiss": %d}`, id))
		d.event()
		if first := <-d.heard; first.Type != dbus.TypeMethodReply || first.Body[0] != id {
			t.Fatalf("the application heard %v before the answer with the id %d", first, id)
		}
		d.signal("NotificationClosed", id, uint32(closedByUser))
	}
}

func TestApplicationClosesItsNotification(t *testing.T) {
	d := start(t)
	id := d.notify(0, "one", nil)
	d.event()
	if err := d.app.Call(busName+".CloseNotification", 0, id).Err; err != nil {
		t.Fatal(err)
	}
	d.signal("NotificationClosed", id, uint32(closedByCall))
	if err := d.app.Call(busName+".CloseNotification", 0, id).Err; err == nil {
		t.Fatal("closed twice without an error")
	}
}

func TestReplacedNotificationKeepsItsIDOnlyWhileItIsShown(t *testing.T) {
	d := start(t)
	first := d.notify(0, "one", nil)
	if got := d.notify(first, "two", nil); got != first {
		t.Fatalf("replacing %d gave %d", first, got)
	}
	d.event()
	if got := d.event(); got.Replaces != first || got.Summary != "two" {
		t.Fatalf("told %+v", got)
	}
	d.command(`{"dismiss": 1}`)
	d.signal("NotificationClosed", first, uint32(closedByUser))
	if got := d.notify(first, "three", nil); got == first {
		t.Fatalf("an id of a closed notification was given again")
	}
}

func TestBadCommandsAreToldAndDoNotEndTheDesktop(t *testing.T) {
	d := start(t)
	d.notify(0, "one", nil, "default", "")
	d.event()
	for _, line := range []string{`{`, `{}`, `{"click": 1, "action": "absent"}`, `{"click": 7, "action": "default"}`, `{"dismiss": 7}`} {
		d.command(line)
		if got := d.event(); got.Event != "error" || got.Error == "" {
			t.Fatalf("%s was answered %+v", line, got)
		}
	}
	d.command(`{"click": 1, "action": "default"}`)
	if got := d.event(); got.Event != "close" {
		t.Fatalf("told %+v", got)
	}
}

func TestApplicationLearnsWhatTheDesktopCanDo(t *testing.T) {
	d := start(t)
	var got []string
	if err := d.app.Call(busName+".GetCapabilities", 0).Store(&got); err != nil {
		t.Fatal(err)
	}
	// Firefox leaves out the buttons where "actions" is absent.
	for _, want := range []string{"actions", "body"} {
		if !strings.Contains(strings.Join(got, " "), want) {
			t.Errorf("capabilities %v lack %s", got, want)
		}
	}
	var name, vendor, version, specification string
	if err := d.app.Call(busName+".GetServerInformation", 0).Store(&name, &vendor, &version, &specification); err != nil {
		t.Fatal(err)
	}
	if specification != "1.2" {
		t.Errorf("specification %q", specification)
	}
}
