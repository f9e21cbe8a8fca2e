package wire

// ImportRequest is the body of POST /v1/subscriptions/import.
type ImportRequest struct {
	Subscriptions []ImportedSubscription `json:"subscriptions"`
	// WrittenAt is when they were read from where they come from (RFC 3339): a browser
	// that was seen since knows better. Empty: now.
	WrittenAt string `json:"writtenAt,omitempty"`
}

// ImportedSubscription is a subscription that an operator knows of.
type ImportedSubscription struct {
	Endpoint             string    `json:"endpoint"`
	ExpirationTime       *float64  `json:"expirationTime,omitempty"`
	Keys                 Keys      `json:"keys"`
	ApplicationServerKey string    `json:"applicationServerKey,omitempty"`
	Channels             *[]string `json:"channels,omitempty"`
	AddChannels          []string  `json:"addChannels,omitempty"`
	RemoveChannels       []string  `json:"removeChannels,omitempty"`
	Locale               string    `json:"locale,omitempty"`
	TimeZone             string    `json:"timeZone,omitempty"`
	User                 string    `json:"user,omitempty"`
	ID                   string    `json:"id,omitempty"`
	CreatedAt            string    `json:"createdAt,omitempty"`
	LastSeenAt           string    `json:"lastSeenAt,omitempty"`
}

// ImportResponse answers it, in the order of the subscriptions.
type ImportResponse struct {
	Data []ImportResult `json:"data"`
}

// ImportResult is what became of a subscription: added, refreshed, unchanged or bad,
// which goes with the problem.
type ImportResult struct {
	Outcome string   `json:"outcome"`
	Problem *Problem `json:"problem,omitempty"`
}
