package client

import (
	"errors"

	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/fetch"
	"github.com/pushkit/pushkit/wasm/notification"
	"github.com/pushkit/pushkit/wasm/push"
	"github.com/pushkit/pushkit/wasm/serviceworker"
	"github.com/pushkit/pushkit/wasm/webidl"
	"github.com/pushkit/pushkit/wasm/weblocks"
)

// NewBrowser returns the page that this program runs in.
func NewBrowser() *Browser {
	store := new(storage)
	return &Browser{
		Permission:        notification.CurrentPermission,
		RequestPermission: notification.RequestPermission,
		Register: func(ctx dom.Context, scriptURL, scope string) (*Registration, error) {
			return newRegistration(serviceworker.Register(ctx, scriptURL, scope))
		},
		GetRegistration: func(ctx dom.Context, clientURL string) (*Registration, error) {
			return newRegistration(serviceworker.GetRegistration(ctx, clientURL))
		},
		Request:      newLock(),
		Fetch:        fetchJSON,
		Record:       store.record,
		UpdateRecord: store.update,
		DeleteRecord: store.delete,
	}
}

// newLock returns Web Locks, or what stands in for them.
func newLock() func(dom.Context, string, func(dom.Context) error) error {
	if weblocks.Supported() {
		return weblocks.Request
	}
	held := make(chan struct{}, 1)
	return func(ctx dom.Context, _ string, do func(dom.Context) error) error {
		select {
		case held <- struct{}{}:
			defer func() { <-held }()
			return do(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func newRegistration(r *serviceworker.Registration, err error) (*Registration, error) {
	if err != nil || r == nil {
		return nil, err
	}
	return &Registration{
		Scope: r.Scope(),
		Workers: func() []Worker {
			var workers []Worker
			for _, w := range []*serviceworker.Worker{r.Active(), r.Waiting(), r.Installing()} {
				if w != nil {
					workers = append(workers, newWorker(w))
				}
			}
			return workers
		},
		AwaitActive: func(ctx dom.Context) error {
			_, err := r.AwaitActive(ctx)
			return err
		},
		PushManager: func() (*PushManager, error) { return newPushManager(r.PushManager()) },
	}, nil
}

// envelope is what page and service worker post to each other.
type envelope struct {
	Pushkit wire.WorkerMessage `json:"pushkit"`
}

func newWorker(w *serviceworker.Worker) Worker {
	return Worker{
		ScriptURL: w.ScriptURL(),
		Ask: func(ctx dom.Context, message wire.WorkerMessage) (wire.WorkerMessage, error) {
			value, err := w.Ask(ctx, envelope{message})
			if err != nil {
				return wire.WorkerMessage{}, err
			}
			var answer envelope
			err = webidl.FromJS(value, &answer)
			return answer.Pushkit, err
		},
	}
}

func newPushManager(m *push.Manager, err error) (*PushManager, error) {
	if err != nil {
		return nil, err
	}
	return &PushManager{
		GetSubscription: func(ctx dom.Context) (*PushSubscription, error) {
			return newPushSubscription(m.GetSubscription(ctx))
		},
		Subscribe: func(ctx dom.Context, options push.SubscriptionOptionsInit) (*PushSubscription, error) {
			return newPushSubscription(m.Subscribe(ctx, options))
		},
	}, nil
}

func newPushSubscription(s *push.Subscription, err error) (*PushSubscription, error) {
	if err != nil || s == nil {
		return nil, err
	}
	return &PushSubscription{s.Endpoint(), s.ApplicationServerKey, s.ToJSON, s.Unsubscribe}, nil
}

func fetchJSON(ctx dom.Context, method, url string, body any) (int, any, error) {
	// The server knows its visitors by their endpoints, never by cookies.
	init := fetch.Init{Method: method, Credentials: "omit", Cache: "no-store"}
	if body != nil {
		value, err := webidl.ToJS(body)
		if err != nil {
			return 0, nil, err
		}
		json, err := dom.CallGlobal("JSON", "stringify", value)
		if err != nil {
			return 0, nil, err
		}
		text, err := json.String()
		if err != nil {
			return 0, nil, err
		}
		init.Body = &text
		init.Headers = map[string]string{"Content-Type": "application/json"}
	}
	response, err := fetch.Fetch(ctx, url, init)
	if err != nil {
		return 0, nil, err
	}
	value, err := response.JSON(ctx)
	if errors.Is(err, dom.SyntaxError) {
		return response.Status, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	answer, err := webidl.ToGo(value)
	return response.Status, answer, err
}
