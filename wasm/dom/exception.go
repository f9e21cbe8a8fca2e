// Package dom holds what the bindings of pushkit share: JavaScript's exceptions
// as Go errors, promises, and event listeners.
//
// An exception that a Web API throws, or that its promise is rejected with,
// comes back as an *[Exception]. Its name is compared with [errors.Is]:
//
//	if errors.Is(err, dom.NotAllowedError) { … }
//
// The functions that touch JavaScript exist for GOOS=js only; the errors exist
// everywhere, so that code on top of the bindings can be tested natively.
package dom

// A Name is the name of a DOMException or of one of JavaScript's own errors. It
// is an error to be compared with by [errors.Is].
type Name string

// Names of exceptions that the bindings' APIs throw. See
// https://webidl.spec.whatwg.org/#idl-DOMException-error-names and
// https://tc39.es/ecma262/#sec-native-error-types-used-in-this-standard.
const (
	AbortError         Name = "AbortError"
	ConstraintError    Name = "ConstraintError"
	DataCloneError     Name = "DataCloneError"
	DataError          Name = "DataError"
	InvalidAccessError Name = "InvalidAccessError"
	InvalidStateError  Name = "InvalidStateError"
	NetworkError       Name = "NetworkError"
	NotAllowedError    Name = "NotAllowedError"
	NotFoundError      Name = "NotFoundError"
	NotSupportedError  Name = "NotSupportedError"
	QuotaExceededError Name = "QuotaExceededError"
	SecurityError      Name = "SecurityError"
	TimeoutError       Name = "TimeoutError"
	UnknownError       Name = "UnknownError"
	VersionError       Name = "VersionError"

	RangeError  Name = "RangeError"
	SyntaxError Name = "SyntaxError"
	TypeError   Name = "TypeError"
)

// Error returns the name.
func (n Name) Error() string { return string(n) }

// An Exception is what JavaScript threw: a DOMException, an Error or any other
// value.
type Exception struct {
	// Name is the exception's name, for example "NotAllowedError". It is
	// "Error" for a thrown value without a name.
	Name Name
	// Message is the browser's own text, in the browser's language. It is for
	// logs; programs compare Name.
	Message string
	// Err holds the thrown JavaScript value where there is one: see Thrown.
	Err error
}

// Error returns name and message, as the browser's console shows them.
func (e *Exception) Error() string {
	if e.Message == "" {
		return string(e.Name)
	}
	return string(e.Name) + ": " + e.Message
}

// Is reports whether target is the exception's Name.
func (e *Exception) Is(target error) bool {
	name, ok := target.(Name)
	return ok && name == e.Name
}

// Unwrap returns Err.
func (e *Exception) Unwrap() error { return e.Err }

// Unsupported returns the NotSupportedError for a Web API that this browser
// does not have, named as in its specification, for example "PushManager".
func Unsupported(api string) error {
	return &Exception{Name: NotSupportedError, Message: "this browser has no " + api}
}
