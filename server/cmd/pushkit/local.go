package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/dispatch"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// A local works on the database itself, whether a server runs on it or not.
type local struct {
	cmd   *cli.Command
	store database
	site  push.Site
	// end stops the dispatcher that delivers where no server does.
	end func() error
}

func openLocal(ctx context.Context, cmd *cli.Command) (*local, error) {
	store, site, err := openDatabase(ctx, cmd, true)
	if err != nil {
		return nil, err
	}
	return &local{cmd: cmd, store: store, site: site, end: func() error { return nil }}, nil
}

func (l *local) count(ctx context.Context, r wire.MessageRequest) (wire.DryRunResponse, error) {
	m, warnings, err := l.site.ParseMessage(r, time.Now())
	if err != nil {
		return wire.DryRunResponse{}, err
	}
	targeted, err := l.store.CountAudience(ctx, l.site.ID, m.Audience)
	return wire.DryRunResponse{Targeted: targeted, Warnings: warnings}, err
}

func (l *local) send(ctx context.Context, r wire.MessageRequest) (wire.MessageResponse, error) {
	m, warnings, err := l.site.ParseMessage(r, time.Now())
	if err != nil {
		return wire.MessageResponse{}, err
	}
	dispatcher, err := l.deliver(ctx)
	if err != nil {
		return wire.MessageResponse{}, err
	}
	status, batches, err := l.store.CreateMessage(ctx, l.site.ID, m, push.CreateOptions{Lease: dispatcher != nil, Warnings: warnings})
	if err != nil {
		return wire.MessageResponse{}, err
	}
	if dispatcher != nil {
		dispatcher.Hand(batches)
		dispatcher.Wake()
		if r.SendAt != nil || r.Spread > 0 {
			l.warnOfNoServer()
		}
	} else if err := l.warnOfNobody(ctx); err != nil {
		return wire.MessageResponse{}, err
	}
	return status.Response(), nil
}

// warnOfNobody says so where no server is there to deliver a message that was
// accepted.
func (l *local) warnOfNobody(ctx context.Context) error {
	if shared, ok := l.store.(sharedDatabase); ok {
		alive, err := shared.IsAnyNodeAlive(ctx)
		if err == nil && !alive {
			l.warnOfNoServer()
		}
		return err
	}
	unlock, held, err := lockDispatch(l.cmd)
	if err != nil || !held {
		return err
	}
	l.warnOfNoServer()
	return unlock()
}

func (l *local) warnOfNoServer() {
	fmt.Fprintln(l.cmd.Root().ErrWriter, "no server runs on this database: the message is kept until one does (pushkit serve)")
}

// deliver starts a dispatcher unless a server delivers, or nobody waits for it; then
// it returns nil. Where several servers may, that is theirs alone.
func (l *local) deliver(ctx context.Context) (*dispatch.Dispatcher, error) {
	if _, shared := l.store.(sharedDatabase); shared || l.cmd.Bool(noWaitFlag.Name) {
		return nil, nil
	}
	unlock, held, err := lockDispatch(l.cmd)
	if err != nil || !held {
		return nil, err
	}
	how, err := keptSending(ctx, l.cmd, l.store)
	if err != nil {
		return nil, errors.Join(err, unlock())
	}
	sender, _, err := how.client(0)
	if err == nil {
		err = recoverLeases(ctx, l.store)
	}
	if err != nil {
		return nil, errors.Join(err, unlock())
	}
	dispatcher := dispatch.New(l.store, l.store, sender, slog.New(slog.NewTextHandler(l.cmd.Root().ErrWriter, nil)))
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		dispatcher.Run(ctx)
	}()
	l.end = func() error {
		cancel()
		<-ended
		return unlock()
	}
	return dispatcher, nil
}

func (l *local) message(ctx context.Context, id string) (wire.MessageResponse, error) {
	parsed, _ := push.ParseID(id)
	status, err := l.store.MessageStatus(ctx, l.site.ID, parsed)
	return status.Response(), err
}

func (l *local) messages(ctx context.Context, cursor string) (wire.MessageList, error) {
	messages, next, err := l.store.ListMessages(ctx, l.site.ID, cursor, 1000)
	if err != nil {
		return wire.MessageList{}, err
	}
	return api.MessageList(messages, next), nil
}

func (l *local) deliveries(ctx context.Context, id, state, cursor string) (wire.DeliveryList, error) {
	outcome, err := push.ParseDeliveryState(state)
	if err != nil {
		return wire.DeliveryList{}, err
	}
	parsed, _ := push.ParseID(id)
	status, err := l.store.MessageStatus(ctx, l.site.ID, parsed)
	if err != nil {
		return wire.DeliveryList{}, err
	}
	deliveries, next, err := l.store.ListDeliveries(ctx, l.site.ID, parsed, outcome, cursor, 1000)
	return api.DeliveryList(status.Counts, outcome, deliveries, next), err
}

func (l *local) cancel(ctx context.Context, id string) (wire.MessageResponse, error) {
	if _, sole := l.store.(soleDatabase); sole {
		// What a process that has died was sending is nobody's.
		unlock, held, err := lockDispatch(l.cmd)
		if err != nil {
			return wire.MessageResponse{}, err
		}
		if held {
			l.end = unlock
			if err := recoverLeases(ctx, l.store); err != nil {
				return wire.MessageResponse{}, err
			}
		}
	}
	parsed, _ := push.ParseID(id)
	status, err := l.store.CancelMessage(ctx, l.site.ID, parsed)
	return status.Response(), err
}

func (l *local) subscriptions(ctx context.Context, failing, cursor string) (list wire.SubscriptionList, err error) {
	const limit = 1000
	var subs []push.Subscription
	var next string
	if failing == "" {
		subs, next, err = l.store.ListSubscriptions(ctx, l.site.ID, cursor, limit)
	} else {
		var age time.Duration
		if age, err = push.ParseAge("--failing", failing); err != nil {
			return list, err
		}
		subs, next, err = l.store.ListFailing(ctx, l.site.ID, time.Now().Add(-age), cursor, limit)
	}
	if err != nil {
		return list, err
	}
	return api.SubscriptionList(subs, next), nil
}

func (l *local) losses(ctx context.Context, from, to string) (wire.LossList, error) {
	first, last, err := push.ParseDays(from, to, time.Now())
	if err != nil {
		return wire.LossList{}, err
	}
	losses, err := l.store.Losses(ctx, l.site.ID, first, last)
	return api.LossList(losses), err
}

func (l *local) user(ctx context.Context, id string) (wire.UserResponse, error) {
	user, err := l.store.UserByID(ctx, l.site.ID, id)
	return api.UserResponse(id, user), err
}

func (l *local) setUser(ctx context.Context, id string, request wire.UserRequest) error {
	attributes, err := push.ParseAttributes(request)
	if err != nil {
		return err
	}
	return l.store.SetAttributes(ctx, l.site.ID, id, attributes)
}

func (l *local) forgetUser(ctx context.Context, id string) error {
	return l.store.ForgetUser(ctx, l.site.ID, id)
}

func (l *local) close() error { return errors.Join(l.end(), l.store.Close()) }
