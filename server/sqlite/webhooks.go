package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
)

// AddWebhook implements [push.Webhooks].
func (s *Store) AddWebhook(ctx context.Context, site push.SiteID, w push.Webhook) (push.Webhook, error) {
	w.ID, w.CreatedAt = push.NewID(), s.now()
	err := s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		n, err := q.CountWebhooks(ctx, int64(site))
		if err == nil && n >= push.MaxWebhooks {
			err = push.ErrTooManyWebhooks()
		}
		if err != nil {
			return err
		}
		now := w.CreatedAt.UnixMilli()
		return q.InsertWebhook(ctx, db.InsertWebhookParams{
			ID: w.ID[:], Site: int64(site), Url: w.URL, Types: int64(w.Types), Secret: w.Secret[:], CreatedAt: now, NextAt: now})
	})
	if err != nil {
		return push.Webhook{}, err
	}
	return w, s.learnWanted(ctx, s.read)
}

// learnWanted reads what webhooks want.
func (s *Store) learnWanted(ctx context.Context, q *db.Queries) error {
	rows, err := q.WantedTypes(ctx)
	if err != nil {
		return explain(err)
	}
	bySite := make(map[push.SiteID]push.WebhookTypes)
	for _, row := range rows {
		bySite[push.SiteID(row.Site)] |= push.WebhookTypes(row.Types)
	}
	s.wanted.Set(bySite)
	return nil
}

// ListWebhooks implements [push.Webhooks].
func (s *Store) ListWebhooks(ctx context.Context, site push.SiteID) ([]push.Webhook, error) {
	rows, err := s.read.WebhooksOfSite(ctx, int64(site))
	if err != nil {
		return nil, explain(err)
	}
	webhooks := make([]push.Webhook, len(rows))
	for i, row := range rows {
		w := webhook(row)
		waiting, err := s.read.CountWaiting(ctx, row.ID)
		if err != nil {
			return nil, explain(err)
		}
		leased, err := s.read.CountLeased(ctx, row.ID)
		if err != nil {
			return nil, explain(err)
		}
		if w.GivenUp, err = s.read.CountGivenUp(ctx, row.ID); err != nil {
			return nil, explain(err)
		}
		w.Waiting = waiting + leased
		webhooks[i] = w
	}
	return webhooks, nil
}

func webhook(row db.Webhook) push.Webhook {
	w := push.Webhook{
		ID: push.ID(row.ID), URL: row.Url, Types: push.WebhookTypes(row.Types), Secret: push.WebhookSecret(row.Secret),
		FormerUntil: timeOrNever(row.FormerUntil), CreatedAt: time.UnixMilli(row.CreatedAt), Dropped: row.Dropped,
		WebhookState: push.WebhookState{
			SucceededAt: timeOrNever(row.SucceededAt), FailedAt: timeOrNever(row.FailedAt), Failure: row.Failure,
			FailingSince: timeOrNever(row.FailingSince), Failures: int(row.Failures), DisabledAt: timeOrNever(row.DisabledAt),
		},
	}
	copy(w.Former[:], row.Former)
	return w
}

func neverOrTime(at time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: at.UnixMilli(), Valid: !at.IsZero()}
}

// DeleteWebhook implements [push.Webhooks].
func (s *Store) DeleteWebhook(ctx context.Context, site push.SiteID, id push.ID) (ok bool, err error) {
	err = s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		n, err := q.DeleteWebhook(ctx, db.DeleteWebhookParams{Site: int64(site), ID: id[:]})
		ok = n > 0
		return err
	})
	if err != nil || !ok {
		return false, err
	}
	for more := true; more; {
		err := s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
			n, err := q.DropWebhookEvents(ctx, db.DropWebhookEventsParams{Webhook: id[:], Most: push.SweepSize})
			more = n == push.SweepSize
			return err
		})
		if err != nil {
			return true, err
		}
	}
	return true, s.learnWanted(ctx, s.read)
}

// RotateWebhook implements [push.Webhooks].
func (s *Store) RotateWebhook(ctx context.Context, site push.SiteID, id push.ID, secret push.WebhookSecret) (push.Webhook, error) {
	return s.changeWebhook(ctx, site, id, func(ctx context.Context, q *db.Queries) (int64, error) {
		return q.RotateWebhook(ctx, db.RotateWebhookParams{
			Until: neverOrTime(s.now().Add(push.FormerTime)), Secret: secret[:], Site: int64(site), ID: id[:]})
	})
}

// EnableWebhook implements [push.Webhooks].
func (s *Store) EnableWebhook(ctx context.Context, site push.SiteID, id push.ID) (push.Webhook, error) {
	w, err := s.changeWebhook(ctx, site, id, func(ctx context.Context, q *db.Queries) (int64, error) {
		n, err := q.EnableWebhook(ctx, db.EnableWebhookParams{Now: s.now().UnixMilli(), Site: int64(site), ID: id[:]})
		if err != nil || n == 0 {
			return n, err
		}
		return n, q.TryGivenUp(ctx, db.TryGivenUpParams{Now: neverOrTime(s.now()), Webhook: id[:]})
	})
	if err != nil {
		return w, err
	}
	return w, s.learnWanted(ctx, s.read)
}

// ListGivenUp implements [push.Webhooks].
func (s *Store) ListGivenUp(ctx context.Context, site push.SiteID, id push.ID, cursor string, limit int) (page []push.GivenUp, next string, err error) {
	before, err := push.ParseMessageCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	if _, err := s.read.WebhookOfSite(ctx, db.WebhookOfSiteParams{Site: int64(site), ID: id[:]}); errors.Is(err, sql.ErrNoRows) {
		return nil, "", push.ErrWebhookUnknown()
	} else if err != nil {
		return nil, "", explain(err)
	}
	rows, err := s.read.GivenUpBefore(ctx, db.GivenUpBeforeParams{Webhook: id[:], ID: before[:], Limit: int64(limit) + 1})
	if err != nil {
		return nil, "", explain(err)
	}
	rows, next = push.CutPage(rows, limit, func(row db.GivenUpBeforeRow) string { return push.ID(row.ID).String() })
	page = make([]push.GivenUp, len(rows))
	for i, row := range rows {
		page[i] = push.GivenUp{Status: int(row.Status), Reason: row.Reason, WebhookEvent: push.WebhookEvent{
			ID: push.ID(row.ID), Type: push.WebhookTypes(row.Type), HappenedAt: time.UnixMilli(row.HappenedAt), Body: row.Body, Attempt: int(row.Attempt)}}
	}
	return page, next, nil
}

// changeWebhook makes a change that says how many rows it has changed, and returns what
// the webhook is then.
func (s *Store) changeWebhook(ctx context.Context, site push.SiteID, id push.ID, change func(context.Context, *db.Queries) (int64, error)) (w push.Webhook, err error) {
	err = s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		n, err := change(ctx, q)
		if err == nil && n == 0 {
			err = push.ErrWebhookUnknown()
		}
		if err != nil {
			return err
		}
		row, err := q.WebhookOfSite(ctx, db.WebhookOfSiteParams{Site: int64(site), ID: id[:]})
		if err == nil {
			w = webhook(row)
		}
		return err
	})
	return w, err
}

// tell writes events of a type for the webhooks of a site that want it. Callers ask
// first whether any does.
func (s *Store) tell(ctx context.Context, q *db.Queries, site push.SiteID, kind push.WebhookTypes, data ...any) error {
	for _, one := range data {
		e, err := push.NewWebhookEvent(kind, s.now(), one)
		if err != nil {
			return err
		}
		if err := q.InsertWebhookEvent(ctx, db.InsertWebhookEventParams{
			ID: e.ID[:], Type: int64(e.Type), HappenedAt: e.HappenedAt.UnixMilli(), Body: e.Body, Site: int64(site)}); err != nil {
			return err
		}
	}
	return nil
}

// NextWebhooks implements [push.WebhookQueue].
func (s *Store) NextWebhooks(ctx context.Context) ([]push.NextWebhook, error) {
	rows, err := s.read.NextWebhooks(ctx)
	var next []push.NextWebhook
	for _, row := range rows {
		if row.EventAt < math.MaxInt64 {
			next = append(next, push.NextWebhook{
				ID: push.ID(row.ID), At: time.UnixMilli(max(row.NextAt, row.EventAt)), Failing: row.Failures > 0})
		}
	}
	return next, explain(err)
}

// ClaimWebhookEvents implements [push.WebhookQueue].
func (s *Store) ClaimWebhookEvents(ctx context.Context, id push.ID, limit int) (w push.Webhook, events []push.WebhookEvent, err error) {
	err = s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		events = nil
		row, err := q.WebhookByID(ctx, id[:])
		if err != nil || row.DisabledAt.Valid || row.NextAt > s.now().UnixMilli() {
			return ignoreNoRows(err)
		}
		w = webhook(row)
		due, err := q.DueWebhookEvents(ctx, db.DueWebhookEventsParams{Webhook: id[:], NextAt: neverOrTime(s.now()), Limit: int64(limit)})
		if err != nil {
			return err
		}
		for _, row := range due {
			if err := q.LeaseWebhookEvent(ctx, db.LeaseWebhookEventParams{Node: s.node, Webhook: id[:], ID: row.ID}); err != nil {
				return err
			}
			events = append(events, push.WebhookEvent{
				ID: push.ID(row.ID), Type: push.WebhookTypes(row.Type), HappenedAt: time.UnixMilli(row.HappenedAt), Body: row.Body, Attempt: int(row.Attempt)})
		}
		return nil
	})
	return w, events, err
}

// RecordWebhookEvents implements [push.WebhookQueue].
func (s *Store) RecordWebhookEvents(ctx context.Context, id push.ID, results []push.WebhookResult) (disabled bool, err error) {
	err = s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		now := s.now()
		row, err := q.WebhookByID(ctx, id[:])
		if errors.Is(err, sql.ErrNoRows) {
			return nil // deleted, with its events
		}
		if err != nil {
			return err
		}
		state := webhook(row).WebhookState
		before := state
		for _, r := range results {
			if pause, paused := state.Note(r, now); paused {
				row.NextAt = now.Add(pause).UnixMilli()
			}
			if err := s.recordWebhookEvent(ctx, q, id, r, now); err != nil {
				return err
			}
		}
		disabled = before.DisabledAt.IsZero() && !state.DisabledAt.IsZero()
		return q.NoteWebhook(ctx, db.NoteWebhookParams{
			NextAt: row.NextAt, SucceededAt: neverOrTime(state.SucceededAt), FailedAt: neverOrTime(state.FailedAt), Failure: state.Failure,
			FailingSince: neverOrTime(state.FailingSince), Failures: int64(state.Failures), DisabledAt: neverOrTime(state.DisabledAt), ID: id[:]})
	})
	if err != nil || !disabled {
		return false, err
	}
	return true, s.learnWanted(ctx, s.read)
}

func (s *Store) recordWebhookEvent(ctx context.Context, q *db.Queries, webhook push.ID, r push.WebhookResult, now time.Time) error {
	if r.IsDelivered() {
		return q.DeleteWebhookEvent(ctx, db.DeleteWebhookEventParams{Webhook: webhook[:], ID: r.ID[:]})
	}
	var next sql.NullInt64
	if after, ok := r.Again(now); ok {
		next = neverOrTime(now.Add(after))
	}
	return q.PutOffWebhookEvent(ctx, db.PutOffWebhookEventParams{
		NextAt: next, Status: int64(r.Status), Reason: r.Reason, Webhook: webhook[:], ID: r.ID[:], Attempt: int64(r.Attempt), Node: s.node})
}

// CountWebhookEvents implements [push.WebhookQueue].
func (s *Store) CountWebhookEvents(ctx context.Context, site push.SiteID) (int64, error) {
	n, err := s.read.CountWebhookEvents(ctx, int64(site))
	return n, explain(err)
}

// sweepWebhooks drops what is old or too much of webhooks' events, up to about
// SweepSize of each webhook.
func (s *Store) sweepWebhooks(ctx context.Context) (swept int, err error) {
	before := push.FirstID(s.now().Add(-push.WebhookMemory))
	old, err := s.read.OldWebhookEvents(ctx, db.OldWebhookEventsParams{Before: before[:], Most: push.SweepSize})
	if err != nil {
		return 0, explain(err)
	}
	if len(old) > 0 {
		err := s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
			for _, row := range old {
				if err := q.DeleteWebhookEvent(ctx, db.DeleteWebhookEventParams(row)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	swept = len(old)
	ids, err := s.read.AllWebhookIDs(ctx)
	for _, id := range ids {
		n, err := s.sweepWebhook(ctx, id)
		if err != nil {
			return swept, err
		}
		swept += n
	}
	return swept, explain(err)
}

// sweepWebhook drops the oldest of a webhook's events where they are too many.
func (s *Store) sweepWebhook(ctx context.Context, id []byte) (swept int, err error) {
	waiting, err := s.read.CountWaiting(ctx, id)
	if err != nil {
		return 0, explain(err)
	}
	givenUp, err := s.read.CountGivenUp(ctx, id)
	if err != nil {
		return 0, explain(err)
	}
	tooMany := func(n, most int64) int64 { return min(max(n-most, 0), push.SweepSize) }
	waiting, givenUp = tooMany(waiting, push.MaxWaiting), tooMany(givenUp, push.MaxGivenUp)
	if waiting+givenUp == 0 {
		return 0, nil
	}
	err = s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		dropped, err := q.DropWaiting(ctx, db.DropWaitingParams{Webhook: id, Most: waiting})
		if err != nil {
			return err
		}
		forgotten, err := q.DropGivenUp(ctx, db.DropGivenUpParams{Webhook: id, Most: givenUp})
		if err != nil {
			return err
		}
		swept = int(dropped + forgotten)
		return q.CountDropped(ctx, db.CountDroppedParams{More: dropped, ID: id})
	})
	return swept, err
}
