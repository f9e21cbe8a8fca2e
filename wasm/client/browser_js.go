package client

import (
	"context"
	"errors"

	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/fetch"
	"github.com/pushkit/pushkit/wasm/notification"
	"github.com/pushkit/pushkit/wasm/push"
	"github.com/pushkit/pushkit/wasm/serviceworker"
	"github.com/pushkit/pushkit/wasm/webidl"
	"github.com/pushkit/pushkit/wasm/weblocks"

	"github.com/hack-pad/safejs"
)

// NewBrowser returns the page that this program runs in.
func NewBrowser() Browser {
	return &page{lock: make(chan struct{}, 1)}
}

type page struct {
	storage
	// lock stands in for Web Locks.
	lock chan struct{}
}

func (*page) Permission() (notification.Permission, error) {
	return notification.CurrentPermission()
}

func (*page) RequestPermission(ctx context.Context) (notification.Permission, error) {
	return notification.RequestPermission(ctx)
}

func (*page) Register(ctx context.Context, scriptURL, scope string) (Registration, error) {
	registered, err := serviceworker.Register(ctx, scriptURL, scope)
	if err != nil {
		return nil, err
	}
	return registration{registered}, nil
}

func (*page) GetRegistration(ctx context.Context, clientURL string) (Registration, error) {
	found, err := serviceworker.GetRegistration(ctx, clientURL)
	if err != nil || found == nil {
		return nil, err
	}
	return registration{found}, nil
}

func (p *page) Request(ctx context.Context, name string, do func(ctx context.Context) error) error {
	if weblocks.Supported() {
		return weblocks.Request(ctx, name, do)
	}
	select {
	case p.lock <- struct{}{}:
		defer func() { <-p.lock }()
		return do(ctx)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (*page) Fetch(ctx context.Context, method, url string, body any) (int, any, error) {
	// The server knows its visitors by their endpoints, never by cookies.
	init := fetch.Init{Method: method, Credentials: "omit", Cache: "no-store"}
	if body != nil {
		text, err := stringify(body)
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

func stringify(body any) (string, error) {
	value, err := webidl.ToJS(body)
	if err != nil {
		return "", err
	}
	json, err := safejs.Global().Get("JSON")
	if err != nil {
		return "", dom.Error(err)
	}
	text, err := json.Call("stringify", value)
	if err != nil {
		return "", dom.Error(err)
	}
	return text.String()
}

type registration struct {
	*serviceworker.Registration
}

func (r registration) Workers() []Worker {
	var workers []Worker
	for _, present := range []*serviceworker.Worker{r.Active(), r.Waiting(), r.Installing()} {
		if present != nil {
			workers = append(workers, worker{present})
		}
	}
	return workers
}

func (r registration) AwaitActive(ctx context.Context) error {
	_, err := r.Registration.AwaitActive(ctx)
	return err
}

func (r registration) PushManager() (PushManager, error) {
	found, err := r.Registration.PushManager()
	if err != nil {
		return nil, err
	}
	return manager{found}, nil
}

type worker struct {
	*serviceworker.Worker
}

// envelope is what page and service worker post to each other.
type envelope struct {
	Pushkit wire.WorkerMessage `json:"pushkit"`
}

func (w worker) Ask(ctx context.Context, message wire.WorkerMessage) (wire.WorkerMessage, error) {
	value, err := w.Worker.Ask(ctx, envelope{message})
	if err != nil {
		return wire.WorkerMessage{}, err
	}
	var answer envelope
	err = webidl.FromJS(value, &answer)
	return answer.Pushkit, err
}

type manager struct {
	*push.Manager
}

func (m manager) GetSubscription(ctx context.Context) (PushSubscription, error) {
	subscription, err := m.Manager.GetSubscription(ctx)
	if err != nil || subscription == nil {
		return nil, err
	}
	return subscription, nil
}

func (m manager) Subscribe(ctx context.Context, options push.SubscriptionOptionsInit) (PushSubscription, error) {
	subscription, err := m.Manager.Subscribe(ctx, options)
	if err != nil {
		return nil, err
	}
	return subscription, nil
}
