package vendors

// A Kind says what an answer means for the one who sent the message.
type Kind string

// The kinds. Only Gone says that the subscription has ended.
const (
	// Accepted: the push service has the message.
	Accepted Kind = "accepted"
	// Gone: the subscription has ended; only ever with the status 404 or 410.
	Gone Kind = "gone"
	// TooLarge: the push service takes no body of this size.
	TooLarge Kind = "too-large"
	// RateLimited: wait and try again.
	RateLimited Kind = "rate-limited"
	// KeyMismatch: the subscription lives, but was made with another application
	// server key than the one that signed.
	KeyMismatch Kind = "key-mismatch"
	// Refused: the same request would be refused again.
	Refused Kind = "refused"
	// Unavailable: nobody knows; try again.
	Unavailable Kind = "unavailable"
)

// Kinds are all of them.
func Kinds() []Kind {
	return []Kind{Accepted, Gone, TooLarge, RateLimited, KeyMismatch, Refused, Unavailable}
}

// A Mistake is one thing that can be wrong with a push request, or with the
// endpoint that it is for.
type Mistake string

// The mistakes.
const (
	EndpointUnknown   Mistake = "endpoint-unknown"          // never issued
	SubscriptionEnded Mistake = "subscription-ended"        // unsubscribed, expired
	BrowserForgotten  Mistake = "browser-forgotten"         // with all its subscriptions
	VapidMissing      Mistake = "vapid-missing"             // no Authorization header
	VapidHeader       Mistake = "vapid-header"              // of another form
	VapidKey          Mistake = "vapid-key"                 // k is no point on P-256
	VapidKeyMismatch  Mistake = "vapid-key-mismatch"        // not the one subscribed with
	VapidToken        Mistake = "vapid-token"               // no JWT with the claims
	VapidSignature    Mistake = "vapid-signature"           // not by k
	VapidExpired      Mistake = "vapid-expired"             // exp has passed
	VapidTooFar       Mistake = "vapid-exp-too-far"         // exp is over a day ahead
	VapidAudience     Mistake = "vapid-audience"            // aud is another origin
	VapidSubject      Mistake = "vapid-subject"             // sub is no mailto: or https:
	VapidPlaceholder  Mistake = "vapid-subject-placeholder" // sub is nobody's
	PayloadTooLarge   Mistake = "payload-too-large"
	TTLMissing        Mistake = "ttl-missing" // or no number
	TTLNegative       Mistake = "ttl-negative"
	TTLZero           Mistake = "ttl-zero"
	CachePolicy       Mistake = "cache-policy" // X-WNS-Cache-Policy does not fit the TTL
	EncodingMissing   Mistake = "content-encoding-missing"
	Encoding          Mistake = "content-encoding"
	EncodingHeader    Mistake = "aes128gcm-header"  // the body does not begin with one
	Topic             Mistake = "topic"             // not RFC 8030's alphabet and length
	TopicUndecodable  Mistake = "topic-undecodable" // no base64url of whole bytes
	Urgency           Mistake = "urgency"
)

// A Reason is an answer of a push service, and what it means.
type Reason struct {
	// Status is the HTTP status; Also are others that it has been seen with.
	Status int
	Also   []int
	// Word is what the service says: Apple's reason, Mozilla's message,
	// Microsoft's description, Google's text or the title of its page. Empty: it
	// says nothing, or anything. Page: it is the title of an HTML page.
	Word string
	Page bool
	// Errno is Mozilla's number beside the word, 0 where it gives none.
	Errno int
	// Match is the part of what [Word] reads by which it is known, in lower case.
	// Empty: the whole word.
	Match string
	// Kind is what it means for the sender.
	Kind Kind
	// Meaning and Advice are for a person, a sentence or two each: what it means,
	// what to do. Empty only where the message was accepted.
	Meaning, Advice string
	// For are the mistakes that are answered so.
	For []Mistake
	// Source is where it was seen.
	Source string
}
