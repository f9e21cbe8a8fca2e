package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// Rule is one thing that a push service demands of a push request, and how it
// refuses a request that breaks it.
type Rule struct {
	// ID is the stable code of the rule.
	ID string `json:"id"`
	// Status is the HTTP status of the refusal, as Mozilla's service gives it;
	// Google's differs for some.
	Status int `json:"status"`
	// Errno is Mozilla's error number in the refusal's body; 0 where autopush
	// has none, which its body shows as null.
	Errno int `json:"errno"`
	// Source is where the rule stands.
	Source string `json:"source"`
	// Message says what is wrong.
	Message string `json:"message"`
	// Advice says what to do about it.
	Advice string `json:"advice"`
}

const (
	autopush = "autopush, docs/src/errors.md"
	keepIt   = "Keep the subscription; mend the request."
)

// The rules, in the order in which autopush checks them.
var (
	ruleEndpointForeign = Rule{"endpoint-foreign", 421, 0, "RFC 9110 §15.5.20",
		"This endpoint is the browser vendor's, and not the emulator's.",
		"Keep the subscription. Send to the vendor's own service, or route only endpoints to the emulator that it issued."}
	ruleEndpointUnknown = Rule{"endpoint-unknown", 404, 102, "RFC 8030 §7.3; " + autopush,
		"This endpoint was never issued here, or so long ago that it is forgotten.",
		"Delete the subscription. The emulator forgets everything when it ends: open the page again, so that the browser subscribes anew."}
	ruleVapidMissing = Rule{"vapid-missing", 401, 109, "RFC 8292 §4.2",
		"The subscription is restricted to an application server key, and the request has no Authorization header.",
		"Send Authorization: vapid t=TOKEN, k=PUBLIC KEY."}
	ruleVapidHeader = Rule{"vapid-header", 401, 109, "RFC 8292 §3",
		"The Authorization header is not of the form: vapid t=TOKEN, k=PUBLIC KEY.",
		"Use the scheme vapid with exactly the parameters t and k; the older schemes WebPush and Bearer are not taken."}
	ruleVapidKey = Rule{"vapid-key", 401, 109, "RFC 8292 §3.2",
		"The parameter k is not an uncompressed P-256 point in base64url.",
		"Send the 65 bytes of the public key, the same that the page gave to subscribe()."}
	ruleVapidKeyMismatch = Rule{"vapid-key-mismatch", 401, 109, "RFC 8292 §4.2",
		"The key k is not the one that the subscription was made with.",
		"Sign with the key pair that the page subscribed with, or let the page subscribe anew with this one."}
	ruleSubscriptionEnded = Rule{"subscription-ended", 410, 106, "RFC 8030 §7.3; " + autopush,
		"The subscription has ended.",
		"Delete the subscription."}
	ruleBrowserForgotten = Rule{"browser-forgotten", 410, 103, "RFC 8030 §7.3; " + autopush,
		"The push service has forgotten the browser and all its subscriptions.",
		"Delete the subscription."}
	ruleVapidToken = Rule{"vapid-token", 401, 109, "RFC 8292 §2",
		"The token is not a JWT with the claims aud and sub as strings and exp as a number.",
		"Build the token with a JWT library."}
	ruleVapidSignature = Rule{"vapid-signature", 401, 109, "RFC 8292 §2",
		"The token is not signed with ES256 by the key k.",
		"Sign with the private key that belongs to k."}
	ruleVapidExpired = Rule{"vapid-expired", 401, 109, "RFC 8292 §2",
		"The token's exp has passed.",
		"Sign a new token; look at the clock of the application server."}
	ruleVapidTooLong = Rule{"vapid-exp-too-far", 401, 109, "RFC 8292 §2",
		"The token's exp is more than 24 hours ahead.",
		"Set exp at most 24 hours ahead, in seconds since 1970; 12 hours leave room for clocks that differ."}
	ruleVapidAudience = Rule{"vapid-audience", 401, 109, "RFC 8292 §2",
		"The token's aud is not the origin of the endpoint.",
		"Set aud to scheme, host and port of the endpoint, without a path."}
	ruleVapidSubject = Rule{"vapid-subject", 401, 109, "RFC 8292 §2.1",
		"The token's sub is not a mailto: address or an https: URL.",
		"Set sub to a contact, such as mailto:push@example.com; mind libraries that add mailto: by themselves."}
	ruleTooLarge = Rule{"payload-too-large", 413, 104, "RFC 8030 §7.2; " + autopush,
		"The body is over 4096 bytes.",
		"Send less, and let the page fetch the rest; 86 bytes of header and 17 of tag and padding leave 3993 for the text."}
	ruleTTLMissing = Rule{"ttl-missing", 400, 111, "RFC 8030 §5.2; " + autopush,
		"The TTL header is missing or not a number.",
		"Send TTL as a number of seconds; 0 means now or never."}
	ruleTTLNegative = Rule{"ttl-negative", 400, 114, "RFC 8030 §5.2; autopush, notification_headers.rs",
		"The TTL is negative.",
		"Send a TTL of 0 or more; a message whose time has passed need not be sent."}
	ruleEncodingMissing = Rule{"content-encoding-missing", 400, 110, "RFC 8291 §4",
		"A request with a body needs the Content-Encoding header.",
		"Send Content-Encoding: aes128gcm."}
	ruleEncoding = Rule{"content-encoding", 400, 110, "RFC 8291 §4",
		"The Content-Encoding is not aes128gcm.",
		"Encrypt as in RFC 8291. The older aesgcm is not taken here, and not by every browser's service."}
	ruleEncodingHeader = Rule{"aes128gcm-header", 400, 110, "RFC 8188 §2.1, RFC 8291 §4",
		"The body does not begin with a header that a browser can use.",
		"Begin with 16 bytes of salt, the record size in 4, the number 65 and the sender's public key; then one record. Mozilla's service does not look, and the browser drops the message with code 101."}
	ruleTopic = Rule{"topic", 400, 113, "RFC 8030 §5.4; " + autopush,
		"The Topic is not 1 to 32 characters of the base64url alphabet.",
		"Use at most 32 of A-Z a-z 0-9 _ and -, for example a shortened hash."}
	ruleUrgency = Rule{"urgency", 400, 0, "RFC 8030 §5.3",
		"The Urgency is not one of very-low, low, normal and high.",
		"Send one of the four, or none for normal."}
	ruleFault = Rule{"fault", 503, 201, "an injected fault, POST /api/faults",
		"The push service was told to answer so.",
		"Wait as Retry-After says, then try again."}
)

// Rules returns all rules, in the order in which they are checked; the last is
// that of injected faults, whose status is whatever was asked for.
func Rules() []Rule {
	return []Rule{
		ruleEndpointForeign, ruleEndpointUnknown, ruleVapidMissing, ruleVapidHeader, ruleVapidKey, ruleVapidKeyMismatch,
		ruleSubscriptionEnded, ruleBrowserForgotten, ruleVapidToken, ruleVapidSignature, ruleVapidExpired,
		ruleVapidTooLong, ruleVapidAudience, ruleVapidSubject, ruleTooLarge, ruleTTLMissing, ruleTTLNegative,
		ruleEncodingMissing, ruleEncoding, ruleEncodingHeader, ruleTopic, ruleUrgency, ruleFault,
	}
}

// listRules is GET /api/rules.
func (e *Emulator) listRules(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"data": Rules(), "next": nil})
}

// refusal is the error of a push request that breaks a rule.
type refusal struct {
	Rule              // with the status that is answered
	google     bool   // in the form of Google's service
	detail     string // what was seen; may be empty
	retryAfter int    // seconds; 0: no Retry-After
}

func (r Rule) refuse(format string, args ...any) *refusal {
	return &refusal{Rule: r, detail: fmt.Sprintf(format, args...)}
}

func (f *refusal) Error() string {
	if f.detail == "" {
		return f.Message
	}
	return f.Message + " (" + f.detail + ")"
}

// write answers as autopush does, with the rule and the advice beside.
func (f *refusal) write(w http.ResponseWriter) {
	if f.google {
		f.writeGoogle(w)
		return
	}
	var errno any
	if f.Errno != 0 {
		errno = f.Errno
	}
	w.Header().Set("Content-Type", "application/json")
	if f.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.retryAfter))
	}
	if f.Status == http.StatusGone {
		w.Header().Set("Cache-Control", "max-age=86400")
	}
	w.WriteHeader(f.Status)
	json.NewEncoder(w).Encode(map[string]any{
		"code": f.Status, "errno": errno, "error": http.StatusText(f.Status),
		"message":   f.Error(),
		"more_info": "http://autopush.readthedocs.io/en/latest/http.html#error-codes",
		"rule":      f.ID, "advice": f.Advice,
	})
}
