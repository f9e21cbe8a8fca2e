package emulator

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestConnectedChromiumGetsAnEncryptedPushAtOnce(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	d := checkIn(t, s, 5)
	c := d.connect(t)
	sub := d.register(t, keys.public)
	response := keys.send(t, sub, "hello", 60, "")
	if got := response.Header.Get("Location"); !strings.HasPrefix(got, "https://jmt17.google.com/m/") {
		t.Errorf("the message's resource is %q", got)
	}
	m, text := c.receive(sub)
	if text != "hello" || m.from != keys.public || m.ttl != 60 || m.last != 1 {
		t.Errorf("%q came as %+v", text, m)
	}
	s.waitPush(1, stateDelivered)
	c.streamAck()
	p := s.waitPush(1, stateAcked)
	if p.Milliseconds <= 0 || p.Status != 201 || p.TTL != 60 || p.Size == 0 || p.Subscription != s.subscriptions()[0].ID {
		t.Errorf("the log tells %+v", p)
	}
	if got := s.subscriptions()[0]; got.Browser != "chromium" || got.Endpoint != sub.endpoint || !got.Connected {
		t.Errorf("the subscription is %+v", got)
	}
}

func TestChromiumGetsAPushWithoutData(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	d := checkIn(t, s, 5)
	c := d.connect(t)
	sub := d.register(t, keys.public)
	if response := signGoogle(t, s, keys, nil).post(t, sub.endpoint, nil); response.StatusCode != http.StatusCreated {
		t.Fatal(response.StatusCode)
	}
	if m, _ := c.receive(sub); m.raw != nil || m.data["content-encoding"] != "" {
		t.Errorf("%+v came", m)
	}
}

func TestPushesWaitForAChromiumThatIsAwayInOrder(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	d := checkIn(t, s, 5)
	sub := d.register(t, keys.public)
	for _, text := range []string{"one", "two", "three"} {
		keys.send(t, sub, text, 60, "")
	}
	s.waitPush(2, stateQueued)
	d.connect(t).wants(sub, "one", "two", "three")
}

func TestChromiumsUnacknowledgedIsSentAgainAndAcknowledgedIsNot(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	d := checkIn(t, s, 5)
	c := d.connect(t)
	sub := d.register(t, keys.public)
	keys.send(t, sub, "one", 60, "")
	c.receive(sub)
	c.streamAck()
	s.waitPush(1, stateAcked)
	keys.send(t, sub, "two", 60, "")
	m, _ := c.receive(sub)
	c.leave()
	d.received = nil // Chromium dropped it before it was written down
	s.waitPush(2, stateQueued)
	again := d.connect(t)
	if repeated, text := again.receive(sub); text != "two" || repeated.id != m.id {
		t.Errorf("%q came again, as %s and not %s", text, repeated.id, m.id)
	}
	again.quiet()
}

func TestWhatALoginSaysWasReceivedIsNotSentAgain(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	d := checkIn(t, s, 5)
	c := d.connect(t)
	sub := d.register(t, keys.public)
	keys.send(t, sub, "one", 60, "")
	c.receive(sub)
	c.leave()
	keys.send(t, sub, "two", 60, "")
	if len(d.received) != 1 {
		t.Fatal(d.received)
	}
	d.connect(t).wants(sub, "two")
	s.waitPush(1, stateAcked)
}

func TestAStreamIDAcknowledgesOnlyWhatCameBefore(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	d := checkIn(t, s, 5)
	c := d.connect(t)
	sub := d.register(t, keys.public)
	keys.send(t, sub, "one", 60, "")
	c.receive(sub)
	keys.send(t, sub, "two", 60, "")
	last := c.received
	c.receive(sub)
	var ping protoMessage
	ping.number(2, uint64(last))
	c.write(appendMCSFrame(nil, mcsHeartbeatPing, ping))
	if f := c.read(); f.tag != mcsHeartbeatAck {
		t.Fatalf("tag %d came", f.tag)
	}
	for _, p := range s.pushes() {
		if want := map[int]string{1: stateAcked, 2: stateDelivered}[p.ID]; p.State != want {
			t.Errorf("push %d is %s", p.ID, p.State)
		}
	}
}

func TestAHeartbeatIsAnsweredWithTheCountOfMessages(t *testing.T) {
	s := serve(t, Options{})
	c := checkIn(t, s, 5).connect(t)
	for want := uint64(2); want < 5; want++ {
		c.write(appendMCSFrame(nil, mcsHeartbeatPing, nil))
		f := c.read()
		last := uint64(0)
		eachField(f.body, func(field protoField) {
			if field.number == 2 {
				last = field.value
			}
		})
		if f.tag != mcsHeartbeatAck || last != want {
			t.Errorf("tag %d with last_stream_id_received %d came, not %d", f.tag, last, want)
		}
	}
}

func TestChromiumsTopicsTTLAndQueueAreAsFirefoxs(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	d := checkIn(t, s, 5)
	sub := d.register(t, keys.public)
	keys.send(t, sub, "score 1:0", 60, "match")
	keys.send(t, sub, "score 2:0", 60, "match")
	s.waitPush(1, stateReplaced)
	keys.send(t, sub, "short", 10, "")
	keys.send(t, sub, "never", 0, "")
	s.later(11 * time.Second)
	s.waitPush(3, stateExpired)
	s.waitPush(4, stateExpired)
	d.connect(t).wants(sub, "score 2:0")
	if got := signGoogle(t, s, keys, map[string]string{"TTL": "9999999"}).post(t, sub.endpoint, nil).Header.Get("TTL"); got != "2419200" {
		t.Errorf("the TTL became %s", got)
	}
}

func TestASecondLoginOfAChromiumCutsTheFirst(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	d := checkIn(t, s, 5)
	first := d.connect(t)
	sub := d.register(t, keys.public)
	second := d.connect(t)
	first.waitCut()
	keys.send(t, sub, "to the second", 60, "")
	second.wants(sub, "to the second")
}

func TestALoginWithAnothersTokenIsRefused(t *testing.T) {
	s := serve(t, Options{})
	d := checkIn(t, s, 5)
	thief := *d
	thief.token++
	c := dialMCS(t, s)
	c.write(append([]byte{mcsVersion}, appendMCSFrame(nil, mcsLoginRequest, thief.login())...))
	f := c.readLogin()
	code := uint64(0)
	eachField(f.body, func(field protoField) {
		if field.number == 3 {
			eachField(field.bytes, func(info protoField) {
				if info.number == 1 {
					code = info.value
				}
			})
		}
	})
	if code != 401 {
		t.Errorf("the login was answered %q", f.body)
	}
	c.waitCut()
	d.connect(t).quiet()
}

func TestACutChromiumComesBackWhenItIsOnlineAgain(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	d := checkIn(t, s, 5)
	c := d.connect(t)
	sub := d.register(t, keys.public)
	s.api("POST", "/api/browser", `{"online": false}`, 200, nil)
	c.waitCut()
	if answer := d.form(t, map[string]string{"X-subtype": "wp:x", "sender": keys.public}); !strings.Contains(answer, `"offline"`) {
		t.Errorf("a registration was answered %q", answer)
	}
	keys.send(t, sub, "while offline", 60, "")
	// A connection that is made now waits until the emulator is online.
	raw, err := net.Dial("tcp", s.emulator.mcsAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	shaken := make(chan error, 1)
	go func() { shaken <- tls.Client(raw, &tls.Config{InsecureSkipVerify: true}).Handshake() }()
	select {
	case err := <-shaken:
		t.Fatalf("it was not kept while offline: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	s.api("POST", "/api/browser", `{"online": true}`, 200, nil)
	if err := <-shaken; err != nil {
		t.Fatal(err)
	}
	d.connect(t).wants(sub, "while offline")
}

func TestCloseEndsTheConnectionCleanly(t *testing.T) {
	s := serve(t, Options{})
	c := checkIn(t, s, 5).connect(t)
	c.write(appendMCSFrame(nil, mcsClose, nil))
	c.waitCut()
	s.waitConnected(0)
}

func TestGarbageOnMCSEndsOnlyItsConnection(t *testing.T) {
	s := serve(t, Options{})
	d := checkIn(t, s, 5)
	login := appendMCSFrame(nil, mcsLoginRequest, d.login())
	var other protoMessage
	other.text(3, "me")
	for name, b := range map[string][]byte{
		"another version":              append([]byte{38}, login...),
		"HTTP":                         []byte("GET / HTTP/1.1\r\n\r\n"),
		"no login first":               append([]byte{mcsVersion}, appendMCSFrame(nil, mcsHeartbeatPing, nil)...),
		"a login that is no protobuf":  {mcsVersion, mcsLoginRequest, 2, 0xff, 0xff},
		"a login of somebody":          append([]byte{mcsVersion}, appendMCSFrame(nil, mcsLoginRequest, other)...),
		"a message without end":        {mcsVersion, mcsLoginRequest, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"a message of a gigabyte":      {mcsVersion, mcsLoginRequest, 0x80, 0x80, 0x80, 0x80, 0x04},
		"a second login":               append(append([]byte{mcsVersion}, login...), login...),
		"a stanza that is no protobuf": append(append([]byte{mcsVersion}, login...), mcsIqStanza, 1, 0xff),
	} {
		c := dialMCS(t, s)
		c.write(b)
		var rest bytes.Buffer
		if _, err := rest.ReadFrom(c.in); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("%s: the connection lives on", name)
		}
	}
	d.connect(t).quiet()
}

func TestTheEmulatorsEndCutsConnectionsBeforeTheirLogin(t *testing.T) {
	s := serve(t, Options{})
	c := dialMCS(t, s)
	s.emulator.Close()
	c.waitCut()
}

func FuzzMCSFrame(f *testing.F) {
	d := testDevice{id: 6843355152981739219, token: 9068845048158359591, received: []string{"a", "b"}}
	var ack protoMessage
	ack.number(10, 3)
	f.Add(appendMCSFrame(nil, mcsLoginRequest, d.login()))
	f.Add(appendMCSFrame(nil, mcsIqStanza, ack))
	f.Add(appendMCSFrame(nil, mcsHeartbeatPing, newHeartbeatAck(2)))
	f.Add([]byte{mcsDataMessage, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := readMCSFrame(bufio.NewReader(bytes.NewReader(data)))
		if err != nil {
			return
		}
		if len(frame.body) > len(data) || len(frame.body) > maxFrame {
			t.Fatalf("%d bytes of %d", len(frame.body), len(data))
		}
		if last, err := frame.lastStreamID(); err == nil && last < 0 {
			t.Errorf("stream id %d", last)
		}
		if l, err := parseLogin(frame); err == nil && (frame.tag != mcsLoginRequest || len(l.received) > len(frame.body)) {
			t.Errorf("taken as %+v", l)
		}
	})
}
