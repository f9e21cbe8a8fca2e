package api

import (
	"errors"
	"testing"
	"time"
)

func TestWhatIsRememberedIsReadOnceInAWhile(t *testing.T) {
	var m remembered[string]
	reads, failure := 0, error(nil)
	get := func(now time.Time) error {
		_, err := m.get(now, func() (string, error) { reads++; return "text", failure })
		return err
	}
	began := time.Now()
	for _, step := range []struct {
		at    time.Duration
		err   error
		reads int
	}{
		{0, errors.New("away"), 1}, {0, nil, 2}, {rememberedFor / 2, nil, 2}, {rememberedFor, nil, 3},
		// The clock was set back.
		{-time.Hour, nil, 4}, {-time.Hour + rememberedFor/2, nil, 4},
		{0, errors.New("away"), 5},
	} {
		failure = step.err
		if err := get(began.Add(step.at)); err != step.err || reads != step.reads {
			t.Errorf("at %v: %v after %d reads, want %v after %d", step.at, err, reads, step.err, step.reads)
		}
	}
}
