package wire

// Limits that client and server agree on.
const (
	// MaxEndpointLength is in bytes. Push services use up to about 500; 2048
	// leaves room.
	MaxEndpointLength = 2048
	// MaxChannels is how many channels one subscription may have, and an audience's
	// allChannels and noChannels may name.
	MaxChannels = 50
	// MaxChannelLength is in characters.
	MaxChannelLength = 64
	// MaxLocaleLength and MaxTimeZoneLength are in bytes.
	MaxLocaleLength   = 35
	MaxTimeZoneLength = 64
	// MaxEvents is how many events one POST may carry.
	MaxEvents = 100
	// MaxBody is the largest JSON body of a public call, in bytes.
	MaxBody = 64 << 10
	// MaxMessageBody is the largest JSON body of a message, in bytes.
	MaxMessageBody = 256 << 10
	// MaxMessageLines is how many messages one POST of application/x-ndjson may carry.
	MaxMessageLines = 1000
	// MaxImport is how many subscriptions one POST may import: some 20 ms in which others
	// wait for the database. Its body may be as large as a message's.
	MaxImport = 250
	// MaxReasons is of how many deliveries of a message it is kept why they failed,
	// were gone, or expired, of each about so many.
	MaxReasons = 1000
	// MaxIdempotencyKey is in bytes.
	MaxIdempotencyKey = 255
	// MaxAudienceIDs is how many ids (users, subscriptions, channels) one
	// audience may name.
	MaxAudienceIDs = 1000
	// MaxPlaceholders is how many a notification may have.
	MaxPlaceholders = 50
	// MaxAttributes is how many a user may have; MaxAttributeName and MaxAttribute are
	// how many characters their names and values may have.
	MaxAttributes    = 50
	MaxAttributeName = 64
	MaxAttribute     = 512
	// MaxClosings is how many tags a push or an answer may have a browser close: those
	// that wait for a subscription at most, and a message's own.
	MaxClosings = 70
	// MaxCloseTags is how many tags a message or a call may close, MaxTagLength how
	// long each of them may be, in bytes.
	MaxCloseTags = 20
	MaxTagLength = 256
	// MaxActions is how many buttons a notification may have, of which browsers show
	// two or three.
	MaxActions = 20
	// MaxLocalizedBytes is how long a message's payloads in other languages may be
	// together: they are stored with it, and read with each of its batches.
	MaxLocalizedBytes = 64 << 10
	// MaxLocalized is in how many other languages a message may be.
	MaxLocalized = 50
	// MaxAppBadge is what WebKit's reader of numbers holds.
	MaxAppBadge = 1<<31 - 1
	// MaxTopicLength is in bytes, before hashing.
	MaxTopicLength = 256
	// MaxEncrypted is the largest encrypted body of a push in bytes
	// (RFC 8030 section 7.2: a push service must take at least this much).
	MaxEncrypted = 4096
	// MaxSpread is in seconds: a day.
	MaxSpread = 86400
	// MaxTTL and DefaultTTL are in seconds: four weeks.
	MaxTTL     = 2419200
	DefaultTTL = 2419200
)

// Times of the client, in milliseconds.
const (
	// SubscribeTimeout bounds PushManager.subscribe, which some browsers leave
	// unsettled where no push service can be reached.
	SubscribeTimeout = 20_000
	// SubscribeDelay is how long the client waits before it asks again for an
	// endpoint that is not of PermanentlyRemovedHost.
	SubscribeDelay = 1_000
	// WorkerTimeout bounds how long a service worker may take to be installed
	// and activated.
	WorkerTimeout = 20_000
	// StorageTimeout bounds one transaction in IndexedDB, which another tab's
	// open connection may hold up.
	StorageTimeout = 5_000
	// LockTimeout bounds how long a tab waits for what another one is doing.
	LockTimeout = 60_000
	// RequestTimeout bounds one call of our server.
	RequestTimeout = 15_000
	// LookAgain is how long PushManager.getSubscription may take until it is called
	// anew: Firefox leaves it unsettled where its push service is not up yet, as
	// for a page that it opens as it starts.
	LookAgain = 1_000

	// WorkerAnswerTimeout bounds how long a service worker that is already
	// there may take to say whether it imports ours.
	WorkerAnswerTimeout = 2_000
	// ClickAnswerTimeout bounds how long a page may take to say whether it
	// handles a click.
	ClickAnswerTimeout = 500
	// CheckEvery is how long the loader trusts the last check within a tab.
	CheckEvery = 3_600_000
)

// Subscribe attempts where the browser hands out an endpoint of
// PermanentlyRemovedHost, which Chrome does for a moment after an unsubscribe.
const (
	SubscribeAttempts      = 3
	PermanentlyRemovedHost = "permanently-removed.invalid"
)
