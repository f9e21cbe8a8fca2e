package emulator

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestConnectedBrowserGetsAnEncryptedPushAtOnce(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	response := keys.send(t, sub, "hello", 60, "")
	if got := response.Header.Get("TTL"); got != "60" {
		t.Errorf("the answer's TTL is %q", got)
	}
	if got := response.Header.Get("Location"); !strings.HasPrefix(got, s.URL+"/m/") {
		t.Errorf("the message's resource is %q", got)
	}
	versions := b.wants(sub, "hello")
	s.waitPush(1, stateDelivered)
	b.ack(versions[0], 100)
	p := s.waitPush(1, stateAcked)
	if p.Code != 100 || p.Milliseconds <= 0 || p.Status != 201 || p.TTL != 60 || p.Urgency != "normal" || p.Size == 0 {
		t.Errorf("the log tells %+v", p)
	}
	if p.Subscription != s.subscriptions()[0].ID {
		t.Errorf("the log names the subscription %q", p.Subscription)
	}
}

func TestPushWithoutDataIsDelivered(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	response := sign(t, s, keys, nil).post(t, sub.endpoint, nil)
	if response.StatusCode != 201 {
		t.Fatal(response.StatusCode)
	}
	if f := b.read(); f.MessageType != "notification" || f.Data != "" || f.Headers != nil {
		t.Errorf("%+v came", f)
	}
}

func TestPushesWaitForABrowserThatIsAwayInOrder(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	b.leave(s)
	for _, text := range []string{"one", "two", "three"} {
		keys.send(t, sub, text, 60, "")
	}
	if p := s.waitPush(2, stateQueued); p.Code != 0 {
		t.Errorf("%+v", p)
	}
	again := connect(t, s, b.uaid)
	if again.uaid != b.uaid {
		t.Fatal("the browser got another uaid")
	}
	again.wants(sub, "one", "two", "three")
}

func TestUnacknowledgedIsSentAgainAndAcknowledgedIsNot(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	keys.send(t, sub, "one", 60, "")
	keys.send(t, sub, "two", 60, "")
	versions := b.wants(sub, "one", "two")
	b.ack(versions[0], 100)
	s.waitPush(1, stateAcked)
	b.leave(s)
	s.waitPush(2, stateQueued)
	again := connect(t, s, b.uaid)
	if repeated := again.wants(sub, "two"); repeated[0] != versions[1] {
		t.Error("the message has another version the second time, so Firefox would show it twice")
	}
}

func TestTTLEndsTheWait(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	b.leave(s)
	keys.send(t, sub, "short", 10, "")
	keys.send(t, sub, "long", 100, "")
	s.later(11 * time.Second)
	s.waitPush(1, stateExpired)
	connect(t, s, b.uaid).wants(sub, "long")
}

func TestTTLOfAnUnacknowledgedPushEndsWhenTheBrowserLeaves(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	keys.send(t, sub, "short", 10, "")
	b.wants(sub, "short")
	s.later(11 * time.Second)
	s.waitPush(1, stateDelivered)
	b.leave(s)
	s.waitPush(1, stateExpired)
	connect(t, s, b.uaid).quiet()
}

func TestTTLZeroIsNowOrNever(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	keys.send(t, sub, "now", 0, "")
	versions := b.wants(sub, "now")
	b.ack(versions[0], 100)
	s.waitPush(1, stateAcked)
	b.leave(s)
	keys.send(t, sub, "waits", 60, "topic")
	keys.send(t, sub, "never", 0, "topic")
	s.waitPush(3, stateExpired)
	connect(t, s, b.uaid).wants(sub, "waits")
}

func TestTTLIsClippedTo30Days(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	for _, ttl := range []string{"99999999", "99999999999999999999999999"} {
		response := sign(t, s, keys, map[string]string{"TTL": ttl}).post(t, sub.endpoint, nil)
		if got := response.Header.Get("TTL"); got != strconv.Itoa(30*24*60*60) {
			t.Errorf("TTL %s became %s", ttl, got)
		}
	}
}

func TestTopicReplacesWhatWaitsForTheSameSubscription(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub, other := b.register(keys.public), b.register(keys.public)
	b.leave(s)
	keys.send(t, sub, "score 1:0", 60, "match")
	keys.send(t, sub, "news", 60, "news")
	keys.send(t, sub, "score 2:0", 60, "match")
	s.waitPush(1, stateReplaced)
	keys.send(t, other, "other", 60, "match")
	b = connect(t, s, b.uaid)
	for _, want := range []string{"news", "score 2:0"} {
		if _, text := b.receive(sub); text != want {
			t.Errorf("%q came, not %q", text, want)
		}
	}
	b.wants(other, "other")
}

func TestOldestIsDroppedWhenTooManyWait(t *testing.T) {
	s := serve(t, Options{QueueSize: 2, LogSize: 3})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	b.leave(s)
	for i := range 4 {
		keys.send(t, sub, strconv.Itoa(i), 60, "")
	}
	s.waitPush(2, stateDropped)
	if n := len(s.pushes()); n != 3 {
		t.Errorf("the log keeps %d pushes", n)
	}
	connect(t, s, b.uaid).wants(sub, "2", "3")
}

func TestNackAfterAckIsTheLastWord(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	keys.send(t, sub, "reject", 60, "")
	version := b.wants(sub, "reject")[0]
	b.ack(version, 100)
	b.write(map[string]any{"messageType": "nack", "version": version, "code": 302})
	b.quiet()
	if p := s.pushes()[0]; p.State != stateAcked || p.Code != 302 {
		t.Errorf("%+v", p)
	}
}

func TestAnotherBrowserCannotAcknowledge(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b, stranger := connect(t, s, ""), connect(t, s, "")
	sub := b.register(keys.public)
	keys.send(t, sub, "mine", 60, "")
	version := b.wants(sub, "mine")[0]
	stranger.ack(version, 100)
	stranger.quiet()
	if p := s.pushes()[0]; p.State != stateDelivered {
		t.Errorf("%+v", p)
	}
	b.ack(version, 100)
	s.waitPush(1, stateAcked)
	stranger.write(map[string]any{"messageType": "nack", "version": version, "code": 302})
	stranger.quiet()
	if p := s.pushes()[0]; p.Code != 100 {
		t.Errorf("%+v", p)
	}
}

func TestUnknownUaidGetsANewOne(t *testing.T) {
	s := serve(t, Options{})
	for _, uaid := range []string{"", uuid.NewString(), strings.Repeat("x", 300)} {
		if b := connect(t, s, uaid); b.uaid == uaid || len(b.uaid) != 32 {
			t.Errorf("hello with %q was answered %q", uaid, b.uaid)
		}
	}
}

func TestSecondConnectionOfABrowserCutsTheFirst(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	first := connect(t, s, "")
	sub := first.register(keys.public)
	second := connect(t, s, first.uaid)
	if second.uaid != first.uaid {
		t.Fatal("the browser got another uaid")
	}
	first.waitCut()
	keys.send(t, sub, "to the second", 60, "")
	second.wants(sub, "to the second")
}

func TestRegisterAgainGivesTheSameEndpointAndAnotherKeyAnother(t *testing.T) {
	s := serve(t, Options{})
	keys, others := newVapidKeys(t), newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	if again := b.registerChannel(sub.channelID, keys.public); again.PushEndpoint != sub.endpoint {
		t.Errorf("the endpoint became %q", again.PushEndpoint)
	}
	if other := b.registerChannel(sub.channelID, others.public); other.PushEndpoint == sub.endpoint {
		t.Error("another key has the same endpoint")
	}
	expectRefusal(t, keys.post(t, sub, "x", 60, ""), ruleSubscriptionEnded)
}

func TestUnregisterEndsTheSubscriptionForSenders(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	b.write(map[string]any{"messageType": "unregister", "channelID": sub.channelID, "code": 202})
	if f := b.read(); f.MessageType != "unregister" || f.Status != 200 || f.ChannelID != sub.channelID {
		t.Errorf("unregister was answered %+v", f)
	}
	expectRefusal(t, keys.post(t, sub, "x", 60, ""), ruleSubscriptionEnded)
	if d := s.subscriptions()[0]; d.State != "ended" || d.EndReason != "unregistered" || d.EndCode != 202 {
		t.Errorf("%+v", d)
	}
}
