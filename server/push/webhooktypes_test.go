package push

import (
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/wire"
)

func TestParseWebhookTypes(t *testing.T) {
	set, err := ParseWebhookTypes("types", []string{wire.WebhookNotificationClicked, wire.WebhookMessageSent, wire.WebhookMessageSent})
	if err != nil || strings.Join(set.Names(), " ") != "message.sent notification.clicked" || set.Has(TypeSubscriptionGone) {
		t.Errorf("got %s, %v", set, err)
	}
	for _, names := range [][]string{nil, {""}, {"message"}, {wire.WebhookMessageSent, "MESSAGE.SENT"}, {wire.WebhookTest}, {"*"}} {
		if _, err := ParseWebhookTypes("types", names); CodeOf(err) != wire.InvalidField {
			t.Errorf("%q: got %v", names, err)
		}
	}
	if all := AllWebhookTypes(); len(all) != 4 || TypeTest.String() != wire.WebhookTest {
		t.Errorf("there are %q, and %s", all, TypeTest)
	}
}
