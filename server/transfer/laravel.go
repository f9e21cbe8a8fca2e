package transfer

import (
	"cmp"
	"strings"

	"github.com/pushkit/pushkit/server/wire"
)

// laravel is the table push_subscriptions of laravel-notification-channels/webpush.
// Old versions have user_id, new ones subscribable_type and subscribable_id.
var laravel = &table{
	required: []string{"endpoint", "public_key", "auth_token"},
	optional: []string{"subscribable_type", "subscribable_id", "user_id", "created_at"},
	export:   "export the whole table push_subscriptions with the names of its columns",
	record: func(r row) (record, error) {
		endpoint, p256dh, auth := r.get("endpoint"), r.get("public_key"), r.get("auth_token")
		return record{
			SubscribeRequest: wire.SubscribeRequest{Endpoint: endpoint, Keys: wire.Keys{P256dh: p256dh, Auth: auth}},
			User:             laravelUser(r.get("subscribable_type"), cmp.Or(r.get("subscribable_id"), r.get("user_id"))),
			CreatedAt:        timeOf(r.get("created_at")),
		}, checkMovable(endpoint, p256dh, auth)
	},
}

// laravelUser tells apart the owners of subscriptions of which there are several
// kinds: user 5 is not administrator 5. Users are named by their id alone.
func laravelUser(kind, id string) string {
	// mysql --batch doubles them.
	kind = strings.ReplaceAll(kind, `\\`, `\`)
	switch kind {
	case "", `App\Models\User`, `App\User`, "user", "users":
		return id
	}
	if id == "" {
		return ""
	}
	return kind + ":" + id
}
