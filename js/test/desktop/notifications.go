package main

import (
	"errors"
	"fmt"
	"sync"

	"github.com/godbus/dbus/v5"
)

// Names of the Desktop Notifications Specification 1.2, section 9.
const (
	busName    = "org.freedesktop.Notifications"
	objectPath = dbus.ObjectPath("/org/freedesktop/Notifications")
)

// Reasons of NotificationClosed.
const (
	closedByUser = 2
	closedByCall = 3
)

// Action is one button of a notification; the action "default" is a click on its body.
type Action struct {
	Action string `json:"action"`
	Title  string `json:"title"`
}

// Event is a line that the desktop tells the harness.
type Event struct {
	// Event is "ready", "notify", "close" or "error".
	Event string `json:"event"`
	ID    uint32 `json:"id,omitempty"`
	// Replaces is the id that the application asked to replace, 0 for none.
	Replaces uint32         `json:"replaces,omitempty"`
	App      string         `json:"app,omitempty"`
	Icon     string         `json:"icon,omitempty"`
	Summary  string         `json:"summary,omitempty"`
	Body     string         `json:"body,omitempty"`
	Actions  []Action       `json:"actions,omitempty"`
	Hints    map[string]any `json:"hints,omitempty"`
	// Reason of a close: 2 by the user, 3 by the application.
	Reason uint32 `json:"reason,omitempty"`
	Error  string `json:"error,omitempty"`
}

// Desktop answers org.freedesktop.Notifications as a desktop's notification daemon does, and lets the caller play its user.
type Desktop struct {
	bus  *dbus.Conn
	tell func(Event)

	mu     sync.Mutex
	lastID uint32
	shown  map[uint32][]Action
}

// Serve takes the name org.freedesktop.Notifications on the bus at an address. tell is called for each event.
func Serve(address string, tell func(Event)) (*Desktop, error) {
	d := &Desktop{tell: tell, shown: make(map[uint32][]Action)}
	bus, err := dbus.Connect(address, dbus.WithIncomingInterceptor(answersNotifyItself))
	if err != nil {
		return nil, err
	}
	d.bus = bus
	if err := d.export(); err != nil {
		_ = bus.Close()
		return nil, err
	}
	return d, nil
}

// Close leaves the bus.
func (d *Desktop) Close() error {
	return d.bus.Close()
}

func (d *Desktop) export() error {
	methods := map[string]any{
		"Notify":               d.notify,
		"CloseNotification":    d.closeNotification,
		"GetCapabilities":      capabilities,
		"GetServerInformation": serverInformation,
	}
	if err := d.bus.ExportMethodTable(methods, objectPath, busName); err != nil {
		return err
	}
	reply, err := d.bus.RequestName(busName, dbus.NameFlagDoNotQueue)
	if err != nil {
		return err
	}
	if reply != dbus.RequestNameReplyPrimaryOwner {
		return errors.New("another program on this bus shows the notifications already")
	}
	return nil
}

// answersNotifyItself keeps the library from answering a call of Notify: only who answers it can tell what comes after.
func answersNotifyItself(call *dbus.Message) {
	if call.Type == dbus.TypeMethodCall && call.Headers[dbus.FieldMember].Value() == "Notify" {
		call.Flags |= dbus.FlagNoReplyExpected
	}
}

func capabilities() ([]string, *dbus.Error) {
	return []string{"actions", "body", "icon-static", "persistence"}, nil
}

func serverInformation() (name, vendor, version, specification string, _ *dbus.Error) {
	return "pushkit-test-desktop", "pushkit", "1", "1.2", nil
}

// notify shows a notification. The harness is told once the application has been sent the id: what the user does to the
// notification is then behind that, and no application hears of an id that it does not know yet, which browsers pass over.
func (d *Desktop) notify(call dbus.Message, app string, replaces uint32, icon, summary, body string, actions []string, hints map[string]dbus.Variant, _ int32) *dbus.Error {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := replaces
	if _, ok := d.shown[id]; !ok {
		d.lastID++
		id = d.lastID
	}
	pairs := pairActions(actions)
	d.shown[id] = pairs
	answer := &dbus.Message{
		Type: dbus.TypeMethodReply,
		Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldDestination: call.Headers[dbus.FieldSender],
			dbus.FieldReplySerial: dbus.MakeVariant(call.Serial()),
			dbus.FieldSignature:   dbus.MakeVariant(dbus.SignatureOf(id)),
		},
		Body: []any{id},
	}
	if err := d.bus.Send(answer, nil).Err; err != nil {
		return dbus.MakeFailedError(err)
	}
	d.tell(Event{Event: "notify", ID: id, Replaces: replaces, App: app, Icon: icon, Summary: summary, Body: body, Actions: pairs, Hints: readable(hints)})
	return nil
}

func (d *Desktop) closeNotification(id uint32) *dbus.Error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.end(id, closedByCall); err != nil {
		return dbus.MakeFailedError(err)
	}
	return nil
}

// Click plays the user who clicks an action of a notification: ActionInvoked, then NotificationClosed, as desktops do.
func (d *Desktop) Click(id uint32, action string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	actions, ok := d.shown[id]
	if !ok {
		return fmt.Errorf("notification %d is not shown", id)
	}
	if !has(actions, action) {
		return fmt.Errorf("notification %d has no action %q, it has %v", id, action, actions)
	}
	if err := d.bus.Emit(objectPath, busName+".ActionInvoked", id, action); err != nil {
		return err
	}
	return d.end(id, closedByUser)
}

// Dismiss plays the user who closes a notification without a click on it.
func (d *Desktop) Dismiss(id uint32) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.end(id, closedByUser)
}

// end is called with mu held.
func (d *Desktop) end(id uint32, reason uint32) error {
	if _, ok := d.shown[id]; !ok {
		return fmt.Errorf("notification %d is not shown", id)
	}
	delete(d.shown, id)
	d.tell(Event{Event: "close", ID: id, Reason: reason})
	return d.bus.Emit(objectPath, busName+".NotificationClosed", id, reason)
}

func pairActions(list []string) []Action {
	actions := make([]Action, 0, len(list)/2)
	for i := 0; i+1 < len(list); i += 2 {
		actions = append(actions, Action{Action: list[i], Title: list[i+1]})
	}
	return actions
}

func has(actions []Action, action string) bool {
	for _, a := range actions {
		if a.Action == action {
			return true
		}
	}
	return false
}

// readable gives the hints as JSON can hold them; of an image only its size is told, since its pixels would be megabytes.
func readable(hints map[string]dbus.Variant) map[string]any {
	told := make(map[string]any, len(hints))
	for name, hint := range hints {
		switch value := hint.Value().(type) {
		case []any:
			if len(value) > 1 {
				told[name] = map[string]any{"width": value[0], "height": value[1]}
			}
		default:
			told[name] = value
		}
	}
	return told
}
