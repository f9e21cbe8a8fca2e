package transfer

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// A Server is where subscriptions are imported by its HTTP API.
type Server interface {
	ImportSubscriptions(context.Context, wire.ImportRequest) (wire.ImportResponse, error)
}

// Check reads what the API was asked to import. items are nil, and errs are not, where
// one is bad.
func Check(request *wire.ImportRequest, services *webpush.Services) (items []*push.Import, errs []error, err error) {
	writtenAt, err := parseTime("writtenAt", request.WrittenAt)
	if err != nil {
		return nil, nil, err
	}
	items, errs = make([]*push.Import, len(request.Subscriptions)), make([]error, len(request.Subscriptions))
	for i := range request.Subscriptions {
		if items[i], errs[i] = recordOf(&request.Subscriptions[i]).check(services); errs[i] == nil {
			items[i].WrittenAt = writtenAt
		} else {
			items[i] = nil
		}
	}
	return items, errs, nil
}

func recordOf(s *wire.ImportedSubscription) *record {
	return &record{
		SubscribeRequest: wire.SubscribeRequest{
			Endpoint: s.Endpoint, Keys: s.Keys, ApplicationServerKey: s.ApplicationServerKey,
			Channels: s.Channels, AddChannels: s.AddChannels, RemoveChannels: s.RemoveChannels, Locale: s.Locale, TimeZone: s.TimeZone,
		},
		User: s.User, ID: s.ID, CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt,
	}
}

func (r *record) imported() wire.ImportedSubscription {
	return wire.ImportedSubscription{
		Endpoint: r.Endpoint, Keys: r.Keys, ApplicationServerKey: r.ApplicationServerKey,
		Channels: r.Channels, AddChannels: r.AddChannels, RemoveChannels: r.RemoveChannels, Locale: r.Locale, TimeZone: r.TimeZone,
		User: r.User, ID: r.ID, CreatedAt: r.CreatedAt, LastSeenAt: r.LastSeenAt,
	}
}

// maxPost is how much of a body subscriptions may be, in bytes.
const maxPost = wire.MaxMessageBody - 1<<10

var errTooLongToPost = invalidLine(fmt.Sprintf("is longer than %d KiB in a request to the server", maxPost>>10), nil)

// remote is a server to import into.
type remote struct {
	Server
	writtenAt time.Time
}

func (r *remote) take(e *entry, record *record) error {
	posted := record.imported()
	text, err := json.Marshal(posted)
	if err != nil {
		return err
	}
	if e.posted, e.size = &posted, len(text)+1; e.size > maxPost {
		return errTooLongToPost
	}
	return nil
}

// store posts entries, in as many bodies as it takes.
func (r *remote) store(ctx context.Context, entries []*entry) (results []push.ImportResult, err error) {
	for len(entries) > 0 {
		var request wire.ImportRequest
		if isPlausible(r.writtenAt) { // that of a file in an archive may be 1970
			request.WrittenAt = formatTime(r.writtenAt)
		}
		n := 0
		for size := 0; n < len(entries) && n < wire.MaxImport && size+entries[n].size <= maxPost; n++ {
			size += entries[n].size
			request.Subscriptions = append(request.Subscriptions, *entries[n].posted)
		}
		answer, err := r.ImportSubscriptions(ctx, request)
		if err != nil {
			return results, err
		}
		if len(answer.Data) != n {
			return results, fmt.Errorf("the server answers %d of %d subscriptions: is it a pushkit server of this version?", len(answer.Data), n)
		}
		for _, result := range answer.Data {
			results = append(results, resultOf(result))
		}
		entries = entries[n:]
	}
	return results, nil
}

func resultOf(answer wire.ImportResult) push.ImportResult {
	for outcome := push.ImportAdded; outcome <= push.ImportUnchanged; outcome++ {
		if outcome.String() == answer.Outcome {
			return push.ImportResult{Outcome: outcome}
		}
	}
	reason := &push.Error{Code: wire.Internal, Detail: "The server does not say why."}
	if p := answer.Problem; p != nil {
		reason = &push.Error{Code: p.Code, Field: p.Field, Detail: strings.TrimPrefix(p.Detail, p.Field+" ")}
	}
	return push.ImportResult{Err: reason}
}
