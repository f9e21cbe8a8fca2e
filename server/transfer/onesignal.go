package transfer

import (
	"strings"

	"github.com/pushkit/pushkit/server/wire"
)

// oneSignal is the CSV of POST /players/csv_export with the extra fields web_auth and
// web_p256. Tags are not channels: they are anything that the site knows of a person.
// https://documentation.onesignal.com/reference/csv-export
var oneSignal = &table{
	required: []string{"identifier", "web_auth", "web_p256"},
	optional: []string{"device_type", "external_user_id", "language", "timezone_id", "notification_types", "invalid_identifier", "created_at", "last_active"},
	export:   "export with extra_fields web_auth, web_p256, external_user_id, timezone_id and notification_types",
	record: func(r row) (record, error) {
		if err := oneSignalDevice(r.get("device_type")); err != nil {
			return record{}, err
		}
		// 1 is subscribed, 0 never was; all that end it are negative, such as -2.
		if state := r.get("notification_types"); state == "0" || strings.HasPrefix(state, "-") || isTrue(r.get("invalid_identifier")) {
			return record{}, errUnsubscribed
		}
		endpoint, p256dh, auth := r.get("identifier"), r.get("web_p256"), r.get("web_auth")
		return record{
			SubscribeRequest: wire.SubscribeRequest{
				Endpoint: endpoint, Keys: wire.Keys{P256dh: p256dh, Auth: auth},
				Locale: r.get("language"), TimeZone: r.get("timezone_id"),
			},
			User:       r.get("external_user_id"),
			CreatedAt:  timeOf(r.get("created_at")),
			LastSeenAt: timeOf(r.get("last_active")),
		}, checkMovable(endpoint, p256dh, auth)
	},
}

// oneSignalDevice refuses what is no browser. A browser's is 5, 7, 8 or 17.
func oneSignalDevice(kind string) error {
	switch kind {
	case "0", "1", "2", "3", "4", "6", "9", "10", "13":
		return errApp
	case "11":
		return errMail
	case "14":
		return errSMS
	}
	return nil
}
