package sqlite

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/push/pushtest"
)

// The number of a push service is remembered only once it is committed: what first names
// the service may be taken back.
func TestAPushServiceIsRememberedOnceItIsStored(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "pushkit.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put := func(endpoint, members string) error {
		_, _, err := s.PutSubscription(t.Context(), 1, pushtest.Subscribe(t, pushtest.Services(t), endpoint, members))
		return err
	}
	names := func(from, to int) string {
		var quoted []string
		for i := from; i < to; i++ {
			quoted = append(quoted, strconv.Quote(strconv.Itoa(i)))
		}
		return "[" + strings.Join(quoted, ",") + "]"
	}
	const google, mozilla = "https://fcm.googleapis.com/a", "https://updates.push.services.mozilla.com/a"
	if err := put(google, `"channels": `+names(0, 50)+`, "addChannels": `+names(50, 51)); err == nil {
		t.Fatal("more channels than there may be are stored")
	}
	// Another service has the number now that the first one would have had.
	if err := put(mozilla, ""); err != nil {
		t.Fatal(err)
	}
	for endpoint, service := range map[string]string{google: "google", google + "b": "google", mozilla: "mozilla", mozilla + "b": "mozilla"} {
		if err := put(endpoint, ""); err != nil {
			t.Fatal(err)
		}
		if sub, err := s.SubscriptionByEndpoint(t.Context(), 1, endpoint); err != nil || sub.Service != service {
			t.Errorf("%s is of %s, %v", endpoint, sub.Service, err)
		}
	}
	if got, err := serviceNames(t.Context(), s.read); err != nil || len(got) != 2 {
		t.Errorf("there are %v, %v", got, err)
	}
}
