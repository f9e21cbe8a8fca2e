package transfer

import "github.com/pushkit/pushkit/server/wire"

// perfecty is the table wp_perfecty_push_users of Perfecty Push for WordPress. Old
// versions mark with is_active or disabled who is not sent to; new ones delete them.
var perfecty = &table{
	required: []string{"endpoint", "key_p256dh", "key_auth"},
	optional: []string{"wp_user_id", "is_active", "disabled", "created_at", "creation_time"},
	export:   "export the whole table wp_perfecty_push_users with the names of its columns",
	record: func(r row) (record, error) {
		endpoint, p256dh, auth := r.get("endpoint"), r.get("key_p256dh"), r.get("key_auth")
		if isFalse(r.get("is_active")) || isTrue(r.get("disabled")) {
			return record{}, errUnsubscribed
		}
		user := r.get("wp_user_id")
		if user == "0" { // nobody is logged in
			user = ""
		}
		return record{
			SubscribeRequest: wire.SubscribeRequest{Endpoint: endpoint, Keys: wire.Keys{P256dh: p256dh, Auth: auth}},
			User:             user,
			CreatedAt:        timeOf(r.get("created_at") + r.get("creation_time")),
		}, checkMovable(endpoint, p256dh, auth)
	},
}
