package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/webpush/vendors"
)

// namesBelow are names of the vendors' wildcard hosts that are always there.
var namesBelow = map[string]string{
	"*.push.services.mozilla.com": "updates.push.services.mozilla.com",
	"*.push.apple.com":            "web.push.apple.com",
	"*.notify.windows.com":        "wns2-by3p.notify.windows.com",
}

// checkPushServices asks each push service for anything at all, on the way that
// messages take, and holds this machine's clock against theirs.
func (d *doctor) checkPushServices(ctx context.Context) {
	services, err := d.sending.services()
	if err != nil {
		d.tell(fail("push services", "Mend --push-services.", "%v.", err))
		return
	}
	endpoints, vendorsOwn := d.someEndpoints()
	offsets := make(chan time.Duration, len(endpoints))
	d.tell(together(endpoints, func(endpoint string) []finding {
		f := reach(ctx, services, endpoint, offsets)
		if f.Level == levelFail && vendorsOwn[endpoint] {
			f.Level, f.Advice = levelNote, "Only browsers that use the emulator can be sent to. For the others: "+f.Advice
		}
		return []finding{f}
	})...)
	close(offsets)
	var all []time.Duration
	for offset := range offsets {
		all = append(all, offset)
	}
	d.tell(checkClock(all))
}

// someEndpoints are one of each push service: those of --push-services, and those of
// the vendors that none of these leads elsewhere. Where some are led elsewhere, which is
// beside an emulator, the others are vendorsOwn: who tries things out on a laptop can do
// without them.
func (d *doctor) someEndpoints() (endpoints []string, vendorsOwn map[string]bool) {
	vendorsOwn = make(map[string]bool)
	led := make(map[*vendors.Vendor]bool)
	for _, rule := range d.sending.PushServices {
		from, _, isRoute := strings.Cut(rule, "=")
		host, _, _ := strings.Cut(from, "/")
		switch {
		case strings.Contains(from, "://"):
			endpoints = append(endpoints, from)
		case !strings.HasPrefix(from, "*."):
			endpoints = append(endpoints, "https://"+from)
		}
		if v := vendors.Of(host); v != nil && isRoute {
			led[v] = true
		}
	}
	for _, v := range vendors.All() {
		if led[v] {
			continue
		}
		for _, host := range v.Hosts {
			if name := namesBelow[host]; name != "" {
				host = name
			}
			endpoints = append(endpoints, "https://"+host)
			vendorsOwn["https://"+host] = len(led) > 0
		}
	}
	slices.Sort(endpoints)
	return slices.Compact(endpoints), vendorsOwn
}

// reach asks a push service, and tells how far its clock is ahead of this machine's.
func reach(ctx context.Context, services *webpush.Services, endpoint string, offsets chan<- time.Duration) finding {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	check := "push service"
	route, local, err := services.Route(endpoint + "/")
	if err != nil {
		return fail(check, "Mend --push-services.", "%s: %v.", endpoint, err)
	}
	client, at, err := clientFor(endpoint, route, local)
	if err != nil {
		return fail(check, "Mend --push-services.", "%s: %v.", endpoint, err)
	}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return fail(check, "Mend --push-services.", "%s: %v.", endpoint, err)
	}
	began := time.Now()
	response, err := client.Do(request)
	if err != nil {
		return fail(check, adviceOn(err, local), "%s cannot be reached: %v.", endpoint, reasonOf(err))
	}
	defer response.Body.Close()
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		// The header has whole seconds: it is half of one behind on average.
		halfway := began.Add(time.Since(began) / 2)
		offsets <- date.Add(time.Second / 2).Sub(halfway)
	}
	if route != strings.TrimSuffix(endpoint, "/") && local {
		return ok(check, "%s answers at %s, where --push-services leads to.", endpoint, route)
	}
	return ok(check, "%s answers.", endpoint)
}

// clientFor asks an endpoint's push service where its requests go. at is what to ask
// for.
func clientFor(endpoint, route string, local bool) (client *http.Client, at string, err error) {
	to, err := url.Parse(route)
	if err != nil {
		return nil, "", err
	}
	asked, err := url.Parse(endpoint)
	if err != nil {
		return nil, "", err
	}
	dialer := &net.Dialer{Timeout: checkLimit}
	transport := &http.Transport{DialContext: dialer.DialContext, ForceAttemptHTTP2: true}
	proxy, _ := http.ProxyFromEnvironment(&http.Request{URL: asked})
	switch {
	case local:
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, to.Host)
		}
	case proxy != nil:
		transport.Proxy = http.ProxyURL(proxy)
	default:
		dialer.Control = webpush.PublicAddressesOnly()
	}
	return &http.Client{Transport: transport, CheckRedirect: noRedirect}, to.Scheme + "://" + asked.Host + "/", nil
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// reasonOf is an error of an HTTP client without the request, of which the finding
// tells already.
func reasonOf(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// adviceOn says what to do where somebody cannot be reached.
func adviceOn(err error, local bool) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	switch {
	case local:
		return "Start what --push-services leads to, or take it out."
	case errors.As(err, &dns):
		return "Look at this machine's DNS: the name is not found."
	case errors.As(err, &certificate) || errors.As(err, &noTLS):
		return "Somebody on the way answers in its place: look at the proxy or firewall, this machine's certificates (SSL_CERT_FILE) and its clock."
	}
	return "Let this machine connect to it on port 443: look at the firewall, and at HTTPS_PROXY where there is a proxy."
}

const (
	// A VAPID token may not be older than its time, nor last longer than a day, of
	// which it takes a half: what is tolerable in a clock, and what is not.
	driftingClock = 30 * time.Second
	wrongClock    = 10 * time.Minute
)

// checkClock judges how far the push services' clocks are ahead. One of them may be
// wrong, most of them are not.
func checkClock(offsets []time.Duration) finding {
	const check, advice = "clock", "Have the clock set by NTP (timedatectl set-ntp true): push services refuse tokens by it, and messages come at its time."
	if len(offsets) == 0 {
		return warn(check, "Mend the way to the push services first.", "No push service has told the time.")
	}
	slices.Sort(offsets)
	offset := offsets[len(offsets)/2]
	how, away := "behind", offset.Abs().Round(time.Second)
	if offset < 0 {
		how = "ahead of"
	}
	switch {
	case away > wrongClock:
		return fail(check, advice, "This machine's clock is %v %s the push services'.", away, how)
	case away > driftingClock:
		return warn(check, advice, "This machine's clock is %v %s the push services'.", away, how)
	}
	return ok(check, "This machine's clock agrees with the push services'.")
}
