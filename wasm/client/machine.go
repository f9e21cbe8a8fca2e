package client

import (
	"strconv"

	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
)

// machine is what the states do, and where they lead. The error of a step ends the
// call, in the state of rest that it returns with it or that the error stands for.
// But where a step returns a repair, that is made first, unless it was already.
var machine = [...]struct {
	state State
	step  func(*call, dom.Context) (State, error)
	next  State
}{
	{Default, (*call).look, Asking | Granted | Denied | Unsupported},
	{Asking, (*call).ask, Granted | Denied | Dismissed},
	{Granted, (*call).prepare, Matching | Unsupported | Pending},
	{Matching, (*call).match, Lost | Moved | KeyChanged | EndpointRemoved | Subscribing | Syncing | Pending},
	{Lost, (*call).follow, Subscribing},
	{Moved, (*call).follow, Subscribing},
	{KeyChanged, (*call).makeRoom, Subscribing | Pending},
	{KeyRefused, (*call).findAndMakeRoom, Subscribing | Pending},
	{EndpointRemoved, (*call).waitForAnother, Subscribing | Pending},
	{EndpointGone, (*call).replace, Subscribing | Pending},
	{Subscribing, (*call).subscribe, KeyRefused | EndpointRemoved | Syncing | Denied | Pending},
	{Syncing, (*call).tell, EndpointGone | Removing | Subscribed | Unsupported | Pending},
	{Unrecorded, (*call).adopt, Granted | Unsubscribed | Pending},
	{Resuming, (*call).resume, Unrecorded | Granted | Removing | Revoked | Unsubscribed | Unsupported | Pending},
	{Ending, (*call).end, Removing | Forgetting | Unsubscribed | Unsupported | Pending},
	{Removing, (*call).remove, Forgetting | Subscribed | Revoked | Unsubscribed | Untold | Unsupported | Pending},
	{Forgetting, (*call).forget, Unsubscribed | Unsupported},
}

// A call is one of the client's on its way.
type call struct {
	*Client
	options Options
	prompt  Prompt
	forgets bool

	record   wire.Record
	manager  *PushManager
	key      string
	repaired State
	// subscription is the browser's; replaces the endpoint that it follows.
	subscription *PushSubscription
	replaces     string
	attempts     int
	confirmed    Subscription
}

// walk goes from a state to where the call rests, or until a state is reached.
func (c *call) walk(ctx dom.Context, at, until State) (State, error) {
	var err error
	for at&rests == 0 && at != until {
		var next, allowed State
		for _, m := range machine {
			if m.state == at {
				next, err = m.step(c, ctx)
				allowed = m.next
			}
		}
		switch {
		case err != nil && next&^c.repaired&(repairs|rests) == 0:
			if next = restOf(err) & allowed; next == 0 {
				next = Pending
			}
		case next&allowed == 0:
			return 0, &Error{Code: wire.Unexpected, Detail: "state " + strconv.Itoa(int(at)) + " to " + strconv.Itoa(int(next))}
		}
		if c.passed != nil {
			c.passed(at, next)
		}
		c.repaired |= next & repairs
		at = next
	}
	return at, err
}

// restOf returns where a call rests that has failed.
func restOf(err error) State {
	switch CodeOf(err) {
	case wire.NoServiceWorker, wire.NoPushManager, wire.ForeignServiceWorker, wire.ServiceWorkerFailed, wire.StorageFailed:
		return Unsupported
	case wire.PermissionDenied:
		return Denied
	case wire.PermissionDismissed, wire.NoUserGesture:
		return Dismissed
	}
	return Pending
}
