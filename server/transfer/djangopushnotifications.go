package transfer

import (
	"cmp"
	"strings"

	"github.com/pushkit/pushkit/server/wire"
)

// djangoPushNotifications is the table push_notifications_webpushdevice of
// django-push-notifications, also as dumpdata writes it.
var djangoPushNotifications = &table{
	required: []string{"registration_id", "p256dh", "auth"},
	optional: []string{"browser", "active", "user_id", "user", "date_created"},
	model:    "push_notifications.webpushdevice",
	export:   "export the whole table push_notifications_webpushdevice with the names of its columns, or manage.py dumpdata push_notifications",
	record: func(r row) (record, error) {
		if isFalse(r.get("active")) {
			return record{}, errUnsubscribed
		}
		endpoint, err := registeredEndpoint(r.get("browser"), r.get("registration_id"))
		if err != nil {
			return record{}, err
		}
		p256dh, auth := r.get("p256dh"), r.get("auth")
		return record{
			SubscribeRequest: wire.SubscribeRequest{Endpoint: endpoint, Keys: wire.Keys{P256dh: p256dh, Auth: auth}},
			User:             cmp.Or(r.get("user_id"), r.get("user")),
			CreatedAt:        timeOf(r.get("date_created")),
		}, checkMovable(endpoint, p256dh, auth)
	},
}

// otherModels are those of a dump that cannot be moved.
var otherModels = map[string]error{
	"push_notifications.gcmdevice":  errToken,
	"push_notifications.apnsdevice": errToken,
	"push_notifications.wnsdevice":  errApp,
}

// registeredEndpoint is what the product sends to. Where there is no more than the end
// of an endpoint, as its guide once asked for, it puts the beginning before it by the
// browser.
func registeredEndpoint(browser, id string) (string, error) {
	if id == "" || strings.HasPrefix(id, "https://") {
		return id, nil
	}
	switch browser {
	case "CHROME", "OPERA":
		return "https://fcm.googleapis.com/fcm/send/" + id, nil
	case "FIREFOX":
		return "https://updates.push.services.mozilla.com/wpush/v2/" + id, nil
	}
	return "", errUnknownOrigin
}
