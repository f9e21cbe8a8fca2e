package emulator

import (
	"net/http"
	"strings"

	"github.com/pushkit/pushkit/server/webpush/vendors"
)

const (
	// stableHost and stagingHost are where Chromium's endpoints are, by its
	// channel: Google's hosts, since Chromium has no setting for them.
	stableHost  = "fcm.googleapis.com"
	stagingHost = "jmt17.google.com"
	// tokenPrefix tells the emulator's tokens from Google's, so that a sender can
	// route these here and those to Google. Google's begin with an instance id of
	// 11 or 22 characters before the colon, never with these 16.
	tokenPrefix = "pushkit-emulator:"
	// googlePath is what stands before the token in an endpoint.
	googlePath = "/fcm/send/"
)

// GoogleEndpoints are what the endpoints begin with that Chromium makes of the
// emulator's tokens. They are on Google's hosts, and never Google's own: requests
// for them are to go to the emulator.
func GoogleEndpoints() []string {
	return []string{
		"https://" + stableHost + googlePath + tokenPrefix,
		"https://" + stagingHost + googlePath + tokenPrefix,
	}
}

func isGoogleHost(host string) bool {
	host = strings.ToLower(host)
	return host == stableHost || host == stagingHost
}

// pushGoogle answers a push request for an endpoint of a Chromium.
func (e *Emulator) pushGoogle(w http.ResponseWriter, r *http.Request) {
	if !isGoogleHost(r.Host) && !e.isOwnHost(r.Host) {
		foreignHost(w, r)
		return
	}
	e.receive(w, r, e.findGoogle)
}

// findGoogle is the subscription that a request is for, at an endpoint of the
// form that Google's have. Chromium makes the endpoint of a token, so its host
// is sure only now. The lock is held.
func (e *Emulator) findGoogle(r *http.Request, token string) target {
	t := target{origin: e.originOf(r), as: vendors.Google}
	if isGoogleHost(r.Host) {
		t.origin = "https://" + strings.ToLower(r.Host)
	}
	if !strings.HasPrefix(token, tokenPrefix) {
		// Gone or unknown would make the sender delete a subscription that lives.
		t.refused = ruleEndpointForeign.refuse("")
		return t
	}
	if s := e.byToken[token]; s != nil && s.browser.device != nil {
		t.subscription = s
		if isGoogleHost(r.Host) {
			s.endpoint = t.origin + googlePath + s.token
		}
	}
	return t
}
