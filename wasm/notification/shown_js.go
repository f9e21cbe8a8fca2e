package notification

import (
	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/webidl"
)

// A Notification is one that was shown, by this page or by its service worker.
// See https://notifications.spec.whatwg.org/#notification.
type Notification struct {
	value safejs.Value
}

// New shows a notification of this page, which has no actions and whose events
// end with the page. It is a [dom.TypeError] on mobile devices, which know
// those of service workers alone, and a [dom.NotSupportedError] where the API is
// missing. A page that may not show any hears it by [Notification.OnError]. See
// https://notifications.spec.whatwg.org/#dom-notification-notification.
func New(title string, options Options) (*Notification, error) {
	dictionary, err := webidl.ToJS(options)
	if err != nil {
		return nil, err
	}
	value, err := dom.New("Notification", title, dictionary)
	if err != nil {
		return nil, err
	}
	return FromJS(value), nil
}

// FromJS returns the Notification that value, a Notification, is.
func FromJS(value safejs.Value) *Notification { return &Notification{value} }

// MaxActions returns how many actions this browser shows at most; 0 where it
// shows none or does not tell. See
// https://notifications.spec.whatwg.org/#dom-notification-maxactions.
func MaxActions() int {
	constructor, ok := dom.Member(safejs.Global(), "Notification")
	if !ok {
		return 0
	}
	return int(number(constructor, "maxActions"))
}

// Title returns its title.
func (n *Notification) Title() string { return dom.StringMember(n.value, "title") }

// Dir returns the direction of its text.
func (n *Notification) Dir() Direction { return Direction(dom.StringMember(n.value, "dir")) }

// Lang returns the language of its text.
func (n *Notification) Lang() string { return dom.StringMember(n.value, "lang") }

// Body returns its text.
func (n *Notification) Body() string { return dom.StringMember(n.value, "body") }

// Navigate returns the absolute URL that a click opens, or "".
func (n *Notification) Navigate() string { return dom.StringMember(n.value, "navigate") }

// Tag returns its identity, or "".
func (n *Notification) Tag() string { return dom.StringMember(n.value, "tag") }

// Image returns its picture's absolute URL, or "".
func (n *Notification) Image() string { return dom.StringMember(n.value, "image") }

// Icon returns its icon's absolute URL, or "".
func (n *Notification) Icon() string { return dom.StringMember(n.value, "icon") }

// Badge returns its badge's absolute URL, or "".
func (n *Notification) Badge() string { return dom.StringMember(n.value, "badge") }

// Vibrate returns how the device vibrates, in ms.
func (n *Notification) Vibrate() []int {
	tree, _ := webidl.ToGo(n.member("vibrate"))
	list, _ := tree.([]any)
	var pattern []int
	for _, element := range list {
		ms, _ := element.(float64)
		pattern = append(pattern, int(ms))
	}
	return pattern
}

// Timestamp returns when what it tells of happens, in ms since 1970; 0 where
// the browser does not tell.
func (n *Notification) Timestamp() int64 { return int64(number(n.value, "timestamp")) }

// Renotify reports whether it told the person anew in another's place.
func (n *Notification) Renotify() bool { return truth(n.value, "renotify") }

// Silent reports whether it makes no sound; nil leaves that to the system.
func (n *Notification) Silent() *bool {
	if _, ok := dom.Member(n.value, "silent"); !ok {
		return nil
	}
	silent := truth(n.value, "silent")
	return &silent
}

// RequireInteraction reports whether it stays until the person does something
// with it.
func (n *Notification) RequireInteraction() bool { return truth(n.value, "requireInteraction") }

// Data returns the site's own data as package webidl's tree: what JSON holds of
// it.
func (n *Notification) Data() (any, error) { return webidl.ToGo(n.member("data")) }

// Actions returns its buttons.
func (n *Notification) Actions() ([]Action, error) {
	tree, err := webidl.ToGo(n.member("actions"))
	if err != nil {
		return nil, err
	}
	list, _ := tree.([]any)
	actions := make([]Action, len(list))
	for i, element := range list {
		if err := webidl.Decode(element, &actions[i]); err != nil {
			return nil, err
		}
	}
	return actions, nil
}

// Close takes it away. See
// https://notifications.spec.whatwg.org/#dom-notification-close.
func (n *Notification) Close() error {
	_, err := dom.Call(n.value, "close")
	return err
}

// OnClick, OnShow, OnError and OnClose call handle for the event of that name,
// until remove is called; handle must not block. The events are those of a
// notification that [New] has shown: a service worker's are heard there.
func (n *Notification) OnClick(handle func()) (remove func(), err error) {
	return n.on("click", handle)
}

// OnShow calls handle once it is shown: see [Notification.OnClick].
func (n *Notification) OnShow(handle func()) (remove func(), err error) { return n.on("show", handle) }

// OnError calls handle where it could not be shown, as without permission: see
// [Notification.OnClick].
func (n *Notification) OnError(handle func()) (remove func(), err error) {
	return n.on("error", handle)
}

// OnClose calls handle once it is away: see [Notification.OnClick].
func (n *Notification) OnClose(handle func()) (remove func(), err error) {
	return n.on("close", handle)
}

func (n *Notification) on(event string, handle func()) (remove func(), err error) {
	return dom.Listen(n.value, event, func(safejs.Value) { handle() })
}

// member returns a member, undefined where there is none.
func (n *Notification) member(name string) safejs.Value {
	value, ok := dom.Member(n.value, name)
	if !ok {
		return safejs.Undefined()
	}
	return value
}

func number(object safejs.Value, name string) float64 {
	value, ok := dom.Member(object, name)
	if !ok {
		return 0
	}
	float, _ := value.Float()
	return float
}

func truth(object safejs.Value, name string) bool {
	value, ok := dom.Member(object, name)
	if !ok {
		return false
	}
	truthy, _ := value.Truthy()
	return truthy
}
