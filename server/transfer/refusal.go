package transfer

import (
	"errors"
	"strings"

	"github.com/pushkit/pushkit/server/push"
)

// A Refusal is why something that another product has is not a subscription which
// can be sent to.
type Refusal struct {
	// Reason is a word for counting.
	Reason string
	// Detail is a sentence for the operator.
	Detail string
}

func (r *Refusal) Error() string { return r.Reason + ": " + r.Detail }

var (
	errUnsubscribed  = &Refusal{"unsubscribed", "The person has unsubscribed there, or the push service has ended it."}
	errNoKeys        = &Refusal{"no-keys", "It has no p256dh and auth: nothing can be encrypted for it."}
	errToken         = &Refusal{"device-token", "It is a token of Firebase's or Apple's, which has neither an endpoint nor keys."}
	errGCM           = &Refusal{"gcm", "Its endpoint is one of Google Cloud Messaging, which was shut down."}
	errApp           = &Refusal{"mobile-app", "It is an app's on a phone or a computer, not a browser's."}
	errMail          = &Refusal{"email", "It is a mail address."}
	errSMS           = &Refusal{"sms", "It is a telephone number."}
	errUnknownOrigin = &Refusal{"no-endpoint", "It has only the end of an endpoint, and that of Microsoft's service may be at any of its hosts."}
)

// checkMovable says what keeps another product's subscription from being moved.
// Whether the rest is right is for [record.check].
func checkMovable(endpoint, p256dh, auth string) error {
	switch {
	case endpoint != "" && !strings.HasPrefix(endpoint, "https://") && !strings.HasPrefix(endpoint, "http://"):
		return errToken
	case strings.HasPrefix(endpoint, "https://android.googleapis.com/gcm/send/"):
		return errGCM
	case endpoint != "" && (p256dh == "" || auth == ""):
		return errNoKeys
	}
	return nil
}

// ReasonOf is a word, or a few, by which those that are not imported can be counted.
func ReasonOf(err error) string {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refusal.Reason
	}
	reason := string(push.CodeOf(err))
	var e *push.Error
	if errors.As(err, &e) && e.Field != "" {
		reason += " (" + e.Field + ")"
	}
	return reason
}
