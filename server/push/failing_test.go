package push_test

import (
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
)

func TestParseAge(t *testing.T) {
	for text, want := range map[string]time.Duration{"30d": 30 * 24 * time.Hour, "0d": 0, "12h": 12 * time.Hour, "90m": 90 * time.Minute} {
		if got, err := push.ParseAge("failing", text); err != nil || got != want {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "d", "-1d", "-1h", "30", "99999999d", "1.5d", "soon"} {
		if got, err := push.ParseAge("failing", text); err == nil {
			t.Errorf("%s: got %v", text, got)
		}
	}
}
