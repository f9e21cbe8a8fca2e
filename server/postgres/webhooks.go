package postgres

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
)

// AddWebhook implements [push.Webhooks].
func (s *Store) AddWebhook(ctx context.Context, site push.SiteID, w push.Webhook) (push.Webhook, error) {
	w.ID, w.CreatedAt = push.NewID(), s.now()
	err := s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		if err := q.LockSite(ctx, int64(site)); err != nil {
			return err
		}
		n, err := q.CountWebhooks(ctx, int64(site))
		if err == nil && n >= push.MaxWebhooks {
			err = push.ErrTooManyWebhooks()
		}
		if err != nil {
			return err
		}
		return q.InsertWebhook(ctx, db.InsertWebhookParams{
			ID: w.ID, Site: int64(site), Url: w.URL, Types: int32(w.Types), Secret: w.Secret[:], CreatedAt: w.CreatedAt, Now: s.testClock()})
	})
	if err != nil {
		return push.Webhook{}, err
	}
	return w, s.learnWanted(ctx)
}

// learnWanted reads what webhooks want.
func (s *Store) learnWanted(ctx context.Context) error {
	return s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.WantedTypes(ctx)
		if err != nil {
			return err
		}
		bySite := make(map[push.SiteID]push.WebhookTypes)
		for _, row := range rows {
			bySite[push.SiteID(row.Site)] |= push.WebhookTypes(row.Types)
		}
		s.wanted.Set(bySite)
		return nil
	})
}

// ListWebhooks implements [push.Webhooks].
func (s *Store) ListWebhooks(ctx context.Context, site push.SiteID) (webhooks []push.Webhook, err error) {
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.WebhooksOfSite(ctx, int64(site))
		webhooks = make([]push.Webhook, len(rows))
		for i, row := range rows {
			webhooks[i] = webhook(row.Webhook)
			webhooks[i].Waiting, webhooks[i].GivenUp = row.Waiting, row.GivenUp
		}
		return err
	})
	return webhooks, err
}

func webhook(row db.Webhook) push.Webhook {
	w := push.Webhook{
		ID: row.ID, URL: row.Url, Types: push.WebhookTypes(row.Types), Secret: push.WebhookSecret(row.Secret),
		FormerUntil: timeOrNever(row.FormerUntil), CreatedAt: row.CreatedAt, Dropped: row.Dropped,
		WebhookState: push.WebhookState{
			SucceededAt: timeOrNever(row.SucceededAt), FailedAt: timeOrNever(row.FailedAt), Failure: row.Failure,
			FailingSince: timeOrNever(row.FailingSince), Failures: int(row.Failures), DisabledAt: timeOrNever(row.DisabledAt),
		},
	}
	copy(w.Former[:], row.Former)
	return w
}

func neverOrTime(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// DeleteWebhook implements [push.Webhooks].
func (s *Store) DeleteWebhook(ctx context.Context, site push.SiteID, id push.ID) (ok bool, err error) {
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		n, err := q.DeleteWebhook(ctx, db.DeleteWebhookParams{Site: int64(site), ID: id})
		ok = n > 0
		return err
	})
	if err != nil || !ok {
		return false, err
	}
	for more := true; more; {
		err := s.write(ctx, func(ctx context.Context, q *db.Queries) error {
			n, err := q.DropWebhookEvents(ctx, db.DropWebhookEventsParams{Webhook: id, AtMost: push.SweepSize})
			more = n == push.SweepSize
			return err
		})
		if err != nil {
			return true, err
		}
	}
	return true, s.learnWanted(ctx)
}

// RotateWebhook implements [push.Webhooks].
func (s *Store) RotateWebhook(ctx context.Context, site push.SiteID, id push.ID, secret push.WebhookSecret) (push.Webhook, error) {
	return s.changeWebhook(ctx, func(ctx context.Context, q *db.Queries) (db.Webhook, error) {
		return q.RotateWebhook(ctx, db.RotateWebhookParams{Until: s.now().Add(push.FormerTime), Secret: secret[:], Site: int64(site), ID: id})
	})
}

// EnableWebhook implements [push.Webhooks].
func (s *Store) EnableWebhook(ctx context.Context, site push.SiteID, id push.ID) (push.Webhook, error) {
	w, err := s.changeWebhook(ctx, func(ctx context.Context, q *db.Queries) (db.Webhook, error) {
		row, err := q.EnableWebhook(ctx, db.EnableWebhookParams{Now: s.testClock(), Site: int64(site), ID: id})
		if err != nil {
			return row, err
		}
		return row, q.TryGivenUp(ctx, db.TryGivenUpParams{Now: s.testClock(), Webhook: id})
	})
	if err != nil {
		return w, err
	}
	return w, s.learnWanted(ctx)
}

// ListGivenUp implements [push.Webhooks].
func (s *Store) ListGivenUp(ctx context.Context, site push.SiteID, id push.ID, cursor string, limit int) (page []push.GivenUp, next string, err error) {
	before, err := push.ParseMessageCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		_, err := q.WebhookOfSite(ctx, db.WebhookOfSiteParams{Site: int64(site), ID: id})
		if errors.Is(err, pgx.ErrNoRows) {
			return push.ErrWebhookUnknown()
		}
		if err != nil {
			return err
		}
		rows, err := q.GivenUpBefore(ctx, db.GivenUpBeforeParams{Webhook: id, Before: before, AtMost: int32(limit) + 1})
		rows, next = push.CutPage(rows, limit, func(row db.GivenUpBeforeRow) string { return row.ID.String() })
		page = make([]push.GivenUp, len(rows))
		for i, row := range rows {
			page[i] = push.GivenUp{Status: int(row.Status), Reason: row.Reason, WebhookEvent: push.WebhookEvent{
				ID: row.ID, Type: push.WebhookTypes(row.Type), HappenedAt: row.HappenedAt, Body: row.Body, Attempt: int(row.Attempt)}}
		}
		return err
	})
	return page, next, err
}

// changeWebhook makes a change that returns the row as it is then.
func (s *Store) changeWebhook(ctx context.Context, change func(context.Context, *db.Queries) (db.Webhook, error)) (w push.Webhook, err error) {
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		row, err := change(ctx, q)
		if errors.Is(err, pgx.ErrNoRows) {
			return push.ErrWebhookUnknown()
		}
		if err == nil {
			w = webhook(row)
		}
		return err
	})
	return w, err
}

// tell writes events of a type for the webhooks of a site that want it, all by one
// statement. Callers ask first whether any does.
func (s *Store) tell(ctx context.Context, q *db.Queries, site int64, kind push.WebhookTypes, data ...any) error {
	if len(data) == 0 {
		return nil
	}
	insert := db.InsertWebhookEventsParams{Type: int32(kind), HappenedAt: s.now(), Now: s.testClock(), Site: site}
	for _, one := range data {
		e, err := push.NewWebhookEvent(kind, insert.HappenedAt, one)
		if err != nil {
			return err
		}
		insert.Ids, insert.Bodies = append(insert.Ids, e.ID), append(insert.Bodies, e.Body)
	}
	return q.InsertWebhookEvents(ctx, insert)
}

// NextWebhooks implements [push.WebhookQueue]. The times are by this node's clock.
func (s *Store) NextWebhooks(ctx context.Context) (next []push.NextWebhook, err error) {
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.NextWebhooks(ctx, s.testClock())
		next = nil
		for _, row := range rows {
			at := s.now().Add(time.Duration(math.Round(row.Seconds*1e6)) * time.Microsecond)
			next = append(next, push.NextWebhook{ID: row.ID, At: at, Failing: row.Failures > 0})
		}
		return err
	})
	return next, err
}

// ClaimWebhookEvents implements [push.WebhookQueue].
func (s *Store) ClaimWebhookEvents(ctx context.Context, id push.ID, limit int) (w push.Webhook, events []push.WebhookEvent, err error) {
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		events = nil
		row, err := q.WebhookByID(ctx, id)
		if err != nil || row.DisabledAt != nil {
			return ignoreNoRows(err)
		}
		w = webhook(row)
		leased, err := q.LeaseWebhookEvents(ctx, db.LeaseWebhookEventsParams{Webhook: id, Now: s.testClock(), AtMost: int32(limit), Node: s.node})
		for _, row := range leased {
			events = append(events, push.WebhookEvent{
				ID: row.ID, Type: push.WebhookTypes(row.Type), HappenedAt: row.HappenedAt, Body: row.Body, Attempt: int(row.Attempt)})
		}
		slices.SortFunc(events, func(a, b push.WebhookEvent) int { return a.ID.Compare(b.ID) })
		return err
	})
	return w, events, err
}

// RecordWebhookEvents implements [push.WebhookQueue].
func (s *Store) RecordWebhookEvents(ctx context.Context, id push.ID, results []push.WebhookResult) (disabled bool, err error) {
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		disabled = false
		row, err := q.LockWebhook(ctx, id)
		if err != nil {
			return ignoreNoRows(err) // deleted, with its events
		}
		now := s.now()
		state := webhook(row).WebhookState
		note := db.NoteWebhookParams{Pause: -1, Now: s.testClock(), ID: id}
		for _, r := range results {
			if pause, paused := state.Note(r, now); paused {
				note.Pause = pause.Seconds()
			}
		}
		if err := s.recordWebhookEvents(ctx, q, id, results, now); err != nil {
			return err
		}
		note.SucceededAt, note.FailedAt, note.Failure = neverOrTime(state.SucceededAt), neverOrTime(state.FailedAt), storable(state.Failure)
		note.FailingSince, note.Failures, note.DisabledAt = neverOrTime(state.FailingSince), int32(state.Failures), neverOrTime(state.DisabledAt)
		disabled = row.DisabledAt == nil && note.DisabledAt != nil
		return q.NoteWebhook(ctx, note)
	})
	if err != nil || !disabled {
		return false, err
	}
	return true, s.learnWanted(ctx)
}

func (s *Store) recordWebhookEvents(ctx context.Context, q *db.Queries, webhook push.ID, results []push.WebhookResult, now time.Time) error {
	var delivered []push.ID
	put := db.PutOffWebhookEventsParams{Now: s.testClock(), Webhook: webhook, Node: s.node}
	for _, r := range results {
		if r.IsDelivered() {
			delivered = append(delivered, r.ID)
			continue
		}
		seconds := -1.0
		if after, ok := r.Again(now); ok {
			seconds = after.Seconds()
		}
		put.Ids, put.Attempts, put.After = append(put.Ids, r.ID), append(put.Attempts, int32(r.Attempt)), append(put.After, seconds)
		put.Statuses, put.Reasons = append(put.Statuses, int32(r.Status)), append(put.Reasons, storable(r.Reason))
	}
	if len(delivered) > 0 {
		if err := q.DeleteWebhookEvents(ctx, db.DeleteWebhookEventsParams{Webhook: webhook, Ids: delivered}); err != nil {
			return err
		}
	}
	if len(put.Ids) == 0 {
		return nil
	}
	return q.PutOffWebhookEvents(ctx, put)
}

// CountWebhookEvents implements [push.WebhookQueue].
func (s *Store) CountWebhookEvents(ctx context.Context, site push.SiteID) (n int64, err error) {
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		n, err = q.CountWebhookEvents(ctx, int64(site))
		return err
	})
	return n, err
}

// sweepWebhooks drops what is old or too much of webhooks' events, up to about
// SweepSize of each webhook.
func (s *Store) sweepWebhooks(ctx context.Context, q *db.Queries) (swept int64, err error) {
	swept, err = q.DropOldWebhookEvents(ctx, db.DropOldWebhookEventsParams{Before: push.FirstID(s.now().Add(-push.WebhookMemory)), AtMost: push.SweepSize})
	if err != nil {
		return 0, err
	}
	ids, err := q.AllWebhookIDs(ctx)
	for _, id := range ids {
		n, err := sweepWebhook(ctx, q, id)
		if err != nil {
			return swept, err
		}
		swept += n
	}
	return swept, err
}

// sweepWebhook drops the oldest of a webhook's events where they are too many.
func sweepWebhook(ctx context.Context, q *db.Queries, id push.ID) (swept int64, err error) {
	waiting, err := q.CountWaiting(ctx, id)
	if err != nil {
		return 0, err
	}
	if waiting > push.MaxWaiting {
		dropped, err := q.DropWaiting(ctx, db.DropWaitingParams{Webhook: id, AtMost: int32(min(waiting-push.MaxWaiting, push.SweepSize))})
		if err == nil {
			err = q.CountDropped(ctx, db.CountDroppedParams{More: dropped, ID: id})
		}
		if err != nil {
			return 0, err
		}
		swept += dropped
	}
	givenUp, err := q.CountGivenUp(ctx, id)
	if err != nil || givenUp <= push.MaxGivenUp {
		return swept, err
	}
	forgotten, err := q.DropGivenUp(ctx, db.DropGivenUpParams{Webhook: id, AtMost: int32(min(givenUp-push.MaxGivenUp, push.SweepSize))})
	return swept + forgotten, err
}
