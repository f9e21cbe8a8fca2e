package emulator

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func TestACheckInIsRemembered(t *testing.T) {
	s := serve(t, Options{})
	d := checkIn(t, s, 5)
	again := *d
	again.checkIn(t)
	if again.id != d.id || again.token != d.token {
		t.Errorf("%d:%d became %d:%d", d.id, d.token, again.id, again.token)
	}
	if other := checkIn(t, s, 5); other.id == d.id || other.token == d.token {
		t.Error("two browsers are one")
	}
	thief := *d
	thief.token++
	thief.checkIn(t)
	if thief.id == d.id {
		t.Error("a wrong token was taken")
	}
}

func TestTheEndpointsHostIsThatOfTheBrowsersChannel(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	for channel, want := range map[uint64]string{1: stableHost, 2: stagingHost, 5: stagingHost} {
		sub := checkIn(t, s, channel).register(t, keys.public)
		found := false
		for _, listed := range s.subscriptions() {
			found = found || listed.Endpoint == "https://"+want+googlePath+sub.endpoint[strings.LastIndex(sub.endpoint, "/")+1:]
		}
		if !found {
			t.Errorf("channel %d: %+v", channel, s.subscriptions())
		}
	}
}

func TestABrowserOfAnEarlierEmulatorIsTakenAtItsWord(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	d := &testDevice{s: s, id: 42, token: 43, channel: 5}
	c := d.connect(t)
	sub := d.register(t, keys.public)
	keys.send(t, sub, "hello", 60, "")
	c.wants(sub, "hello")
	// Its channel is not known, but where it is sent to is.
	if got := s.subscriptions()[0].Endpoint; got != sub.endpoint {
		t.Errorf("the endpoint is %s", got)
	}
}

func TestDevicesAreBounded(t *testing.T) {
	e, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	kept := e.deviceOf(1, 1)
	kept.known = true
	for i := range uint64(maxDevices + 10) {
		e.deviceOf(i+2, 1)
	}
	if len(e.browsers) > maxDevices || e.browsers["1"] != kept {
		t.Errorf("%d devices are remembered", len(e.browsers))
	}
}

func TestAFirefoxCannotTakeAChromiumsPlace(t *testing.T) {
	s := serve(t, Options{})
	d := checkIn(t, s, 5)
	if b := connect(t, s, strconv.FormatUint(d.id, 10)); b.uaid == strconv.FormatUint(d.id, 10) {
		t.Error("hello was answered with the device's id")
	}
}

func TestChromiumsOwnRegistrationsAreNoSubscriptions(t *testing.T) {
	s := serve(t, Options{})
	d := checkIn(t, s, 5)
	for _, fields := range []map[string]string{
		{"app": "com.google.android.gms", "sender": "745476177629"},
		{"X-subtype": "com.google.chrome.fcm.invalidations", "sender": "8181035976"},
	} {
		if answer := d.form(t, fields); !strings.HasPrefix(answer, "token=") || len(answer) < 20 {
			t.Errorf("%v was answered %q", fields, answer)
		}
	}
	if list := s.subscriptions(); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}

func TestRegisteringAgainGivesTheSameTokenAndAnotherKeyAnother(t *testing.T) {
	s := serve(t, Options{})
	keys, others := newVapidKeys(t), newVapidKeys(t)
	d := checkIn(t, s, 5)
	sub := d.register(t, keys.public)
	fields := map[string]string{"X-subtype": sub.channelID, "sender": keys.public}
	if answer := d.form(t, fields); !strings.HasSuffix(sub.endpoint, "/"+strings.TrimPrefix(answer, "token=")) {
		t.Errorf("the answer became %q", answer)
	}
	fields["sender"] = others.public
	if answer := d.form(t, fields); strings.HasSuffix(sub.endpoint, strings.TrimPrefix(answer, "token=")) {
		t.Error("another key has the same token")
	}
	expectGoogle(t, keys.post(t, sub, "x", 60, ""), ruleSubscriptionEnded, 410, "push subscription has unsubscribed or expired.\n")
}

func TestDeleteEndsTheSubscriptionForSenders(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	d := checkIn(t, s, 5)
	sub, other := d.register(t, keys.public), d.register(t, keys.public)
	d.unregister(t, sub)
	expectGoogle(t, keys.post(t, sub, "x", 60, ""), ruleSubscriptionEnded, 410, "push subscription has unsubscribed or expired.\n")
	keys.send(t, other, "the other lives", 60, "")
	if got := s.subscriptions()[0]; got.State != "ended" || got.EndReason != "unregistered" || got.EndCode != 0 {
		t.Errorf("%+v", got)
	}
}

func TestABrowsersSecretIsNeededToRegister(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	d := checkIn(t, s, 5)
	sub := d.register(t, keys.public)
	thief := *d
	thief.token++
	for _, fields := range []map[string]string{
		{"X-subtype": sub.channelID, "delete": "true"},
		{"X-subtype": sub.channelID, "sender": keys.public},
	} {
		if answer := thief.form(t, fields); answer != "Error=AUTHENTICATION_FAILED" {
			t.Errorf("%v was answered %q", fields, answer)
		}
	}
	keys.send(t, sub, "it lives", 60, "")
}

func TestFaultyCheckInsAndRegistrationsHaveAClearAnswer(t *testing.T) {
	s := serve(t, Options{})
	form := "application/x-www-form-urlencoded"
	for _, c := range []struct {
		path, kind, authorization, body, code string
		status                                int
	}{
		{"/checkin", "application/x-protobuf", "", "\xff\xff", "invalid-checkin", 400},
		{"/checkin", "application/x-protobuf", "", "\x22\x02\xff\xff", "invalid-checkin", 400},
		{"/checkin", "application/x-protobuf", "", strings.Repeat("\x10\x00", maxCheckin), "invalid-checkin", 400},
		{"/c2dm/register3", form, "AidLogin 1:2", "%zz", "invalid-registration", 400},
		{"/c2dm/register3", form, "AidLogin 1:2", "app=" + strings.Repeat("a", maxRegistration), "invalid-registration", 400},
		{"/c2dm/register3", form, "AidLogin 1:2", "app=" + strings.Repeat("a", maxSubtype+1), "invalid-registration", 400},
		{"/c2dm/register3", form, "AidLogin 1:2", "sender=x", "invalid-registration", 400},
		{"/c2dm/register3", form, "AidLogin one:2", "app=a", "invalid-registration", 400},
		{"/c2dm/register3", form, "", "app=a", "invalid-registration", 400},
		{"/c2dm/register3", form, "AidLogin 1:2", "app=a&X-subtype=wp:x&sender=123", "invalid-registration", 400},
	} {
		r, err := http.NewRequestWithContext(testContext(t), http.MethodPost, s.URL+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", c.kind)
		r.Header.Set("Authorization", c.authorization)
		expectProblem(t, r, c.status, c.code)
		r.Body, _ = r.GetBody()
		r.Header.Set("Origin", "https://evil.example.com")
		expectProblem(t, r, 403, "foreign-origin")
	}
	s.api("POST", "/api/browser", `{"online": false}`, 200, nil)
	r, _ := http.NewRequestWithContext(testContext(t), http.MethodPost, s.URL+"/checkin", strings.NewReader(""))
	expectProblem(t, r, 503, "offline")
}

func FuzzCheckin(f *testing.F) {
	f.Add([]byte("\x10\x00\x1a*1-da39a3ee5e6b4b0d3255bfef95601890afd80709\"\x17`\x03j\x13\b\x03\x12\r156.0.8078.79\x18\x05i\x00\x00\x00\x00\x00\x00\x00\x00p\x03\xb0\x01\x00"))
	f.Add([]byte("\x22\x02\x6a\x00"))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parseCheckin(body)
		if err != nil && c != (checkinRequest{}) {
			t.Errorf("%v and %+v", err, c)
		}
	})
}

func FuzzRegistration(f *testing.F) {
	f.Add("AidLogin 6843355152981739219:9068845048158359591", "app=org.chromium.linux&X-subtype=wp:http://localhost:18088/%2314D3D6E7-V2&device=6843355152981739219&scope=GCM&X-scope=GCM&gmsv=156&appid=fztsayUhz6k&sender="+fuzzKey)
	f.Add("AidLogin 1:2", "app=com.google.android.gms&device=1&sender=745476177629")
	f.Add("AidLogin 1:2", "app=a&X-subtype=wp:&delete=true")
	f.Fuzz(func(t *testing.T, authorization, body string) {
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		r, err := parseRegistration(authorization, form)
		if err != nil {
			return
		}
		if r.app == "" || r.isWebPush() && !r.remove && len(r.key) != 65 || !r.isWebPush() && r.key != nil {
			t.Errorf("taken as %+v", r)
		}
	})
}
