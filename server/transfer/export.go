package transfer

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// pageSize is how many subscriptions are read at once.
const pageSize = 1000

// Export writes all subscriptions of a site, those of each push service by id.
// progress hears how many were written.
func Export(ctx context.Context, store push.Store, site push.SiteID, to io.Writer, progress func(n int64)) (n int64, err error) {
	keys, err := store.VAPIDKeys(ctx, site)
	if err != nil {
		return 0, err
	}
	public := make(map[push.KeyID]string)
	for _, key := range keys {
		public[key.ID] = key.Public()
	}
	buffer := bufio.NewWriterSize(to, 1<<20)
	lines := json.NewEncoder(buffer)
	lines.SetEscapeHTML(false)
	for cursor := ""; ; {
		page, next, err := store.ListSubscriptions(ctx, site, cursor, pageSize)
		if err != nil {
			return n, err
		}
		for _, sub := range page {
			if err := lines.Encode(line(sub, public[sub.Key])); err != nil {
				return n, err
			}
		}
		n += int64(len(page))
		progress(n)
		if cursor = next; next == "" {
			return n, buffer.Flush()
		}
	}
}

func line(sub push.Subscription, applicationServerKey string) record {
	channels := sub.Channels
	return record{
		SubscribeRequest: wire.SubscribeRequest{
			Endpoint: sub.Endpoint(), Keys: wire.Keys{P256dh: encode(sub.P256dh()), Auth: encode(sub.Auth())},
			ApplicationServerKey: applicationServerKey, Channels: &channels, Locale: sub.Locale, TimeZone: sub.TimeZone,
		},
		ID: sub.ID.String(), User: sub.User, CreatedAt: formatTime(sub.CreatedAt), LastSeenAt: formatTime(sub.LastSeenAt),
	}
}

func formatTime(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }
