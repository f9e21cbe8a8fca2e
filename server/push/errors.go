package push

import (
	"errors"
	"fmt"

	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// An Error is a fact with a stable code. It is made where the fact is known,
// and turned into an answer once, at the edge.
type Error struct {
	Code wire.Code
	// Field is the path of the member that is wrong, if one is.
	Field string
	// Detail is a sentence for the caller.
	Detail string
	// Cause is for the log alone.
	Cause error
}

func (e *Error) Error() string {
	text := string(e.Code) + ": " + e.Detail
	if e.Field != "" {
		text = string(e.Code) + ": " + e.Field + " " + e.Detail
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Cause }

// CodeOf is the code of the first *Error in err's chain, or [wire.Internal].
func CodeOf(err error) wire.Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return wire.Internal
}

func invalid(field, format string, arguments ...any) error {
	return &Error{Code: wire.InvalidField, Field: field, Detail: fmt.Sprintf(format, arguments...)}
}

// invalidKey turns an error of package webpush into one of the domain.
func invalidKey(err error) error {
	var field *webpush.FieldError
	if errors.As(err, &field) {
		return invalid(field.Field, "%s", field.Reason)
	}
	return err
}

// Codes of errors that no call of the HTTP API ends with: sites are made and changed by
// the command line.
const (
	SiteUnknown wire.Code = "site-unknown"
	SiteExists  wire.Code = "site-exists"
	OriginTaken wire.Code = "origin-taken"
)

// ErrSiteUnknown is for a name that no site has.
func ErrSiteUnknown(name string) error {
	return &Error{Code: SiteUnknown, Detail: fmt.Sprintf("There is no site %q: pushkit sites list shows those that there are.", name)}
}

// ErrSiteExists is for a new site whose name another has.
func ErrSiteExists(name string) error {
	return &Error{Code: SiteExists, Detail: fmt.Sprintf("There is a site %q already.", name)}
}

// ErrOriginTaken is for an origin that another site has, whose name is given.
func ErrOriginTaken(origin, site string) error {
	return &Error{Code: OriginTaken, Detail: fmt.Sprintf("The origin %s is the site %q's already, and an origin is one site's.", origin, site)}
}

// ErrMessageUnknown is for an id that no message of the site has.
func ErrMessageUnknown() error {
	return &Error{Code: wire.MessageUnknown, Detail: "There is no message with this id."}
}

// ErrWebhookUnknown is for an id that no webhook of the site has.
func ErrWebhookUnknown() error {
	return &Error{Code: wire.WebhookUnknown, Detail: "There is no webhook with this id."}
}

// ErrTooManyWebhooks is for a site that has MaxWebhooks.
func ErrTooManyWebhooks() error {
	return &Error{Code: wire.TooManyWebhooks, Detail: fmt.Sprintf("The site has %d webhooks already: delete one.", MaxWebhooks)}
}

// ErrUnavailable is for a store that cannot do its work for now: its database is
// away, full, or only readable. Nothing was written, or nobody knows whether it
// was.
func ErrUnavailable(cause error) error {
	return &Error{Code: wire.Unavailable, Detail: "The database does not take or give anything at the moment. Try again.", Cause: cause}
}
