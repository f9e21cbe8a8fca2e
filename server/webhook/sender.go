package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

const (
	// requestTimeout bounds a whole request, dialTimeout a connection, names included.
	requestTimeout = 20 * time.Second
	dialTimeout    = 10 * time.Second
	// maxAnswer is how much of an answer's body is read, maxHeader how large its header
	// may be, both in bytes.
	maxAnswer = 4 << 10
	maxHeader = 16 << 10
	// maxReason is how much of an answer is kept, in bytes.
	maxReason = 200
	// mostConnections is how many there are to one host.
	mostConnections = mostUnderWay
)

// A Sender makes single attempts. It is safe for concurrent use.
type Sender struct {
	hosts  *Hosts
	client *http.Client
	now    func() time.Time
}

// NewSender returns a sender. config is for receivers whose certificates no system
// trusts; nil is the default.
func NewSender(hosts *Hosts, config *tls.Config) *Sender { return newSender(hosts, config, nil) }

// newSender asks a resolver for names; nil is the system's.
func newSender(hosts *Hosts, config *tls.Config, resolver *net.Resolver) *Sender {
	// The push services' guard: the address is looked at when it is dialled.
	guarded := net.Dialer{Timeout: dialTimeout, Control: webpush.PublicAddressesOnly(), Resolver: resolver}
	s := &Sender{hosts: hosts, now: time.Now}
	s.client = &http.Client{
		Timeout:       requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			// No proxy of the environment: what it calls, nobody here could look at.
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if isListed, _ := ctx.Value(listedKey{}).(bool); isListed {
					return (&net.Dialer{Timeout: dialTimeout, Resolver: resolver}).DialContext(ctx, network, address)
				}
				return guarded.DialContext(ctx, network, address)
			},
			TLSClientConfig: config, TLSHandshakeTimeout: dialTimeout, ForceAttemptHTTP2: true,
			MaxConnsPerHost: mostConnections, MaxIdleConnsPerHost: mostConnections, IdleConnTimeout: time.Minute,
			DisableCompression: true, MaxResponseHeaderBytes: maxHeader,
		},
	}
	return s
}

// listedKey is of the context of a request to a host that the operator has listed.
type listedKey struct{}

// Close ends connections that nothing is under way on.
func (s *Sender) Close() { s.client.CloseIdleConnections() }

// Send makes one attempt. Its time is the present one's, so that a receiver can refuse
// what somebody repeats later.
func (s *Sender) Send(ctx context.Context, w *push.Webhook, e push.WebhookEvent) push.WebhookResult {
	r := push.WebhookResult{WebhookEvent: e, Failures: w.Failures, BeganAt: s.now()}
	request, err := s.request(ctx, w, e, r.BeganAt)
	if err != nil {
		r.Reason = err.Error()
		return r
	}
	response, err := s.client.Do(request)
	if err != nil {
		r.Reason = reasonOf(err)
		return r
	}
	defer response.Body.Close()
	// To its end, if it is a short one: then the connection is used again.
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	r.Status, r.RetryAfter = response.StatusCode, retryAfter(response.Header.Get("Retry-After"), r.BeganAt)
	if !r.IsDelivered() {
		r.Reason = printable(string(body))
	}
	return r
}

// Reach asks a receiver for nothing at all (HEAD), by the rules of Send: whatever it
// answers, it is there.
func (s *Sender) Reach(ctx context.Context, text string) error {
	u, err := s.hosts.CheckURL("url", text)
	if err != nil {
		return err
	}
	ctx = context.WithValue(ctx, listedKey{}, s.hosts.lists(u))
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, u.String(), nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "pushkit")
	response, err := s.client.Do(request)
	if err != nil {
		return errors.New(reasonOf(err))
	}
	return response.Body.Close()
}

func (s *Sender) request(ctx context.Context, w *push.Webhook, e push.WebhookEvent, at time.Time) (*http.Request, error) {
	// Once more: what the operator allows may have changed since.
	u, err := s.hosts.CheckURL("url", w.URL)
	if err != nil {
		return nil, err
	}
	signature, err := sign(w.Secrets(at), e, at)
	if err != nil {
		return nil, err
	}
	ctx = context.WithValue(ctx, listedKey{}, s.hosts.lists(u))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(e.Body))
	if err != nil {
		return nil, err
	}
	request.Header = http.Header{
		"Content-Type": {"application/json"},
		"User-Agent":   {"pushkit"},
	}
	request.Header.Set(standardwebhooks.HeaderWebhookID, e.ID.String())
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return request, nil
}

// sign is the value of webhook-signature: one by each secret.
func sign(secrets []push.WebhookSecret, e push.WebhookEvent, at time.Time) (string, error) {
	var signatures []string
	for _, secret := range secrets {
		signer, err := standardwebhooks.NewWebhookRaw(secret[:])
		if err != nil {
			return "", err
		}
		signature, err := signer.Sign(e.ID.String(), at, e.Body)
		if err != nil {
			return "", err
		}
		signatures = append(signatures, signature)
	}
	return strings.Join(signatures, " "), nil
}

// reasonOf is an error in words, without the URL, which may hold a secret.
func reasonOf(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		if wrapped.Timeout() {
			return "no answer in time"
		}
		err = wrapped.Err
	}
	return printable(err.Error())
}

// printable is the begin of a text that a stranger has written, on one line.
func printable(text string) string {
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\uFFFD"), func(r rune) bool { return r <= ' ' || r == 0x7f }), " ")
	if len(text) <= maxReason {
		return text
	}
	cut := maxReason
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// retryAfter reads the header (RFC 9110 section 10.2.3): seconds, or a date; 0: none.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
