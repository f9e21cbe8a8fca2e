package transfer_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/transfer"
)

// recorded keeps in words what it is given.
type recorded []string

func (r *recorded) ImportSubscriptions(_ context.Context, _ push.SiteID, items []*push.Import) ([]push.ImportResult, error) {
	results := make([]push.ImportResult, len(items))
	for i, item := range items {
		what := strings.TrimPrefix(item.Endpoint(), "https://fcm.googleapis.com/")
		for name, value := range map[string]string{"user": item.User, "locale": item.Locale, "zone": item.TimeZone} {
			if value != "" {
				what += " " + name + "=" + value
			}
		}
		for _, channel := range item.AddChannels {
			what += " +" + channel
		}
		if item.Channels != nil {
			what += fmt.Sprint(" ", *item.Channels)
		}
		if !item.CreatedAt.IsZero() {
			what += " created=" + item.CreatedAt.UTC().Format("2006-01-02T15:04:05")
		}
		if !item.LastSeenAt.IsZero() {
			what += " seen=" + item.LastSeenAt.UTC().Format("2006-01-02T15:04:05")
		}
		words := strings.Fields(what)
		slices.Sort(words[1:])
		*r = append(*r, strings.Join(words, " "))
		results[i].Outcome = push.ImportAdded
	}
	return results, nil
}

// move imports a text of a kind, and tells in words what became of it.
func move(t *testing.T, kind transfer.Kind, from io.Reader) (got []string, err error) {
	t.Helper()
	var good recorded
	var bad []string
	i := transfer.Importer{Kind: kind, Store: &good, Services: pushtest.Services(t), Bad: func(place string, reason error) {
		bad = append(bad, place+": "+transfer.ReasonOf(reason))
	}}
	_, err = i.Import(t.Context(), from)
	return append(good, bad...), err
}

func object(path string) string {
	return `{"endpoint": "https://fcm.googleapis.com/` + path + `", "expirationTime": null, ` + keys + `}`
}

// fill puts the keys into a table's text.
func fill(text string) string {
	return strings.NewReplacer("P256DH", pushtest.P256dh, "AUTH", pushtest.Auth, "URL/", "https://fcm.googleapis.com/").Replace(text)
}

var moves = []struct {
	name string
	kind transfer.Kind
	text string
	want []string
}{
	{"web-push, an array", transfer.KindWebPush, "\n [" + object("a") + ",\n" + object("b") + "]\n", []string{"a", "b"}},
	{"web-push, one object", transfer.KindWebPush, object("a"), []string{"a"}},
	{"web-push, one object over lines", transfer.KindWebPush, strings.ReplaceAll(object("a"), ", ", ",\n  "), []string{"a"}},
	{"web-push, objects over lines", transfer.KindWebPush, strings.Repeat(strings.ReplaceAll(object("a"), ", ", ",\n  ")+"\n", 2), []string{"a", "a"}},
	{"web-push, one a line, of which one is half", transfer.KindWebPush, object("a") + "\n" + object("b")[:40] + "\n" + object("c") + "\n",
		[]string{"a", "c", "line 2: invalid-json"}},
	{"web-push, one a line, of which the first is none", transfer.KindWebPush, "hello\n" + object("c") + "\n", []string{"c", "line 1: invalid-json"}},
	{"web-push, several arrays", transfer.KindWebPush, "[" + object("a") + "]\n[" + object("b") + "][]", []string{"a", "b"}},
	{"web-push, an empty array", transfer.KindWebPush, "[]", nil},
	{"web-push, records of a site", transfer.KindWebPush, `[{"_id": {"$oid": "5"}, "userId": 7, "subscription": ` + object("a") + `},
		{"id": 5, "user_id": "u", "createdAt": 3, "subscription": ` + fmt.Sprintf("%q", object("b")) + `, "channels": ["x"], "locale": "de", "timeZone": "Europe/Berlin"},
		{"user": 12345678901234567890, "endpoint": "https://fcm.googleapis.com/c", "p256dh": "` + pushtest.P256dh + `", "auth": "` + pushtest.Auth + `"}]`,
		[]string{"a user=7", "b [x] locale=de user=u zone=Europe/Berlin", "c user=12345678901234567890"}},
	{"web-push, what cannot be moved", transfer.KindWebPush, `["fGx9:APA91b", null, 5, [1, "]"], "a \" ]", {"endpoint": "https://android.googleapis.com/gcm/send/x", ` + keys + `},
		{"endpoint": "https://fcm.googleapis.com/a"}, {"endpoint": "APA91b", ` + keys + `}, {"keys": {}}, {"user": {"name": "x"}}, ` +
		strings.Replace(object("a"), "fcm.googleapis.com", "evil.example", 1) + `, {"x": "` + strings.Repeat("x", 70<<10) + `"}, }, ` + object("z") + `]`,
		[]string{"z", "subscription 1: device-token", "subscription 2: invalid-field (endpoint)", "subscription 3: invalid-json", "subscription 4: invalid-json",
			"subscription 5: device-token", "subscription 6: gcm", "subscription 7: no-keys", "subscription 8: device-token", "subscription 9: invalid-field (endpoint)",
			"subscription 10: invalid-field (user)", "subscription 11: push-service-not-allowed (endpoint)", "subscription 12: invalid-json", "subscription 13: invalid-json"}},

	{"laravel, CSV", transfer.KindLaravel, `id,subscribable_type,subscribable_id,endpoint,public_key,auth_token,content_encoding,created_at,updated_at
1,App\Models\User,5,URL/a,P256DH,AUTH,aesgcm,2026-01-02 03:04:05,2026-01-02 03:04:05
2,App\Models\Admin,5,URL/b,P256DH,AUTH,aes128gcm,,
3,App\Models\User,6,URL/c,,,,0000-00-00 00:00:00,
4,App\Models\User,6
5,App\Models\User,6,"URL/d",P256DH,AUTH,NULL,\N,
6,App"Models,6,"URL/e",P256DH,AUTH,,,
7,App\Models\User,6,URL/f,P256DH,AUTH,,,
`, []string{"a created=2026-01-02T03:04:05 user=5", `b user=App\Models\Admin:5`, "d user=6", "f user=6", "row 4: no-keys", "row 5: invalid-json", "row 7: invalid-json"}},
	{"laravel, mysql --batch, old", transfer.KindLaravel, "auth_token\tendpoint\tid\tpublic_key\tuser_id\r\nAUTH\tURL/a\t1\tP256DH\t9\r\nNULL\tURL/b\t2\tNULL\t9\r\n",
		[]string{"a user=9", "row 3: no-keys"}},
	{"laravel, mysql --batch, with quotes of the data's own", transfer.KindLaravel, "auth_token\tendpoint\tpublic_key\tname\nAUTH\tURL/a\tP256DH\t\"Bob\nAUTH\tURL/b\tP256DH\tx\"y\n\nAUTH\t\"URL/c\"\tP256DH\t\"\"\"q\"\"\"\nAUTH\tURL/d\tP256DH\t\"",
		[]string{"a", "b", "c", "d"}},
	{"laravel, mysql --batch without --raw", transfer.KindLaravel, "auth_token\tendpoint\tpublic_key\tsubscribable_type\tsubscribable_id\nAUTH\tURL/a\tP256DH\tApp\\\\Models\\\\User\t9\n",
		[]string{"a user=9"}},
	{"laravel, a spreadsheet's", transfer.KindLaravel, "\ufeff\"auth_token\";\"endpoint\";\"public_key\"\n\"AUTH\";\"URL/a\";\"P256DH\"\n", []string{"a"}},
	{"laravel, JSON", transfer.KindLaravel, `[{"id":1,"subscribable_type":"App\\Models\\User","subscribable_id":5,"endpoint":"URL/a","public_key":"P256DH","auth_token":"AUTH","content_encoding":null,"created_at":"2026-01-02T03:04:05.000000Z"},
		{"subscribable_id":6,"endpoint":"URL/b","public_key":null,"auth_token":null}, {"subscribable_id":{},"endpoint":"URL/b"}]`,
		[]string{"a created=2026-01-02T03:04:05 user=5", "row 2: no-keys", "row 3: invalid-field (subscribable_id)"}},

	{"Perfecty", transfer.KindPerfecty, `"id","wp_user_id","uuid","remote_ip","endpoint","key_auth","key_p256dh","created_at"
"1",NULL,"x","192.0.2.1","URL/a","AUTH","P256DH","2021-01-02 03:04:05"
"2","3","x","","URL/b","AUTH","P256DH","2021-01-02 03:04:05"
"3","0","x","","URL/c","AUTH","P256DH",""
`, []string{"a created=2021-01-02T03:04:05", "b created=2021-01-02T03:04:05 user=3", "c"}},
	{"Perfecty, old", transfer.KindPerfecty, "endpoint,key_auth,key_p256dh,is_active,disabled,creation_time\nURL/a,AUTH,P256DH,1,0,2021-01-02 03:04:05\nURL/b,AUTH,P256DH,0,0,\nURL/c,AUTH,P256DH,1,1,\n",
		[]string{"a created=2021-01-02T03:04:05", "row 3: unsubscribed", "row 4: unsubscribed"}},

	{"OneSignal", transfer.KindOneSignal, `id,identifier,session_count,language,timezone,device_type,tags,last_active,created_at,invalid_identifier,external_user_id,timezone_id,notification_types,web_auth,web_p256
a,URL/a,1,en,0,5,"{""plan"":""pro""}",1756800000,2020-01-02 03:04:05 UTC,f,u1,Europe/Berlin,1,AUTH,P256DH
b,URL/b,1,de,0,8,"{}",,,f,,,,AUTH,P256DH
c,URL/c,1,de,0,5,"{}",,,f,,,-2,AUTH,P256DH
d,URL/d,1,de,0,5,"{}",,,t,,,1,AUTH,P256DH
e,APA91b,1,de,0,1,"{}",,,f,,,1,,
f,a@b.example,1,de,0,11,"{}",,,f,,,1,,
g,+49151,1,de,0,14,"{}",,,f,,,1,,
h,ABCDEF,1,de,0,7,"{}",,,f,,,1,,
i,URL/i,1,de,0,5,"{}",,,f,,,1,,
j,URL/j,1,de,0,5,"{}",,,f,,,0,AUTH,P256DH
`, []string{"a created=2020-01-02T03:04:05 locale=en seen=2025-09-02T08:00:00 user=u1 zone=Europe/Berlin", "b locale=de", "row 4: unsubscribed", "row 5: unsubscribed", "row 6: mobile-app",
		"row 7: email", "row 8: sms", "row 9: device-token", "row 10: no-keys", "row 11: unsubscribed"}},

	{"django-webpush, dumpdata", transfer.KindDjangoWebPush, `[{"model": "auth.user", "pk": 1, "fields": {"username": "x"}},
		{"model": "webpush.pushinformation", "pk": 1, "fields": {"user": 5, "subscription": 1, "group": null}},
		{"model": "webpush.group", "pk": 1, "fields": {"name": "news"}}, {"model": "webpush.group", "pk": 2, "fields": {"name": "goals"}},
		{"model": "webpush.subscriptioninfo", "pk": 1, "fields": {"browser": "Chrome", "user_agent": "", "endpoint": "URL/a", "auth": "AUTH", "p256dh": "P256DH"}},
		{"model": "webpush.subscriptioninfo", "pk": 2, "fields": {"browser": "Chrome", "user_agent": "2", "endpoint": "URL/a", "auth": "AUTH", "p256dh": "P256DH"}},
		{"model": "webpush.subscriptioninfo", "pk": 3, "fields": {"endpoint": "URL/b", "auth": "AUTH", "p256dh": "P256DH"}},
		{"model": "webpush.subscriptioninfo", "pk": 4, "fields": {"endpoint": "URL/c", "auth": "AUTH", "p256dh": "P256DH"}},
		{"model": "webpush.subscriptioninfo", "pk": 5, "fields": {"endpoint": ["URL/c"]}}, {"endpoint": "URL/d"}, 7,
		{"model": "webpush.pushinformation", "pk": 2, "fields": {"user": null, "subscription": 2, "group": 1}},
		{"model": "webpush.pushinformation", "pk": 3, "fields": {"user": 6, "subscription": 2, "group": 2}},
		{"model": "webpush.pushinformation", "pk": 4, "fields": {"user": null, "subscription": 3, "group": 2}},
		{"model": "webpush.pushinformation", "pk": 5, "fields": {"user": ["x"], "subscription": 3, "group": 2}},
		{"model": "webpush.pushinformation", "pk": 6, "fields": {"user": 5, "subscription": 77, "group": 2}}]`,
		[]string{"a +goals +news user=6", "b +goals", "object 8: unsubscribed", "object 9: invalid-field (endpoint)", "object 10: invalid-json", "object 11: invalid-json", "object 15: invalid-field (user)"}},
	{"django-webpush, dumpdata of natural keys", transfer.KindDjangoWebPush, `[
		{"model": "webpush.subscriptioninfo", "pk": 1, "fields": {"endpoint": "URL/a", "auth": "AUTH", "p256dh": "P256DH"}},
		{"model": "webpush.pushinformation", "pk": 1, "fields": {"user": ["x"], "subscription": 1, "group": null}}]`,
		[]string{"object 1: invalid-field (user)", "object 2: invalid-field (user)"}},
	{"django-webpush, a join", transfer.KindDjangoWebPush, "endpoint,p256dh,auth,user_id,group_name\nURL/a,P256DH,AUTH,5,\nURL/b,P256DH,AUTH,,news\nURL/a,P256DH,AUTH,,news\nURL/a,P256DH,AUTH,6,goals\nx\n",
		[]string{"a +goals +news user=6", "b +news", "row 6: invalid-json"}},

	{"django-push-notifications, CSV", transfer.KindDjangoPushNotifications, `id,name,active,date_created,registration_id,p256dh,auth,browser,user_id,application_id
1,,t,2026-01-02 03:04:05.678+00,URL/a,P256DH,AUTH,CHROME,5,
2,,f,,URL/b,P256DH,AUTH,CHROME,5,
3,,true,,tok,P256DH,AUTH,OPERA,,
4,,1,,tok,P256DH,AUTH,FIREFOX,,
5,,1,,tok,P256DH,AUTH,EDGE,,
6,,1,,,P256DH,AUTH,EDGE,,
`, []string{"a created=2026-01-02T03:04:05 user=5", "fcm/send/tok", "https://updates.push.services.mozilla.com/wpush/v2/tok", "row 3: unsubscribed", "row 6: no-endpoint", "row 7: invalid-field (endpoint)"}},
	{"django-push-notifications, dumpdata", transfer.KindDjangoPushNotifications, `[{"model": "push_notifications.gcmdevice", "pk": 1, "fields": {"registration_id": "x"}},
		{"model": "sessions.session", "pk": "1", "fields": {}},
		{"model": "push_notifications.webpushdevice", "pk": 1, "fields": {"name": null, "active": true, "user": 5, "date_created": "2026-01-02T03:04:05.678Z", "application_id": null, "registration_id": "URL/a", "p256dh": "P256DH", "auth": "AUTH", "browser": "CHROME"}},
		{"model": "push_notifications.webpushdevice", "pk": 2, "fields": {"active": false, "registration_id": "URL/b", "p256dh": "P256DH", "auth": "AUTH", "browser": "CHROME"}}]`,
		[]string{"a created=2026-01-02T03:04:05 user=5", "row 1: device-token", "row 4: unsubscribed"}},
}

func TestFilesOfOtherProducts(t *testing.T) {
	for _, test := range moves {
		t.Run(test.name, func(t *testing.T) {
			text := fill(test.text)
			got, err := move(t, test.kind, strings.NewReader(text))
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("got %q\nwant %q: %v", got, test.want, err)
			}
			// So it is compressed.
			got, err = move(t, test.kind, bytes.NewReader(compressed(t, text)))
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("compressed: got %q\nwant %q: %v", got, test.want, err)
			}
			// So it comes from a slow pipe.
			got, err = move(t, test.kind, iotest.OneByteReader(strings.NewReader(text)))
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("in pieces: got %q\nwant %q: %v", got, test.want, err)
			}
		})
	}
}

func compressed(t testing.TB, text string) []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func TestFilesThatCannotBeRead(t *testing.T) {
	packed := string(compressed(t, fill(moves[len(moves)-1].text)))
	for _, test := range []struct {
		kind       transfer.Kind
		text, want string
	}{
		{transfer.KindWebPush, "[" + object("a") + ",", "stopped after subscription 1; what follows is not imported: the file ends before its JSON array does"},
		{transfer.KindWebPush, "[" + object("a") + "," + object("b")[:50], "stopped after subscription 2; what follows is not imported: the file ends before its JSON array does"},
		{transfer.KindLaravel, "id,endpoint,auth_token\n", `nothing is imported: there is no column public_key among "id", "endpoint", "auth_token": export the whole table push_subscriptions`},
		{transfer.KindLaravel, `[{"id": 5, "endpoint": "x"}]`, `nothing is imported: there is no column public_key, auth_token among "endpoint", "id": export the whole`},
		{transfer.KindOneSignal, "id,identifier\nx,y\n", `no column web_auth, web_p256 among "id", "identifier": export with extra_fields web_auth`},
		{transfer.KindPerfecty, "", "no column endpoint, key_p256dh, key_auth among : export the whole table"},
		{transfer.KindPerfecty, "\x1b[2J," + strings.Repeat("x", 100) + strings.Repeat(",x", 100), `among "\x1b[2J", "` + strings.Repeat("x", 40) + `…", "x", `},
		{transfer.KindPerfecty, "endpoint,key_p256dh,key_auth\nx,y,z\nx,\"" + strings.Repeat("y\n", 600<<10), "stopped after row 2; what follows is not imported: the row is longer than 1 MiB"},
		{transfer.KindDjangoWebPush, `[{"model": "webpush.subscriptioninfo", "pk": 1, "fields": {"endpoint": "x"}}]`, "nothing is imported: the dump has no webpush.pushinformation"},
		{transfer.KindDjangoWebPush, `[`, "nothing is imported: the file ends before"},
		{transfer.KindDjangoPushNotifications, packed[:len(packed)/2], "the compressed file ends in the middle"},
		{transfer.KindDjangoPushNotifications, packed[:len(packed)-6] + "xxxxxx", "the compressed file is damaged"},
		{"nonsense", "", `"nonsense" is no kind of file: pushkit web-push laravel`},
	} {
		if _, err := move(t, test.kind, strings.NewReader(test.text)); err == nil || !strings.Contains(err.Error(), test.want) || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%s, %.60q: got %v, want %s", test.kind, test.text, err, test.want)
		}
	}
}

// Whatever is in a file, what is imported of it can be kept, and what is not is said
// in one line.
func FuzzFiles(f *testing.F) {
	services := pushtest.Services(f)
	kinds := transfer.Kinds()
	for _, test := range moves {
		f.Add(uint8(slices.Index(kinds, test.kind)), []byte(fill(test.text)))
		f.Add(uint8(slices.Index(kinds, test.kind)), compressed(f, fill(test.text)))
	}
	f.Fuzz(func(t *testing.T, kind uint8, file []byte) {
		i := transfer.Importer{Kind: kinds[int(kind)%len(kinds)], Store: checking{t}, Services: services, Bad: func(place string, reason error) {
			if strings.ContainsAny(place+reason.Error()+transfer.ReasonOf(reason), "\n\x1b\x00") {
				t.Errorf("%q: %q", place, reason)
			}
		}}
		if _, err := i.Import(t.Context(), bytes.NewReader(file)); err != nil && strings.ContainsAny(err.Error(), "\n\x1b\x00") {
			t.Errorf("got %q", err)
		}
	})
}

// checking holds what it is given to what a store may keep.
type checking struct{ t *testing.T }

func (c checking) ImportSubscriptions(_ context.Context, _ push.SiteID, items []*push.Import) ([]push.ImportResult, error) {
	for _, item := range items {
		if err := errors.Join(push.CheckUser("user", item.User), push.CheckUser("locale", item.Locale), push.CheckUser("timeZone", item.TimeZone)); err != nil ||
			len(item.P256dh()) != 65 || len(item.Auth()) != 16 || !strings.HasPrefix(item.Endpoint(), "http") {
			c.t.Errorf("got %+v, %v", item, err)
		}
	}
	return make([]push.ImportResult, len(items)), nil
}
