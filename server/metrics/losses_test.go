package metrics

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/pushkit/pushkit/server/push"
)

// A counter never falls, though the store forgets old days, is away at times, and is
// asked seldom.
func TestLossesAreCountedOnce(t *testing.T) {
	days := map[countedLoss]int64{{100, push.EndGone}: 7, {99, push.EndRetired}: 3}
	var away error
	l := newLosses(nil, 0)
	l.ask = func(_ context.Context, from, to push.Day) (told []push.Loss, err error) {
		for key, n := range days {
			if from <= key.day && key.day <= to {
				told = append(told, push.Loss{Day: key.day, Reason: key.reason, Count: n})
			}
		}
		return told, away
	}
	for _, step := range []struct {
		today push.Day
		ended map[countedLoss]int64
		away  error
		want  map[push.EndReason]int64
	}{
		// What ended before is no news.
		{100, nil, nil, map[push.EndReason]int64{}},
		{100, map[countedLoss]int64{{100, push.EndGone}: 9}, nil, map[push.EndReason]int64{push.EndGone: 2}},
		{100, nil, nil, map[push.EndReason]int64{push.EndGone: 2}},
		// Over midnight, with what another node's clock takes for yesterday or tomorrow.
		{101, map[countedLoss]int64{{100, push.EndGone}: 10, {101, push.EndRefused}: 1, {102, push.EndRemoved}: 1}, nil, map[push.EndReason]int64{push.EndGone: 3, push.EndRefused: 1, push.EndRemoved: 1}},
		{101, map[countedLoss]int64{{101, push.EndRefused}: 5}, errors.New("away"), map[push.EndReason]int64{push.EndGone: 3, push.EndRefused: 1, push.EndRemoved: 1}},
		// Nobody asked for days.
		{110, map[countedLoss]int64{{105, push.EndRefused}: 4}, nil, map[push.EndReason]int64{push.EndGone: 3, push.EndRefused: 9, push.EndRemoved: 1}},
		// Old days are forgotten.
		{110, map[countedLoss]int64{{100, push.EndGone}: 0, {105, push.EndRefused}: 0, {110, push.EndUnsubscribed}: 1}, nil, map[push.EndReason]int64{push.EndGone: 3, push.EndRefused: 9, push.EndRemoved: 1, push.EndUnsubscribed: 1}},
	} {
		maps.Copy(days, step.ended)
		away = step.away
		if err := l.count(t.Context(), step.today); err != step.away {
			t.Fatal(err)
		}
		if !maps.Equal(l.totals, step.want) {
			t.Errorf("day %d: got %v, want %v", step.today, l.totals, step.want)
		}
	}
}
