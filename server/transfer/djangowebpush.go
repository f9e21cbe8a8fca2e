package transfer

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// djangoWebPush is the join of django-webpush's tables: a row for each group and user
// that a subscription stands for.
var djangoWebPush = &table{
	required: []string{"endpoint", "p256dh", "auth"},
	optional: []string{"user_id", "group_name"},
	export:   "manage.py dumpdata webpush writes what is needed; server/MOVING.md has a query as well",
}

// The models of a dump.
const (
	djangoGroup        = "webpush.group"
	djangoSubscription = "webpush.subscriptioninfo"
	djangoInformation  = "webpush.pushinformation"
)

var errNoInformation = errors.New("the dump has no webpush.pushinformation, which says whose the subscriptions are: dump all of the app, manage.py dumpdata webpush")

// A djangoJoin has the subscriptions by their endpoints: a browser is in
// the tables again with each of its versions, and for each of its groups. They are in
// memory, some 500 bytes each, since what belongs to one may be anywhere in the file.
type djangoJoin struct {
	entries    []*entry
	byEndpoint map[string]*djangoBrowser
	// What a dump refers to by primary key.
	byKey  map[string]*djangoBrowser
	groups map[string]string
}

// A djangoBrowser is a subscription.
type djangoBrowser struct {
	endpoint, p256dh, auth string
	// user is the last that was seen with it.
	user   string
	groups []string
	// used says that there is information for it: else it is sent nothing; or err is why
	// that cannot be read.
	used bool
	err  error
}

// openDjangoWebPush reads a join as CSV, or what manage.py dumpdata webpush writes.
func openDjangoWebPush(from *bufio.Reader) (source, error) {
	isJSON, err := startsJSON(from)
	if err != nil {
		return nil, err
	}
	j := &djangoJoin{byEndpoint: make(map[string]*djangoBrowser), byKey: make(map[string]*djangoBrowser), groups: make(map[string]string)}
	if isJSON {
		err = j.readDump(&values{from: from, unit: "object"})
	} else {
		err = j.readTable(from)
	}
	if err != nil {
		return nil, err
	}
	return j, nil
}

func (j *djangoJoin) next() (*entry, error) {
	if len(j.entries) == 0 {
		return nil, io.EOF
	}
	e := j.entries[0]
	j.entries = j.entries[1:]
	return e, nil
}

// browser returns that of an endpoint, with the keys that it was given last.
func (j *djangoJoin) browser(at place, endpoint, p256dh, auth string) *djangoBrowser {
	b := j.byEndpoint[endpoint]
	if b == nil {
		b = &djangoBrowser{}
		j.byEndpoint[endpoint] = b
		j.entries = append(j.entries, &entry{place: at, size: len(endpoint), record: b.record})
	}
	b.endpoint, b.p256dh, b.auth = endpoint, p256dh, auth
	return b
}

func (b *djangoBrowser) record() (record, error) {
	if !b.used {
		return record{}, cmp.Or(b.err, error(errUnsubscribed))
	}
	return record{
		SubscribeRequest: wire.SubscribeRequest{Endpoint: b.endpoint, Keys: wire.Keys{P256dh: b.p256dh, Auth: b.auth}, AddChannels: b.groups},
		User:             b.user,
	}, checkMovable(b.endpoint, b.p256dh, b.auth)
}

func (b *djangoBrowser) use(user, group string) {
	b.used, b.user = true, cmp.Or(user, b.user)
	if group != "" && !slices.Contains(b.groups, group) {
		b.groups = append(b.groups, group)
	}
}

func (j *djangoJoin) readTable(from *bufio.Reader) error {
	rows, err := djangoWebPush.openCSV(from)
	if err != nil {
		return err
	}
	for {
		r, bad, err := rows.nextRow()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if bad != nil {
			j.entries = append(j.entries, badEntry(rows.place(), bad))
			continue
		}
		j.browser(rows.place(), r.get("endpoint"), r.get("p256dh"), r.get("auth")).use(r.get("user_id"), r.get("group_name"))
	}
}

// readDump reads a dump, in which groups and subscriptions may come after what refers
// to them.
func (j *djangoJoin) readDump(objects *values) error {
	var uses []djangoUse
	for {
		text, tooLong, err := objects.value()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		objects.number++
		at := place{objects.unit, objects.number}
		if tooLong {
			j.entries = append(j.entries, badEntry(at, errTooLong))
			continue
		}
		use, err := j.readObject(at, text)
		if err != nil {
			j.entries = append(j.entries, badEntry(at, err))
		}
		if use != nil {
			use.err = err
			uses = append(uses, *use)
		}
	}
	if len(j.byKey) > 0 && len(uses) == 0 {
		return errNoInformation
	}
	for _, use := range uses {
		b := j.byKey[use.subscription]
		switch {
		case b == nil:
		case use.err != nil:
			b.err = use.err
		default:
			b.use(use.user, j.groups[use.group])
		}
	}
	return nil
}

// A djangoUse says whose a subscription is, by primary keys, or why it does not.
type djangoUse struct {
	subscription, user, group string
	err                       error
}

// readObject keeps a group or a subscription, or returns a use, also with an error.
func (j *djangoJoin) readObject(at place, text []byte) (*djangoUse, error) {
	fields, model, err := parseRow(text)
	if err != nil {
		return nil, err
	}
	switch model {
	case djangoGroup:
		values, err := textsOf(fields, "pk", "name")
		if err == nil {
			j.groups[values[0]] = values[1]
		}
		return nil, err
	case djangoSubscription:
		values, err := textsOf(fields, "pk", "endpoint", "p256dh", "auth")
		if err == nil {
			j.byKey[values[0]] = j.browser(at, values[1], values[2], values[3])
		}
		return nil, err
	case djangoInformation:
		use := &djangoUse{}
		values, err := textsOf(fields, "subscription", "user", "group")
		for i, to := range []*string{&use.subscription, &use.user, &use.group} {
			if i < len(values) {
				*to = values[i]
			}
		}
		if err != nil {
			// A natural key, in all likelihood.
			err = &push.Error{Code: wire.InvalidField, Field: "user", Detail: "is not an id: dump without --natural-foreign."}
		}
		return use, err
	case "":
		return nil, invalidLine("is no object of manage.py dumpdata", nil)
	}
	return nil, nil // another app's
}

// textsOf are the values of columns, up to one that is none.
func textsOf(fields map[string]json.RawMessage, columns ...string) ([]string, error) {
	var values []string
	for _, column := range columns {
		value, err := textOf(fields, column)
		if err != nil {
			return values, err
		}
		values = append(values, value)
	}
	return values, nil
}
