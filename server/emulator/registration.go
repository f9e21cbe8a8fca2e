package emulator

import (
	"crypto/ecdh"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	// maxRegistration is far more than Chromium sends, in bytes.
	maxRegistration = 16 << 10
	// maxSubtype is in bytes; it holds the site's origin and a UUID.
	maxSubtype = 2048
	// playServices is an app that Chromium registers for itself.
	playServices = "com.google.android.gms"
)

// registration is what is used of the form that Chromium posts to register3
// (google_apis/gcm/engine, registration_request.cc and instance_id_*.cc).
type registration struct {
	androidID     uint64
	securityToken uint64
	app           string // such as org.chromium.linux
	subtype       string // wp:ORIGIN#ID-V2: the site's service worker
	instanceID    string
	sender        string // the applicationServerKey in base64url, or a project's number
	key           []byte // sender decoded, a point on the curve; nil for a project's number
	remove        bool
}

// parseRegistration reads the Authorization header and the form.
func parseRegistration(authorization string, form url.Values) (registration, error) {
	r := registration{
		app: form.Get("app"), subtype: form.Get("X-subtype"), instanceID: form.Get("appid"), sender: form.Get("sender"),
		remove: form.Get("delete") == "true",
	}
	credentials, ok := strings.CutPrefix(authorization, "AidLogin ")
	id, token, _ := strings.Cut(credentials, ":")
	var err1, err2 error
	r.androidID, err1 = strconv.ParseUint(id, 10, 64)
	r.securityToken, err2 = strconv.ParseUint(token, 10, 64)
	switch {
	case !ok || err1 != nil || err2 != nil:
		return registration{}, errors.New("the Authorization header is not of the form: AidLogin ANDROID ID:SECURITY TOKEN")
	case r.app == "":
		return registration{}, errors.New("app is missing")
	case len(r.app) > maxSubtype || len(r.subtype) > maxSubtype || len(r.instanceID) > maxSubtype:
		return registration{}, fmt.Errorf("app, X-subtype or appid is over %d bytes", maxSubtype)
	}
	if !r.isWebPush() || r.remove {
		return r, nil
	}
	if r.key, err1 = decodeBase64URL(r.sender); err1 == nil {
		_, err1 = ecdh.P256().NewPublicKey(r.key)
	}
	if err1 != nil {
		return registration{}, errors.New("sender is not an uncompressed P-256 point in base64url")
	}
	return r, nil
}

// isWebPush tells a page's subscription from Chromium's own registrations.
func (r registration) isWebPush() bool {
	return r.app != playServices && strings.HasPrefix(r.subtype, "wp:")
}

// register3 answers Chromium's registrations, as Google's service does: 200 with
// token=… or Error=….
func (e *Emulator) register3(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRegistration)
	if err := r.ParseForm(); err != nil {
		problem(w, http.StatusBadRequest, "invalid-registration", "The body is not a form, or too large for a registration.")
		return
	}
	asked, err := parseRegistration(r.Header.Get("Authorization"), r.PostForm)
	if err != nil {
		problem(w, http.StatusBadRequest, "invalid-registration", "The registration cannot be granted: "+err.Error()+".")
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.online || e.closed {
		offline(w)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	b := e.deviceOf(asked.androidID, asked.securityToken)
	switch {
	case b == nil:
		fmt.Fprint(w, "Error=AUTHENTICATION_FAILED")
	case asked.remove:
		e.remove(b, asked)
		fmt.Fprint(w, "token="+asked.instanceID)
	case !asked.isWebPush():
		fmt.Fprint(w, "token="+tokenPrefix+newToken())
	default:
		s := e.subscribe(b, asked.subtype, asked.key)
		if s == nil {
			fmt.Fprint(w, "Error=TOO_MANY_REGISTRATIONS")
			return
		}
		s.app, s.sender = asked.app, asked.sender
		fmt.Fprint(w, "token="+s.token)
	}
}

// remove is a Chromium's own end of a subscription. The lock is held.
func (e *Emulator) remove(b *browser, asked registration) {
	if s := b.channels[asked.subtype]; s != nil {
		e.endSubscription(s, end{reason: "unregistered", rule: ruleSubscriptionEnded})
	}
}

func offline(w http.ResponseWriter) {
	problem(w, http.StatusServiceUnavailable, "offline", "The emulator was told to take no browsers: POST /api/browser.")
}
