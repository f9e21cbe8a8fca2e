package emulator

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/pushkit/pushkit/server/webpush/vendors"
)

const (
	// maxBody is the least that a push service must take (RFC 8030 §7.2), and the
	// most that any of the vendors' does.
	maxBody = 4096
	// maxTTL is the longest of the emulator's own pushes: 30 days, in seconds.
	maxTTL = 30 * 24 * 60 * 60
)

var urgencies = []string{"very-low", "low", "normal", "high"}

// target is what a push request is for.
type target struct {
	subscription *subscription   // nil: unknown
	origin       string          // of the endpoint, which the VAPID aud must be
	as           *vendors.Vendor // whose service answers
	refused      *refusal        // whatever the request says; nil if it is to be looked at
}

// push answers a push request for an endpoint of a Firefox.
func (e *Emulator) push(w http.ResponseWriter, r *http.Request) {
	e.receive(w, r, e.findMozilla)
}

// findMozilla is the subscription that a request is for, at an endpoint of the
// form that Mozilla's have. The lock is held.
func (e *Emulator) findMozilla(r *http.Request, token string) target {
	s := e.byToken[token]
	if s == nil || s.browser.device != nil || !strings.HasSuffix(s.endpoint, "/"+mux.Vars(r)["version"]+"/"+s.token) {
		return target{as: vendors.Mozilla}
	}
	return target{subscription: s, origin: s.origin, as: vendors.Mozilla}
}

// receive answers the request of an application server, RFC 8030 §5.
func (e *Emulator) receive(w http.ResponseWriter, r *http.Request, find func(r *http.Request, token string) target) {
	// One byte over the limit tells that there is more.
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return // the sender is gone
	}
	e.mu.Lock()
	e.expire()
	p := &push{received: e.now(), body: body}
	p.record = Push{Time: p.received, Urgency: "normal", Size: len(body), Status: http.StatusCreated}
	t := find(r, mux.Vars(r)["token"])
	if e.as != nil {
		t.as = e.as
	}
	p.record.As = t.as.Name
	refused := e.accept(p, r, t).answeredAs(t.as)
	if refused != nil {
		p.record.Status, p.record.Rule, p.record.Detail, p.record.State = refused.Status, refused.ID, refused.detail, stateRefused
		// The log tells what was asked for as far as it can be read.
		p.readTTL(r.Header, t.as)
		p.readTopicAndUrgency(r.Header, t.as)
	}
	var late lateness
	if t.refused == nil {
		late = e.meetLateness(p)
	}
	if refused != nil {
		p.body = nil
		e.log.add(p)
	} else {
		e.enqueue(p)
	}
	e.mu.Unlock()
	late.wait(e, r)
	if refused != nil {
		refused.write(w)
		return
	}
	p.accepted(w, t)
}

// accept holds the request against the rules, in autopush's order, and fills in
// what the log tells. The lock is held.
func (e *Emulator) accept(p *push, r *http.Request, t target) *refusal {
	s := t.subscription
	if s != nil {
		p.subscription, p.record.Subscription, s.lastPush = s, s.id, p.received
		p.decrypt()
	}
	if t.refused != nil {
		return t.refused
	}
	if f, ok := e.meet(faultStatus, s); ok {
		p.record.Faults = append(p.record.Faults, faultStatus)
		rule := ruleFault
		rule.Status = f.Status
		return &refusal{Rule: rule, retryAfter: f.RetryAfter}
	}
	if s == nil {
		return ruleEndpointUnknown.refuse("")
	}
	credentials, refused := s.authorize(r.Header.Get("Authorization"))
	switch {
	case refused != nil:
		return refused
	case s.end != nil:
		return s.end.rule.refuse("%s", s.end.reason)
	}
	if credentials != nil {
		claims, refused := credentials.check(t.origin, e.judgingTime(p))
		if refused == nil {
			refused = checkSubject(claims, t.as)
		}
		if refused != nil {
			return refused
		}
	}
	if len(p.body) > t.as.MaxBody {
		return ruleTooLarge.refuse("")
	}
	if refused := p.readTTL(r.Header, t.as); refused != nil {
		return refused
	}
	if refused := checkEncoding(r.Header, p.body); refused != nil {
		return refused
	}
	return p.readTopicAndUrgency(r.Header, t.as)
}

// authorize tells whether the header's key may send to s. Without a header it
// may if the subscription was made without a key; the credentials are then nil.
func (s *subscription) authorize(header string) (*vapidCredentials, *refusal) {
	if header == "" {
		if s.key != nil {
			return nil, ruleVapidMissing.refuse("")
		}
		return nil, nil
	}
	c, refused := parseVapidHeader(header)
	if refused != nil {
		return nil, refused
	}
	if s.key != nil && !bytes.Equal(s.key, c.point) {
		return nil, ruleVapidKeyMismatch.refuse("")
	}
	return &c, nil
}

func (p *push) readTTL(h http.Header, as *vendors.Vendor) *refusal {
	header := strings.TrimSpace(h.Get("TTL"))
	digits, negative := strings.CutPrefix(header, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return ruleTTLMissing.refuse("it is %q", header)
	}
	if negative && strings.Trim(digits, "0") != "" {
		return ruleTTLNegative.refuse("it is %s", header)
	}
	ttl, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		ttl = as.TTL.Longest // more digits than an int holds
	}
	ttl = min(ttl, as.TTL.Longest)
	p.record.TTL = int(ttl)
	p.expires = p.received.Add(time.Duration(ttl) * time.Second)
	policy := h.Get("X-WNS-Cache-Policy")
	if mistake := as.CheckTTL(ttl, policy); mistake != "" {
		return ruleFor(mistake).refuse("the TTL is %d, X-WNS-Cache-Policy is %q", ttl, policy)
	}
	return nil
}

func checkEncoding(h http.Header, body []byte) *refusal {
	// A push without data needs no encryption, RFC 8291 §4.
	if len(body) == 0 {
		return nil
	}
	switch encoding := strings.TrimSpace(h.Get("Content-Encoding")); {
	case encoding == "":
		return ruleEncodingMissing.refuse("")
	case !strings.EqualFold(encoding, "aes128gcm"):
		return ruleEncoding.refuse("it is %q", encoding)
	}
	return checkAES128GCM(body)
}

func (p *push) readTopicAndUrgency(h http.Header, as *vendors.Vendor) *refusal {
	if values := h.Values("Topic"); len(values) > 0 {
		topic := strings.Join(values, ",")
		if mistake := as.CheckTopic(topic); mistake != "" {
			return ruleFor(mistake).refuse("%d characters: %q", len(topic), topic)
		}
		p.record.Topic = topic
	}
	if values := h.Values("Urgency"); len(values) > 0 {
		urgency := strings.Join(values, ",")
		if !slices.Contains(urgencies, urgency) {
			return ruleUrgency.refuse("it is %q", urgency)
		}
		p.record.Urgency = urgency
	}
	return nil
}
