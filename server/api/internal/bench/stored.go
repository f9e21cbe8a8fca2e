package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

// subscriptions measures new ones and known ones that come again, with server and wrk on
// all cores.
func (b *bench) subscriptions(ctx context.Context) error {
	if err := errors.Join(b.node.Stop(), b.Share()); err != nil {
		return err
	}
	if err := b.start(ctx, false, ""); err != nil {
		return err
	}
	s := b.service.Subscription(0)
	s.Endpoint += "-of-visitor-NUMBER"
	if err := os.WriteFile(b.path("subscription.json"), s.JSON(), 0o600); err != nil {
		return err
	}
	l := load{
		method: "POST", path: wire.PathSubscriptions, kind: "subscriptions", connections: 100, duration: b.each,
		arguments: []string{b.path("subscription.json"), "1", "1000000000"},
	}
	r, err := b.mustSucceed(ctx, l)
	if err != nil {
		return err
	}
	b.Add(r.perSecond() >= 5000 && r.p99() <= 50, "POST "+l.path+", new ones", "≥ 5,000/s, p99 ≤ 50 ms", "%.0f/s, p99 %.1f ms at 100 connections, all cores", r.perSecond(), r.p99())
	l.arguments[2] = fmt.Sprint(r.Requests)
	if r, err = b.mustSucceed(ctx, l); err != nil {
		return err
	}
	b.Add(r.perSecond() >= 10_000, "POST "+l.path+", known ones", "≥ 10,000/s", "%.0f/s, p99 %.1f ms at 100 connections, all cores", r.perSecond(), r.p99())
	return nil
}

// tokens are those of the deliveries that the push service got.
type tokens struct {
	mu  sync.Mutex
	all []string
}

func (t *tokens) enter(p pushtest.Push) {
	var payload wire.Payload
	if err := json.Unmarshal(p.Text, &payload); err != nil {
		panic(err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, payload.Notification.Data.Pushkit.Token)
}

// events measures reports that are new, of one event and of twenty each.
func (b *bench) events(ctx context.Context) error {
	if err := b.deliver(ctx); err != nil {
		return err
	}
	fifth := len(b.tokens.all) / 5
	// Events that come alone are of a fifth of the deliveries, the twenties of the others.
	for _, part := range []struct {
		size   int
		tokens []string
		target float64
	}{{1, b.tokens.all[:fifth], 0}, {20, b.tokens.all[fifth:], 20_000}} {
		path := b.path(fmt.Sprintf("events-%d.ndjson", part.size))
		posts, err := writeEvents(path, part.tokens, part.size)
		if err != nil {
			return err
		}
		// Shorter than it takes to tell all of them: what is told twice is not stored.
		duration := min(b.each, 2*time.Second)
		r, err := b.mustSucceed(ctx, load{
			method: "POST", path: wire.PathEvents, kind: "lines", connections: 100, duration: duration, arguments: []string{path},
		})
		if err != nil {
			return err
		}
		if r.Asked > int64(posts) {
			return fmt.Errorf("events of %d came again: -recipients is too small", part.size)
		}
		rate, target := r.perSecond()*float64(part.size), "none"
		if part.target > 0 {
			target = fmt.Sprintf("≥ %.0f events/s", part.target)
		}
		b.Add(rate >= part.target, fmt.Sprintf("POST %s, %d in each", wire.PathEvents, part.size), target, "%.0f events/s, p99 %.1f ms at 100 connections", rate, r.p99())
	}
	return nil
}

// deliver sends a message to as many as told, whose tokens arrive.
func (b *bench) deliver(ctx context.Context) error {
	err := rig.Each(b.recipients, 50, func(i int) error {
		_, err := b.node.Subscribe(ctx, b.service.Subscription(i))
		return err
	})
	if err != nil {
		return err
	}
	id, err := b.node.Send(ctx, "", `{"audience": {"all": true}, "notification": {"title": "x"}}`)
	if err != nil {
		return err
	}
	_, err = b.node.AwaitSent(ctx, id, 200*time.Millisecond, 10*time.Minute)
	return err
}

// writeEvents writes a line for each report: of deliveries first that they were
// displayed, then that they were closed.
func writeEvents(path string, tokens []string, size int) (posts int, err error) {
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	w := bufio.NewWriter(file)
	now := time.Now().UnixMilli()
	for _, kind := range []string{"displayed", "closed"} {
		for i := 0; i+size <= len(tokens); i += size {
			reports := make([]string, size)
			for j := range size {
				reports[j] = fmt.Sprintf(`{"token":%q,"type":%q,"at":%d}`, tokens[i+j], kind, now)
			}
			fmt.Fprintf(w, "[%s]\n", strings.Join(reports, ","))
			posts++
		}
	}
	return posts, w.Flush()
}
