package emulator

import (
	"net/http"

	"github.com/pushkit/pushkit/server/webpush/vendors"
)

// Rule is one thing that a push service demands of a push request, and how it
// refuses a request that breaks it.
type Rule struct {
	// ID is the stable code of the rule.
	ID string `json:"id"`
	// Status is the HTTP status of the refusal, as Mozilla's service gives it, or
	// the one that has the rule; others' differ for some.
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

const autopush = "autopush, docs/src/errors.md"

// newRule is the rule against a mistake, with its number at Mozilla's service or
// else at the first that refuses it.
func newRule(m vendors.Mistake, source, message, advice string) Rule {
	r := Rule{ID: string(m), Source: source, Message: message, Advice: advice}
	for _, v := range append([]*vendors.Vendor{vendors.Mozilla}, vendors.All()...) {
		if said, ok := v.Answer(m); ok {
			r.Status, r.Errno = said.Status, said.Errno
			break
		}
	}
	return r
}

// The rules, in the order in which autopush checks them.
var (
	ruleEndpointForeign = Rule{"endpoint-foreign", 421, 0, "RFC 9110 §15.5.20",
		"This endpoint is the browser vendor's, and not the emulator's.",
		"Keep the subscription. Send to the vendor's own service, or route only endpoints to the emulator that it issued."}
	ruleEndpointUnknown = newRule(vendors.EndpointUnknown, "RFC 8030 §7.3; "+autopush,
		"This endpoint was never issued here, or so long ago that it is forgotten.",
		"Delete the subscription. The emulator forgets everything when it ends: open the page again, so that the browser subscribes anew.")
	ruleVapidMissing = newRule(vendors.VapidMissing, "RFC 8292 §4.2",
		"The subscription is restricted to an application server key, and the request has no Authorization header.",
		"Send Authorization: vapid t=TOKEN, k=PUBLIC KEY.")
	ruleVapidHeader = newRule(vendors.VapidHeader, "RFC 8292 §3",
		"The Authorization header is not of the form: vapid t=TOKEN, k=PUBLIC KEY.",
		"Use the scheme vapid with exactly the parameters t and k; the older schemes WebPush and Bearer are not taken.")
	ruleVapidKey = newRule(vendors.VapidKey, "RFC 8292 §3.2",
		"The parameter k is not an uncompressed P-256 point in base64url.",
		"Send the 65 bytes of the public key, the same that the page gave to subscribe().")
	ruleVapidKeyMismatch = newRule(vendors.VapidKeyMismatch, "RFC 8292 §4.2",
		"The key k is not the one that the subscription was made with.",
		"Sign with the key pair that the page subscribed with, or let the page subscribe anew with this one.")
	ruleSubscriptionEnded = newRule(vendors.SubscriptionEnded, "RFC 8030 §7.3; "+autopush,
		"The subscription has ended.",
		"Delete the subscription.")
	ruleBrowserForgotten = newRule(vendors.BrowserForgotten, "RFC 8030 §7.3; "+autopush,
		"The push service has forgotten the browser and all its subscriptions.",
		"Delete the subscription.")
	ruleVapidToken = newRule(vendors.VapidToken, "RFC 8292 §2",
		"The token is not a JWT with the claims aud and sub as strings and exp as a number.",
		"Build the token with a JWT library.")
	ruleVapidSignature = newRule(vendors.VapidSignature, "RFC 8292 §2",
		"The token is not signed with ES256 by the key k.",
		"Sign with the private key that belongs to k.")
	ruleVapidExpired = newRule(vendors.VapidExpired, "RFC 8292 §2",
		"The token's exp has passed.",
		"Sign a new token; look at the clock of the application server.")
	ruleVapidTooLong = newRule(vendors.VapidTooFar, "RFC 8292 §2",
		"The token's exp is more than 24 hours ahead.",
		"Set exp at most 24 hours ahead, in seconds since 1970; 12 hours leave room for clocks that differ.")
	ruleVapidAudience = newRule(vendors.VapidAudience, "RFC 8292 §2",
		"The token's aud is not the origin of the endpoint.",
		"Set aud to scheme, host and port of the endpoint, without a path.")
	ruleVapidSubject = newRule(vendors.VapidSubject, "RFC 8292 §2.1",
		"The token's sub is not a mailto: address or an https: URL.",
		"Set sub to a contact, such as mailto:push@example.com; mind libraries that add mailto: by themselves.")
	ruleVapidPlaceholder = newRule(vendors.VapidPlaceholder, "RFC 8292 §2.1; as Apple reads it",
		"The token's sub is at a host that does not exist on the internet: localhost, .local, .invalid, .test, a bare name or an address.",
		"Set sub to a contact that exists, such as https://example.com/contact or mailto:push@example.com with your own domain.")
	ruleTooLarge = newRule(vendors.PayloadTooLarge, "RFC 8030 §7.2; "+autopush,
		"The body is over 4096 bytes.",
		"Send less, and let the page fetch the rest; 86 bytes of header and 17 of tag and padding leave 3993 for the text.")
	ruleTTLMissing = newRule(vendors.TTLMissing, "RFC 8030 §5.2; "+autopush,
		"The TTL header is missing or not a number.",
		"Send TTL as a number of seconds; 0 means now or never.")
	ruleTTLNegative = newRule(vendors.TTLNegative, "RFC 8030 §5.2; autopush, notification_headers.rs",
		"The TTL is negative.",
		"Send a TTL of 0 or more; a message whose time has passed need not be sent.")
	ruleTTLZero = newRule(vendors.TTLZero, "Apple, Sending web push notifications in web apps and browsers",
		"The TTL is 0, and Apple's service wants a positive one.",
		"Send 1 in place of 0.")
	ruleCachePolicy = newRule(vendors.CachePolicy, "Microsoft's service",
		"The TTL and the header X-WNS-Cache-Policy disagree; without the header it is cache.",
		"Send X-WNS-Cache-Policy: no-cache with a TTL of 0, and cache with any other.")
	ruleEncodingMissing = newRule(vendors.EncodingMissing, "RFC 8291 §4",
		"A request with a body needs the Content-Encoding header.",
		"Send Content-Encoding: aes128gcm.")
	ruleEncoding = newRule(vendors.Encoding, "RFC 8291 §4",
		"The Content-Encoding is not aes128gcm.",
		"Encrypt as in RFC 8291. The older aesgcm is not taken here, and not by every browser's service.")
	ruleEncodingHeader = newRule(vendors.EncodingHeader, "RFC 8188 §2.1, RFC 8291 §4",
		"The body does not begin with a header that a browser can use.",
		"Begin with 16 bytes of salt, the record size in 4, the number 65 and the sender's public key; then one record. Mozilla's service does not look, and the browser drops the message with code 101.")
	ruleTopic = newRule(vendors.Topic, "RFC 8030 §5.4; "+autopush,
		"The Topic is not 1 to 32 characters of the base64url alphabet.",
		"Use at most 32 of A-Z a-z 0-9 _ and -, for example a shortened hash.")
	ruleTopicUndecodable = newRule(vendors.TopicUndecodable, "RFC 8030 §5.4; as Apple reads it",
		"The Topic is not base64url of whole bytes: its length divided by 4 leaves 1.",
		"Use the first 32 characters of a hash in base64url, which every service takes.")
	ruleUrgency = newRule(vendors.Urgency, "RFC 8030 §5.3",
		"The Urgency is not one of very-low, low, normal and high.",
		"Send one of the four, or none for normal.")
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
		ruleVapidTooLong, ruleVapidAudience, ruleVapidSubject, ruleVapidPlaceholder, ruleTooLarge, ruleTTLMissing, ruleTTLNegative,
		ruleTTLZero, ruleCachePolicy, ruleEncodingMissing, ruleEncoding, ruleEncodingHeader, ruleTopic, ruleTopicUndecodable,
		ruleUrgency, ruleFault,
	}
}

// ruleFor is the rule against a mistake.
func ruleFor(m vendors.Mistake) Rule {
	for _, r := range Rules() {
		if r.ID == string(m) {
			return r
		}
	}
	panic("there is no rule against " + m) // a test goes through all of them
}

// DescribedRule is a rule with all that answer to what breaks it.
type DescribedRule struct {
	Rule
	// Answers are by the vendor's name; one that is not here does not look at it.
	Answers map[string]RuleAnswer `json:"answers"`
}

// RuleAnswer is how a vendor's service refuses what breaks a rule.
type RuleAnswer struct {
	Status int `json:"status"`
	// Errno is Mozilla's number, 0 where it has none; Word what the service says,
	// in its form; empty where that is not known.
	Errno int    `json:"errno,omitempty"`
	Word  string `json:"word,omitempty"`
	// Source is where it was seen; second-hand: in reports only.
	Source string `json:"source"`
}

func (r Rule) describe() DescribedRule {
	d := DescribedRule{Rule: r, Answers: map[string]RuleAnswer{}}
	for _, v := range vendors.All() {
		if said, ok := v.Answer(vendors.Mistake(r.ID)); ok {
			d.Answers[v.Name] = RuleAnswer{said.Status, said.Errno, said.Word, said.Source}
		}
	}
	return d
}

// listRules is GET /api/rules.
func (e *Emulator) listRules(w http.ResponseWriter, _ *http.Request) {
	var list []DescribedRule
	for _, r := range Rules() {
		list = append(list, r.describe())
	}
	answer(w, map[string]any{"data": list, "next": nil})
}
