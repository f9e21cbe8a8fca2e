package emulator

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/pushkit/pushkit/server/webpush/vendors"
)

// Personality is the body of POST and the answer of GET /api/personality: as
// whose service senders are answered.
type Personality struct {
	// As is google, mozilla, apple or microsoft; empty: as that of the browser,
	// Mozilla's for a Firefox and Google's for a Chromium.
	As string `json:"as"`
}

func parsePersonality(name string) (*vendors.Vendor, error) {
	v := vendors.Named(name)
	if v == nil && name != "" {
		return nil, fmt.Errorf("as must be google, mozilla, apple or microsoft, or empty for that of each browser, not %q", name)
	}
	return v, nil
}

// personality is as whom all are answered; the lock is held.
func (e *Emulator) personality() Personality {
	if e.as == nil {
		return Personality{}
	}
	return Personality{As: e.as.Name}
}

func (e *Emulator) getPersonality(w http.ResponseWriter, _ *http.Request) {
	e.mu.Lock()
	p := e.personality()
	e.mu.Unlock()
	answer(w, p)
}

// setPersonality is POST /api/personality.
func (e *Emulator) setPersonality(w http.ResponseWriter, r *http.Request) {
	var body Personality
	if !decode(w, r, &body) {
		return
	}
	as, err := parsePersonality(body.As)
	if err != nil {
		problem(w, http.StatusBadRequest, "invalid-body", "The body cannot be used: "+err.Error()+".")
		return
	}
	e.mu.Lock()
	e.as = as
	e.log.count()
	e.mu.Unlock()
	e.getPersonality(w, r)
}

// vendorHosts are where a Firefox's endpoints are while senders are answered as
// another vendor: a sender knows by the host whose service it speaks to. Those
// that are not here have endpoints on the emulator itself, as Mozilla's must,
// whose own cannot be told from these.
var vendorHosts = map[*vendors.Vendor]string{
	vendors.Google:    "fcm.googleapis.com",
	vendors.Apple:     "web.push.apple.com",
	vendors.Microsoft: "wns2-pushkit-emulator.notify.windows.com",
}

// mozillaPath is what stands before version and token in an endpoint of a
// Firefox. No vendor but Mozilla has endpoints there.
const mozillaPath = "/wpush/"

// VendorEndpoints are what the emulator's endpoints begin with that are on the
// vendors' hosts, and never the vendors' own: requests for them are to go to the
// emulator.
func VendorEndpoints() []string {
	endpoints := GoogleEndpoints()
	for _, v := range vendors.All() {
		if host, ok := vendorHosts[v]; ok {
			endpoints = append(endpoints, "https://"+host+mozillaPath)
		}
	}
	return endpoints
}

// endpointOrigin is the origin of a new endpoint of a Firefox, to whom the
// emulator is at own. The lock is held.
func (e *Emulator) endpointOrigin(own string) string {
	if host, ok := vendorHosts[e.as]; ok {
		return "https://" + host
	}
	return own
}

// accepted writes the answer to a push that was taken, with what the vendor's
// service says beside RFC 8030.
func (p *push) accepted(w http.ResponseWriter, t target) {
	switch t.as.Form {
	case vendors.FormReason:
		w.Header().Set("apns-id", strings.ToUpper(uuid.NewString()))
	case vendors.FormHeaders:
		setMicrosoftStatus(w, "received")
	}
	w.Header().Set("Location", t.origin+"/m/"+p.version)
	w.Header().Set("TTL", fmt.Sprint(p.record.TTL))
	w.WriteHeader(http.StatusCreated)
}
