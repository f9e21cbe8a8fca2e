package vendors

// Advice that several answers share.
const (
	waits        = "It is tried again by itself, as the service asks or with growing pauses. If it goes on, look at the service's status page."
	mendRequest  = "This is a fault of the sender's: read the service's own words, mend the request, and send the message again."
	endsHere     = "Delete the subscription. The browser makes a new one when the person comes back to the site and still wants messages."
	otherKey     = "Keep the subscription: the browser makes a new one at the person's next visit. If all of a site's fail so, the wrong VAPID key is in use: import the one that they were made with."
	setSubject   = "Set the VAPID subject to an https: URL or a mailto: address of whoever runs this server, at a name that exists on the internet."
	lookAtClock  = "Look at this server's clock first, then at the VAPID subject and at the key pair."
	newToken     = "Sign a new token, and look at this server's clock: a wrong one makes every token too old or too new."
	sendLess     = "Send less, and let the page or the service worker fetch the rest."
	sendTTL      = "Send the TTL header as a whole number of seconds, 0 or more."
	sendTopic    = "Use 1 to 32 of the characters A-Z a-z 0-9 _ and -, or the first 32 of the topic's SHA-256 in base64url, which every service takes."
	sendUrgency  = "Send very-low, low, normal or high, or no Urgency header, which is normal."
	encryptRight = "Encrypt as RFC 8291 says and send Content-Encoding: aes128gcm."
)

// Where facts come from. An issue or file is named OWNER/REPOSITORY#NUMBER or
// OWNER/REPOSITORY:PATH.
const (
	chromium     = "chromium/chromium:components/gcm_driver/web_push_common.cc"
	autopush     = "mozilla-services/autopush-rs:docs/src/errors.md"
	autopushCode = "mozilla-services/autopush-rs:autoendpoint/src/headers/vapid.rs, extractors/subscription.rs"
	autopushHead = "mozilla-services/autopush-rs:autoendpoint/src/extractors/notification_headers.rs"
	// The stored copy of Apple's page ends before its tables: what it says is known
	// from those who quote it, most fully in web-push-libs/pywebpush#175.
	appleDocs = "second-hand: Apple, Sending web push notifications in web apps and browsers"
	// Written for native apps; Edge's endpoints answer in the same form.
	wnsDocs = "MicrosoftDocs/windows-dev-docs: Push notification service request and response headers"
)

// Google's service is behind Chrome, Chromium, Opera, Brave and Samsung Internet.
var Google = &Vendor{
	Name: "google",
	// A Chromium that is not on the stable channel subscribes at the second, as
	// those of Debian and of test runners do: seen.
	Hosts:   []string{"fcm.googleapis.com", "jmt17.google.com"},
	MaxBody: 4096, // second-hand: web-push-libs; RFC 8030 section 7.2 asks for it
	// 4 weeks are second-hand: web-push-libs/web-push's default, and FCM's limit
	// for native messages.
	TTL:   TTLRule{Longest: 28 * 24 * 60 * 60},
	Topic: TopicAlphabet, // second-hand; nothing stricter was reported
	// dcolinmorgan/herdr-remote#69, alphastorm/omp-session-gateway#173: taken with
	// placeholders that Apple refuses. second-hand
	Subject: SubjectAny,
	Form:    FormText,
	Reasons: []Reason{
		{Status: 410, Word: "push subscription has unsubscribed or expired.", Match: "unsubscribed or expired", Kind: Gone,
			Meaning: "The person has unsubscribed, or the browser has given up the subscription.", Advice: endsHere,
			For: []Mistake{SubscriptionEnded}, Source: "second-hand: zaru/webpush#115"},
		{Status: 410, Word: "NotRegistered", Kind: Gone,
			Meaning: "The person has unsubscribed, or the browser has given up the subscription.", Advice: endsHere,
			Source: "second-hand: web-push-libs/web-push#328"},
		{Status: 404, Word: "A valid push subscription endpoint should be specified in the URL as such: https://fcm.googleapis.com/wp/dHIoDxE7Hdg:APA91bH1Zj0kNa...", Match: "a valid push subscription endpoint", Kind: Gone,
			Meaning: "Google does not know this endpoint any more: it forgets a browser that was away for 270 days.", Advice: endsHere,
			For: []Mistake{EndpointUnknown, BrowserForgotten}, Source: "second-hand: web-push-libs/web-push-php#405, pushpad/web-push#14"},
		{Status: 403, Word: "the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.", Match: "not correspond", Kind: KeyMismatch,
			Meaning: "The subscription was made with another application server key.", Advice: otherKey,
			For: []Mistake{VapidKeyMismatch}, Source: "second-hand: GoogleChromeLabs/web-push-codelab#104, web-push-libs/web-push#457"},
		{Status: 403, Also: []int{400}, Word: "MismatchSenderId", Kind: KeyMismatch,
			Meaning: "The subscription was made with another application server key, or another GCM sender.", Advice: otherKey,
			Source: "second-hand: zaru/webpush#59, #66"},
		{Status: 400, Also: []int{401, 403}, Word: "UnauthorizedRegistration", Page: true, Kind: KeyMismatch,
			Meaning: "The subscription was made with another application server key, or with a GCM sender id in place of a key.", Advice: otherKey,
			Source: "second-hand: web-push-libs/web-push#237, #279"},
		{Status: 401, Word: "Authorization header must be specified.", Match: "must be specified", Kind: Refused,
			Meaning: "The request carries no VAPID token.", Advice: mendRequest, For: []Mistake{VapidMissing}, Source: "second-hand: web-push-libs/webpush-java"},
		{Status: 403, Word: "authorization header had invalid format. authorization header should have the following format: t=jwtToken; k=base64(publicApplicationServerKey)", Match: "header had invalid format", Kind: Refused,
			Meaning: "The Authorization header is not of the form that RFC 8292 gives it.", Advice: mendRequest, For: []Mistake{VapidHeader}, Source: "second-hand: web-push-libs/web-push"},
		{Status: 403, Word: "public application server key in authorization header must be base64 encoded in URL and filename safe format.", Match: "must be base64 encoded", Kind: Refused,
			Meaning: "The public key in the Authorization header is not base64url.", Advice: mendRequest, For: []Mistake{VapidKey}, Source: "second-hand: web-push-libs/web-push"},
		{Status: 403, Word: "permission denied: invalid JWT provided", Match: "invalid jwt", Kind: Refused,
			Meaning: "The VAPID token cannot be read, or its signature is not that of its key.", Advice: lookAtClock,
			For: []Mistake{VapidToken, VapidSignature}, Source: "second-hand: sarthakbagaria/web-push#9"},
		{Status: 403, Word: "token has expired", Match: "expired", Kind: Refused,
			Meaning: "The VAPID token's time has passed.", Advice: newToken, For: []Mistake{VapidExpired}, Source: "second-hand: web-push-libs/web-push"},
		{Status: 403, Word: "exp claim MUST NOT be more than 24 hours from the time of the request", Match: "24 hours", Kind: Refused,
			Meaning: "The VAPID token is made for more than a day.", Advice: newToken, For: []Mistake{VapidTooFar}, Source: "second-hand: web-push-libs/web-push"},
		{Status: 403, Word: "aud claim in the token MUST include the origin of the push resource URL", Match: "aud claim", Kind: Refused,
			Meaning: "The VAPID token is for another push service.", Advice: mendRequest, For: []Mistake{VapidAudience}, Source: "second-hand: web-push-libs/web-push"},
		{Status: 413, Word: "MessageTooBig", Page: true, Kind: TooLarge,
			Meaning: "The message is too large for Google's service, which takes 4096 bytes encrypted.", Advice: sendLess,
			For: []Mistake{PayloadTooLarge}, Source: "second-hand: web-push-libs/web-push; the status: " + chromium},
		{Status: 400, Word: "InvalidTtlParameter", Page: true, Kind: Refused,
			Meaning: "The TTL is missing or is no number.", Advice: sendTTL,
			For: []Mistake{TTLMissing, TTLNegative}, Source: "second-hand: danhper/elixir-web-push-encryption#1"},
		{Status: 400, Word: "InvalidTokenFormat", Kind: Refused,
			Meaning: "The endpoint is cut off or was changed on its way here.", Advice: "Look how the endpoint is stored: it may be up to 2048 characters, and is used as it is.", Source: "second-hand: web-push-libs/web-push#328"},
		// The status is chromium's, the text is not known.
		{Status: 400, Kind: Refused, Meaning: "Google's service refuses a header or the form of the body.", Advice: mendRequest,
			For: []Mistake{EncodingMissing, Encoding, EncodingHeader, Topic, Urgency}, Source: chromium},
		{Status: 429, Kind: RateLimited, Meaning: "Google's service takes no more for now, from this server or for this device.", Advice: waits, Source: chromium},
	},
}

// Mozilla's service is behind Firefox.
var Mozilla = &Vendor{
	Name:    "mozilla",
	Hosts:   []string{"*.push.services.mozilla.com"}, // updates.…; the others are older or for tests
	MaxBody: 4096,                                    // mozilla-services/autopush-rs:docs/src/http.md
	// 30 days: errno 112 in its errors.md.
	TTL:   TTLRule{Longest: 30 * 24 * 60 * 60},
	Topic: TopicAlphabet, // autopushHead
	// docs/src/http.md: with a key there must be a sub with a URI. The code of
	// 2026 only counts those of another form.
	Subject: SubjectContact,
	Form:    FormErrno,
	Reasons: []Reason{
		{Status: 401, Errno: 109, Word: "VAPID public key mismatch", Match: "key mismatch", Kind: KeyMismatch,
			Meaning: "The subscription was made with another application server key.", Advice: otherKey,
			For: []Mistake{VapidKeyMismatch}, Source: autopushCode},
		{Status: 401, Errno: 109, Word: "Missing VAPID public key", Match: "missing vapid", Kind: Refused,
			Meaning: "The request carries no VAPID token or no public key.", Advice: mendRequest, For: []Mistake{VapidMissing}, Source: autopushCode},
		{Status: 401, Errno: 109, Word: "Unknown auth scheme", Kind: Refused,
			Meaning: "The Authorization header is not of the form that RFC 8292 gives it.", Advice: mendRequest, For: []Mistake{VapidHeader}, Source: autopushCode},
		{Status: 401, Errno: 109, Word: "Invalid VAPID public key", Kind: Refused,
			Meaning: "The public key in the Authorization header is not a point on P-256 in base64url.", Advice: mendRequest, For: []Mistake{VapidKey}, Source: autopushCode},
		{Status: 401, Errno: 109, Word: "Invalid VAPID token: A value in the vapid claims is either missing or incorrectly specified (e.g. \"exp\":\"12345\" or \"sub\":null). Please correct and retry.", Match: "vapid claims", Kind: Refused,
			Meaning: "The VAPID token lacks a claim, or has one of a wrong type: Mozilla wants aud, exp and sub.", Advice: setSubject,
			For: []Mistake{VapidToken, VapidSubject}, Source: autopushCode + "; sarthakbagaria/web-push#9"},
		{Status: 401, Errno: 109, Word: "InvalidSignature", Kind: Refused,
			Meaning: "The VAPID token is not signed by the key beside it.", Advice: "Look whether the private and the public VAPID key are a pair.", For: []Mistake{VapidSignature}, Source: autopushCode + " with Keats/jsonwebtoken"},
		{Status: 401, Errno: 109, Word: "ExpiredSignature", Kind: Refused,
			Meaning: "The VAPID token's time has passed.", Advice: newToken, For: []Mistake{VapidExpired}, Source: autopushCode + " with Keats/jsonwebtoken"},
		{Status: 401, Errno: 109, Word: "The VAPID token expiration is too long", Kind: Refused,
			Meaning: "The VAPID token is made for more than a day.", Advice: newToken, For: []Mistake{VapidTooFar}, Source: autopushCode},
		{Status: 401, Errno: 109, Word: "Invalid VAPID audience", Kind: Refused,
			Meaning: "The VAPID token is for another push service.", Advice: mendRequest, For: []Mistake{VapidAudience}, Source: autopushCode},
		{Status: 401, Errno: 109, Kind: Refused,
			Meaning: "Mozilla's service does not take the VAPID token: its form, a claim, its time or its signature.", Advice: lookAtClock, Source: autopush},
		{Status: 404, Errno: 102, Word: "Invalid token", Match: "errno 102", Kind: Gone,
			Meaning: "Mozilla's service has never issued this endpoint.", Advice: endsHere, For: []Mistake{EndpointUnknown}, Source: autopush},
		{Status: 410, Errno: 103, Word: "UAID not found", Kind: Gone,
			Meaning: "Mozilla's service has forgotten the browser: it was away too long, or its profile was reset.", Advice: endsHere, For: []Mistake{BrowserForgotten}, Source: autopush},
		{Status: 410, Errno: 105, Word: "User was deleted during routing", Kind: Gone,
			Meaning: "The browser's record ended while the message was taken.", Advice: endsHere, Source: autopush},
		{Status: 410, Errno: 106, Word: "No such subscription", Kind: Gone,
			Meaning: "The person has unsubscribed, or has taken back the permission.", Advice: endsHere, For: []Mistake{SubscriptionEnded}, Source: autopush},
		{Status: 413, Errno: 104, Word: "This message is intended for a constrained device and is limited in size.", Match: "constrained device", Kind: TooLarge,
			Meaning: "The message is too large for Firefox on Android, whose messages travel through Google's service as text: 2744 bytes encrypted are its limit.", Advice: sendLess,
			Source: "mozilla-services/autopush-rs:autoendpoint/src/routers/mod.rs, docs/src/http.md; bpolaszek/webpush-bundle#48 met it at 2847"},
		{Status: 413, Errno: 104, Word: "Data payload too large", Match: "errno 104", Kind: TooLarge,
			Meaning: "The message is too large for Mozilla's service, which takes 4096 bytes encrypted.", Advice: sendLess, For: []Mistake{PayloadTooLarge}, Source: autopush},
		{Status: 400, Errno: 101, Kind: Refused, Meaning: "The request lacks a header that its encryption needs.", Advice: encryptRight, Source: autopush},
		{Status: 400, Errno: 108, Kind: Refused, Meaning: "The endpoint is damaged: its kind of device is not known.", Advice: "Look how the endpoint is stored: it may be up to 2048 characters, and is used as it is.", Source: autopush},
		{Status: 400, Errno: 110, Word: "Missing Content-Encoding header", Kind: Refused,
			Meaning: "There is a body and no Content-Encoding.", Advice: encryptRight, For: []Mistake{EncodingMissing}, Source: autopushHead},
		{Status: 400, Errno: 110, Word: "Unknown Content-Encoding header", Kind: Refused,
			Meaning: "The Content-Encoding is none that Mozilla's service knows.", Advice: encryptRight, For: []Mistake{Encoding}, Source: autopushHead},
		// Autopush does not look into the body; the browser drops such a message.
		{Status: 400, Errno: 110, Word: "Invalid crypto keys specified", Kind: Refused,
			Meaning: "The encryption's keys or headers are not usable.", Advice: encryptRight, For: []Mistake{EncodingHeader}, Source: autopush},
		{Status: 400, Errno: 110, Kind: Refused, Meaning: "The encryption's keys or headers are not usable.", Advice: encryptRight, Source: autopush},
		{Status: 400, Errno: 111, Word: "Missing TTL value", Kind: Refused,
			Meaning: "The TTL is missing or is no number.", Advice: sendTTL, For: []Mistake{TTLMissing}, Source: autopush},
		{Status: 400, Errno: 111, Kind: Refused, Meaning: "A header is missing: the TTL, or one of the encryption.", Advice: sendTTL, Source: autopush},
		{Status: 400, Errno: 112, Kind: Refused, Meaning: "The TTL is no number from 0 to 2592000, 30 days.", Advice: sendTTL, Source: autopush},
		{Status: 400, Errno: 114, Word: "TTL must be greater than 0", Kind: Refused,
			Meaning: "The TTL is negative.", Advice: sendTTL, For: []Mistake{TTLNegative}, Source: autopushHead},
		{Status: 400, Errno: 113, Word: "Topic must be URL and Filename safe Base64 alphabet", Match: "errno 113", Kind: Refused,
			Meaning: "The Topic has other characters than base64url's, or more than 32.", Advice: sendTopic, For: []Mistake{Topic}, Source: autopushHead},
		// Autopush has no number for it, and its words are not known.
		{Status: 400, Word: "Invalid urgency", Kind: Refused,
			Meaning: "The Urgency is none of RFC 8030's four.", Advice: sendUrgency, For: []Mistake{Urgency}, Source: "RFC 8030 section 5.3"},
		{Status: 429, Errno: 201, Word: "Use exponential back-off for retries", Match: "errno 201", Kind: RateLimited,
			Meaning: "A service behind Mozilla's, for phones, takes no more for now.", Advice: waits, Source: autopush},
		{Status: 503, Errno: 201, Word: "Use exponential back-off for retries", Match: "errno 201", Kind: Unavailable,
			Meaning: "Mozilla's service is overloaded and asks to wait.", Advice: waits, Source: autopush},
		{Status: 503, Errno: 202, Word: "Immediate retry ok", Match: "errno 202", Kind: Unavailable,
			Meaning: "Mozilla's service could not take it at that moment, and may at the next.", Advice: waits, Source: autopush},
		{Status: 500, Errno: 999, Word: "Unknown error", Match: "errno 999", Kind: Unavailable, Meaning: "Mozilla's service has failed.", Advice: waits, Source: autopush},
	},
}

// Apple's service is behind Safari, and all that is added to a Home Screen.
var Apple = &Vendor{
	Name:    "apple",
	Hosts:   []string{"*.push.apple.com"}, // appleDocs: what a firewall is to let through; endpoints are at web.push.apple.com
	MaxBody: 4096,                         // appleDocs: 4 KB
	// appleDocs: required, a positive number, kept for at most 30 days. Senders that
	// send 0 report that it is taken: jxxghp/MoviePilot#6034. Held to the document,
	// since 1 means the same and is sure.
	TTL: TTLRule{Shortest: 1, Longest: 30 * 24 * 60 * 60},
	// second-hand: AltanS/collie#90, laravel-notification-channels/webpush#181
	// (new_event is refused and newEvent taken), and those of 5 and 13 characters.
	Topic:   TopicBytes,
	Subject: SubjectPublic, // second-hand: web-push-libs/web-push#947, 0cv/herdr-mobile-relay#7, rpush/rpush#726
	Form:    FormReason,
	Reasons: []Reason{
		{Status: 400, Also: []int{401, 403}, Word: "VapidPkHashMismatch", Kind: KeyMismatch,
			Meaning: "The subscription was made with another application server key.", Advice: otherKey,
			For: []Mistake{VapidKeyMismatch}, Source: appleDocs + "; senders report 400, and 403"},
		{Status: 403, Also: []int{400, 401}, Word: "BadJwtToken", Kind: Refused,
			Meaning: "Apple does not take the VAPID token: it is missing, signed by another key than the one beside it, for another service, for more than a day or past its time, or its subject is nobody's (localhost, .local, .invalid, a space).",
			Advice:  lookAtClock,
			For:     []Mistake{VapidToken, VapidSignature, VapidExpired, VapidTooFar, VapidAudience, VapidSubject, VapidPlaceholder},
			Source:  appleDocs + "; the subject: web-push-libs/web-push#947"},
		{Status: 403, Also: []int{400, 401}, Word: "BadVapidPublicKey", Kind: Refused,
			Meaning: "The public key in the Authorization header is not a point on P-256 in base64url.", Advice: mendRequest, For: []Mistake{VapidKey}, Source: appleDocs},
		{Status: 403, Also: []int{400, 401}, Word: "BadAuthorizationHeader", Kind: Refused,
			Meaning: "The Authorization header is missing or not of the form that RFC 8292 gives it; Apple takes the scheme vapid and the encoding aes128gcm only.",
			Advice:  mendRequest, For: []Mistake{VapidMissing, VapidHeader}, Source: appleDocs},
		{Status: 400, Word: "BadTtl", Kind: Refused,
			Meaning: "The TTL is missing, or is no positive number.", Advice: "Send the TTL header as a whole number of seconds, 1 or more.",
			For: []Mistake{TTLMissing, TTLNegative, TTLZero}, Source: appleDocs},
		{Status: 400, Word: "BadUrgency", Kind: Refused,
			Meaning: "The Urgency is none of RFC 8030's four.", Advice: sendUrgency, For: []Mistake{Urgency}, Source: appleDocs},
		{Status: 400, Word: "BadWebPushTopic", Kind: Refused,
			Meaning: "The Topic is not base64url of whole bytes, or has more than 32 characters.", Advice: sendTopic,
			For: []Mistake{Topic, TopicUndecodable}, Source: appleDocs + "; AltanS/collie#90"},
		{Status: 400, Word: "BadWebPushRequest", Kind: Refused,
			Meaning: "The form of the request or of its body is not that of web push; a body that is not encrypted, for one.", Advice: encryptRight,
			For: []Mistake{EncodingMissing, Encoding, EncodingHeader}, Source: appleDocs},
		{Status: 404, Word: "BadPath", Kind: Gone,
			Meaning: "Apple has never issued this endpoint.", Advice: endsHere, For: []Mistake{EndpointUnknown}, Source: appleDocs},
		{Status: 405, Word: "MethodNotAllowed", Kind: Refused, Meaning: "The request is not a POST.", Advice: mendRequest, Source: appleDocs},
		{Status: 410, Word: "Unregistered", Kind: Gone,
			Meaning: "The person has unsubscribed, or Safari has ended the subscription.", Advice: endsHere,
			For: []Mistake{SubscriptionEnded, BrowserForgotten}, Source: "second-hand: Apple's list for native apps, of which web push answers are a part"},
		{Status: 410, Kind: Gone,
			Meaning: "The person has unsubscribed, or Safari has ended the subscription.", Advice: endsHere, Source: appleDocs},
		{Status: 413, Word: "PayloadTooLarge", Kind: TooLarge,
			Meaning: "The message is too large for Apple's service, which takes 4 KB encrypted.", Advice: sendLess, For: []Mistake{PayloadTooLarge}, Source: appleDocs},
		{Status: 429, Word: "TooManyRequests", Kind: RateLimited,
			Meaning: "Too many messages went to this one device in a short time.", Advice: waits, Source: appleDocs},
		{Status: 500, Word: "InternalServerError", Kind: Unavailable, Meaning: "Apple's service has failed.", Advice: waits, Source: appleDocs},
		{Status: 503, Word: "ServiceUnavailable", Kind: Unavailable, Meaning: "Apple's service is not available.", Advice: waits, Source: appleDocs},
		{Status: 503, Word: "Shutdown", Kind: Unavailable, Meaning: "Apple's service is going down for a moment.", Advice: waits, Source: appleDocs},
	},
}

// Microsoft's service is behind Edge on Windows.
var Microsoft = &Vendor{
	Name:    "microsoft",
	Hosts:   []string{"*.notify.windows.com"}, // wns2-xxxp.…; second-hand: endpoints in SherClockHolmes/webpush-go#66 and its like
	MaxBody: 4096,                             // second-hand: RFC 8030 section 7.2; wnsDocs has 5000 for native apps
	// The header is wnsDocs'; that it has to agree with the TTL is not.
	// second-hand: SherClockHolmes/webpush-go#66, web-push-libs/pywebpush#162, both
	// with the service's answer. The longest is not known.
	TTL:   TTLRule{Longest: 30 * 24 * 60 * 60, CachePolicy: true},
	Topic: TopicAlphabet, // not known: RFC 8030's
	// Not known. Asked for here, so that what passes here passes there.
	Subject: SubjectContact,
	Form:    FormHeaders,
	Reasons: []Reason{
		{Status: 401, Also: []int{403}, Word: "The public key used to sign JWT does not match with the one included in channel Url", Match: "public key used to sign jwt does not match", Kind: KeyMismatch,
			Meaning: "The subscription was made with another application server key.", Advice: otherKey,
			For: []Mistake{VapidKeyMismatch}, Source: "second-hand: notes of those who met it"},
		{Status: 401, Also: []int{403}, Word: "JWT Authentication Failed, unable to validate token signature", Match: "jwt authentication failed", Kind: Refused,
			Meaning: "The VAPID token's signature, time or claims are not taken.", Advice: lookAtClock,
			For: []Mistake{VapidToken, VapidSignature, VapidExpired, VapidTooFar, VapidAudience, VapidSubject}, Source: "second-hand: notes of those who met it, for the signature; for the others the words are not known"},
		{Status: 401, Also: []int{400, 403}, Word: "Zero or duplicate tokens or token signing keys.", Match: "token signing keys", Kind: Refused,
			Meaning: "The request carries no VAPID token and key, or more than one.", Advice: mendRequest,
			For: []Mistake{VapidMissing, VapidHeader, VapidKey}, Source: "second-hand: block65/webcrypto-web-push#13, without its status"},
		{Status: 401, Kind: Refused,
			Meaning: "Microsoft's service does not take the VAPID token.", Advice: lookAtClock, Source: wnsDocs},
		// Unclear: for native apps it is said where the sender is not the one that the
		// channel belongs to, which for web push would be another key.
		{Status: 403, Kind: KeyMismatch,
			Meaning: "The token is in order, but this sender may not send to this subscription: most likely it was made with another application server key.", Advice: otherKey, Source: "second-hand for web push: " + wnsDocs},
		{Status: 400, Word: "Ttl value conflicts with X-WNS-Cache-Policy.", Match: "conflicts with x-wns-cache-policy", Kind: Refused,
			Meaning: "The TTL and the header X-WNS-Cache-Policy disagree; without the header the service takes it for cache, and a TTL of 0 for the contrary.",
			Advice:  "Send X-WNS-Cache-Policy: no-cache with a TTL of 0, and cache with any other.",
			For:     []Mistake{CachePolicy}, Source: "second-hand: SherClockHolmes/webpush-go#66, web-push-libs/pywebpush#162"},
		{Status: 400, Kind: Refused,
			Meaning: "A header is wrong, or contradicts another.", Advice: mendRequest,
			For: []Mistake{TTLMissing, TTLNegative, EncodingMissing, Encoding, EncodingHeader, Topic, Urgency}, Source: wnsDocs + "; a TTL: second-hand, jazzband/django-push-notifications#773"},
		{Status: 404, Kind: Gone,
			Meaning: "Microsoft's service does not know this endpoint.", Advice: endsHere, For: []Mistake{EndpointUnknown}, Source: wnsDocs},
		// Said of the sender, not of the subscription: the words are not known.
		{Status: 410, Word: "Domain Blocked", Match: "blocked", Kind: Refused,
			Meaning: "Microsoft has blocked this sender for abuse.", Advice: "Keep the subscriptions. Stop sending to Microsoft's service, and ask Microsoft why.", Source: wnsDocs},
		{Status: 410, Word: "Channel expired", Kind: Gone,
			Meaning: "The subscription has expired: the person has unsubscribed, or Edge has made another.", Advice: endsHere, For: []Mistake{SubscriptionEnded, BrowserForgotten}, Source: wnsDocs},
		{Status: 410, Kind: Gone,
			Meaning: "The subscription has expired: the person has unsubscribed, or Edge has made another.", Advice: endsHere, Source: wnsDocs},
		{Status: 413, Kind: TooLarge,
			Meaning: "The message is too large for Microsoft's service.", Advice: sendLess, For: []Mistake{PayloadTooLarge}, Source: wnsDocs},
		{Status: 406, Kind: RateLimited,
			Meaning: "Microsoft's service takes no more from this server for now.", Advice: waits, Source: wnsDocs},
		{Status: 200, Also: []int{201, 202}, Word: "X-WNS-Status channelthrottled", Kind: RateLimited,
			Meaning: "Microsoft's service has dropped the message, since too many went to this one subscription.", Advice: waits, Source: wnsDocs},
		{Status: 200, Also: []int{201, 202}, Word: "X-WNS-Status dropped", Kind: Refused,
			Meaning: "Microsoft's service has dropped the message: the device does not take it, or is away and the TTL was 0.", Advice: "Send with a TTL above 0 what may wait. Look at the service's own words, if there are any.", Source: wnsDocs},
		{Status: 503, Kind: Unavailable, Meaning: "Microsoft's service is not available.", Advice: waits, Source: wnsDocs},
	},
}

// generic is what a status means of a service that nothing else is known of.
var generic = []Reason{
	{Status: 200, Kind: Accepted, Source: "RFC 9110 section 15.3"},
	{Status: 201, Kind: Accepted, Source: "RFC 8030 section 5"},
	{Status: 202, Kind: Accepted, Source: "RFC 8030 section 5.1"},
	{Status: 400, Kind: Refused, Meaning: "The push service takes the request for malformed: a header, or the form of the body.", Advice: mendRequest, Source: "RFC 8030"},
	{Status: 401, Kind: Refused, Meaning: "The push service does not take the VAPID token.", Advice: lookAtClock, Source: "RFC 8292 section 4.2"},
	{Status: 403, Kind: Refused, Meaning: "The push service does not let this sender send to this subscription: its VAPID token is wrong, or its key is not the one that the subscription was made with.", Advice: lookAtClock, Source: "RFC 8292 section 4.2"},
	{Status: 404, Kind: Gone, Meaning: "The push service does not know this endpoint, or not any more.", Advice: endsHere, Source: "RFC 8030 section 7.3"},
	{Status: 405, Kind: Refused, Meaning: "There is no push service at this address that takes messages.", Advice: "Look whether a proxy answers in place of the push service, and whether the endpoint is whole.", Source: "RFC 9110 section 15.5.6"},
	{Status: 406, Kind: RateLimited, Meaning: "The push service takes no more for now.", Advice: waits, Source: wnsDocs},
	{Status: 407, Kind: Refused, Meaning: "The proxy on the way to the push service wants a password.", Advice: "Put the proxy's user and password into HTTPS_PROXY, or let this server reach push services without it.", Source: "RFC 9110 section 15.5.8"},
	{Status: 408, Kind: Unavailable, Meaning: "The push service had no patience with the request.", Advice: waits, Source: "RFC 9110 section 15.5.9"},
	{Status: 410, Kind: Gone, Meaning: "The subscription has ended.", Advice: endsHere, Source: "RFC 8030 section 7.3"},
	{Status: 413, Kind: TooLarge, Meaning: "The message is too large for this push service.", Advice: sendLess, Source: "RFC 8030 section 7.2"},
	{Status: 421, Kind: Refused, Meaning: "Whoever answered is not the push service of this endpoint.", Advice: "Look at the routes of --push-services: only a push service's own endpoints may go to it.", Source: "RFC 9110 section 15.5.20"},
	{Status: 429, Kind: RateLimited, Meaning: "The push service takes no more for now, from this server or for this device.", Advice: waits, Source: "RFC 8030 section 8.4"},
	{Status: 500, Kind: Unavailable, Meaning: "The push service has failed.", Advice: waits, Source: "RFC 9110 section 15.6.1"},
	{Status: 503, Kind: Unavailable, Meaning: "The push service is not available.", Advice: waits, Source: "RFC 9110 section 15.6.4"},
}
