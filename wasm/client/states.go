package client

// A State is one that a call passes on its way to a subscription that the server
// has, or to none. All calls go through one machine, by the steps and ways that
// stand in its table:
//
//	Subscribe             Change, Sync            Unsubscribe, Forget
//	    │                      │                           │
//	    ▼                      ▼                           ▼
//	 Default                Resuming ───► Removing ◄──── Ending
//	  │   │                    │              │            │
//	  │   ▼                    │              ▼            │
//	  │ Asking                 │          Forgetting ◄─────┘
//	  ▼   ▼                    │
//	 Granted ◄─────────────────┤
//	    │   ◄── Unrecorded ◄───┘
//	    ▼
//	 Matching ───► Lost, Moved, KeyChanged, EndpointRemoved ───┐
//	  │   │                                                    │
//	  │   ▼                                                    │
//	  │ Subscribing ◄──────────────────────────────────────────┤
//	  │   │    └──► KeyRefused, EndpointRemoved ───────────────┤
//	  ▼   ▼                                                    │
//	 Syncing ──────► EndpointGone ─────────────────────────────┘
//	    │
//	    ▼
//	 Removing, where an earlier endpoint is left to tell of
//
// A call rests as Subscribed, Unsubscribed or Revoked, by what is wanted; what
// fails is Unsupported, Denied, Dismissed, Pending or Untold.
type State uint32

// The states in which a call does something.
const (
	// Default: somebody wants to subscribe.
	Default State = 1 << iota
	// Asking: the browser asks the person.
	Asking
	// Granted: the person has agreed; the wish is written down, and the service
	// worker installed. From here on no other call on the scope runs.
	Granted
	// Matching: the browser's subscription is compared with the server's.
	Matching
	// Subscribing: the push service makes a subscription.
	Subscribing
	// Syncing: the server is told.
	Syncing
	// Resuming: a page was loaded, or something is to be changed.
	Resuming
	// Ending: the person wants no subscription any more; that is written down.
	Ending
	// Removing: the browser's subscription is ended, and the server told.
	Removing
	// Forgetting: what is stored is deleted, unless the browser still has a
	// subscription, which nothing would tell from one that was lost.
	Forgetting
)

// The repairs: what can be wrong with a subscription. Each is made once in a
// call, EndpointRemoved a few times.
const (
	// Lost: the server has one, and the browser none, as after its permission was
	// taken back. The next follows the server's.
	Lost = Forgetting << (iota + 1)
	// Moved: the browser has another one than the server, as after the service
	// worker could not tell, or the site made one itself. It follows the server's.
	Moved
	// KeyChanged: it is for another application server key than the server's.
	KeyChanged
	// KeyRefused: the browser says so by InvalidStateError alone, or another tab
	// was faster.
	KeyRefused
	// EndpointRemoved: it is of [wire.PermanentlyRemovedHost].
	EndpointRemoved
	// EndpointGone: the server knows it to be dead, the browser does not.
	EndpointGone
	// Unrecorded: the browser has one of which nothing is stored, as after the
	// site cleared its storage. It is taken up if its key is the server's and the
	// worker ours; by another key it is another's for good.
	Unrecorded
)

// The states of rest, in which a call ends.
const (
	// Unsupported: the browser, the page's policy or another's service worker
	// does not allow it; the reason is the error's code.
	Unsupported = Unrecorded << (iota + 1)
	// Denied: the person, or the browser for them, has said no.
	Denied
	// Dismissed: the person has not answered, or could not be asked without a
	// click.
	Dismissed
	// Subscribed: server, browser and record agree.
	Subscribed
	// Unsubscribed: nothing is wanted, and nothing left.
	Unsubscribed
	// Revoked: a subscription is wanted, but not permitted any more. Once it is
	// permitted again, the next Sync goes on.
	Revoked
	// Pending: what is wanted is written down, and the next Sync goes on with
	// it: the server or the push service is away, or refuses.
	Pending
	// Untold: it has ended in the browser, of which the next Sync tells the
	// server.
	Untold
)

const (
	repairs = Lost | Moved | KeyChanged | KeyRefused | EndpointGone | Unrecorded
	rests   = Unsupported | Denied | Dismissed | Subscribed | Unsubscribed | Revoked | Pending | Untold
)
