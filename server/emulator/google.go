package emulator

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
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
	// maxGoogleTTL is 4 weeks, in seconds.
	maxGoogleTTL = 28 * 24 * 60 * 60
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

// googleAnswer is how Google's service refuses what breaks a rule.
type googleAnswer struct {
	status int
	text   string
}

// googleAnswers has the texts of Google's service, by the rules' ids: those of
// Chromium's components/gcm_driver/web_push_common.cc and those that senders
// report (web-push-libs/web-push, zaru/webpush, web-push-libs/webpush-java).
// A rule that is not here is not one of Google's.
var googleAnswers = map[string]googleAnswer{
	ruleEndpointForeign.ID:   {http.StatusMisdirectedRequest, ""},
	ruleEndpointUnknown.ID:   {http.StatusNotFound, "A valid push subscription endpoint should be specified in the URL as such: https://fcm.googleapis.com/wp/dHIoDxE7Hdg:APA91bH1Zj0kNa..."},
	ruleVapidMissing.ID:      {http.StatusUnauthorized, "Authorization header must be specified."},
	ruleVapidHeader.ID:       {http.StatusForbidden, "authorization header had invalid format. authorization header should have the following format: t=jwtToken; k=base64(publicApplicationServerKey)"},
	ruleVapidKey.ID:          {http.StatusForbidden, "public application server key in authorization header must be base64 encoded in URL and filename safe format."},
	ruleVapidKeyMismatch.ID:  {http.StatusForbidden, "the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions."},
	ruleSubscriptionEnded.ID: {http.StatusGone, "push subscription has unsubscribed or expired."},
	// Google forgets a browser that was away for 270 days, and says 404.
	ruleBrowserForgotten.ID: {http.StatusNotFound, "A valid push subscription endpoint should be specified in the URL as such: https://fcm.googleapis.com/wp/dHIoDxE7Hdg:APA91bH1Zj0kNa..."},
	ruleVapidToken.ID:       {http.StatusForbidden, "permission denied: invalid JWT provided"},
	ruleVapidSignature.ID:   {http.StatusForbidden, "permission denied: invalid JWT provided"},
	ruleVapidExpired.ID:     {http.StatusForbidden, "token has expired"},
	ruleVapidTooLong.ID:     {http.StatusForbidden, "exp claim MUST NOT be more than 24 hours from the time of the request"},
	ruleVapidAudience.ID:    {http.StatusForbidden, "aud claim in the token MUST include the origin of the push resource URL"},
	ruleTooLarge.ID:         {http.StatusRequestEntityTooLarge, googlePage("MessageTooBig", http.StatusRequestEntityTooLarge)},
	ruleTTLMissing.ID:       {http.StatusBadRequest, googlePage("InvalidTtlParameter", http.StatusBadRequest)},
	ruleTTLNegative.ID:      {http.StatusBadRequest, googlePage("InvalidTtlParameter", http.StatusBadRequest)},
	ruleEncodingMissing.ID:  {http.StatusBadRequest, ""},
	ruleEncoding.ID:         {http.StatusBadRequest, ""},
	ruleEncodingHeader.ID:   {http.StatusBadRequest, ""},
	ruleTopic.ID:            {http.StatusBadRequest, ""},
	ruleUrgency.ID:          {http.StatusBadRequest, ""},
}

// googlePage is the form of the errors that come from the older of Google's two
// services behind one host.
func googlePage(title string, status int) string {
	return fmt.Sprintf("<HTML>\n<HEAD>\n<TITLE>%s</TITLE>\n</HEAD>\n<BODY BGCOLOR=\"#FFFFFF\" TEXT=\"#000000\">\n<H1>%s</H1>\n<H2>Error %d</H2>\n</BODY>\n</HTML>", title, title, status)
}

// asGoogle gives a refusal the status that Google's service answers with.
func (f *refusal) asGoogle() *refusal {
	if f == nil {
		return nil
	}
	f.google = true
	if answer, ok := googleAnswers[f.ID]; ok {
		f.Status = answer.status
	}
	return f
}

// writeGoogle answers as Google's service does, in text or HTML. The rule and
// the advice are in headers, so that the body is what a sender will meet.
func (f *refusal) writeGoogle(w http.ResponseWriter) {
	text := googleAnswers[f.ID].text
	if text == "" {
		text = f.Error()
	}
	kind := "text/plain"
	if strings.HasPrefix(text, "<") {
		kind = "text/html"
	}
	w.Header().Set("Content-Type", kind+"; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("X-Pushkit-Rule", f.ID)
	w.Header().Set("X-Pushkit-Advice", f.Advice)
	if f.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.retryAfter))
	}
	w.WriteHeader(f.Status)
	fmt.Fprintln(w, text)
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
	t := target{origin: e.originOf(r), google: true}
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
