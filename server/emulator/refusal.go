package emulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/pushkit/pushkit/server/webpush/vendors"
)

// refusal is the error of a push request that breaks a rule.
type refusal struct {
	Rule                       // with the status that is answered
	as         *vendors.Vendor // whose form the answer has
	said       vendors.Reason  // what that one says; without a word where it is not known
	detail     string          // what was seen; may be empty
	retryAfter int             // seconds; 0: no Retry-After
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

// answeredAs gives a refusal the status and the words of a vendor's service.
func (f *refusal) answeredAs(v *vendors.Vendor) *refusal {
	if f == nil {
		return nil
	}
	f.as = v
	said, ok := v.Answer(vendors.Mistake(f.ID))
	if ok {
		f.Status = said.Status
	} else {
		// An injected fault, or an endpoint that is not the emulator's.
		said, _ = v.ForStatus(f.Status)
	}
	f.said, f.Errno = said, said.Errno
	return f
}

// write answers as the vendor's service does. The rule, the advice and what was
// seen stand beside: in the body where that is an object with more members, else
// in headers, so that a sender reads what it will meet.
func (f *refusal) write(w http.ResponseWriter) {
	if f.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.retryAfter))
	}
	if f.as.Form == vendors.FormErrno {
		f.writeErrno(w)
		return
	}
	w.Header().Set("X-Pushkit-Rule", f.ID)
	w.Header().Set("X-Pushkit-Advice", f.Advice)
	if f.detail != "" {
		w.Header().Set("X-Pushkit-Detail", printable(f.detail))
	}
	switch f.as.Form {
	case vendors.FormReason:
		f.writeReason(w)
	case vendors.FormHeaders:
		f.writeHeaders(w)
	default:
		f.writeText(w)
	}
}

// words are the service's own, or the rule's where those are not known.
func (f *refusal) words() string { return cmp.Or(f.said.Word, f.Error()) }

// writeErrno is Mozilla's form: autopush, autoendpoint/src/error.rs.
func (f *refusal) writeErrno(w http.ResponseWriter) {
	body := map[string]any{
		"code": f.Status, "errno": nil, "error": http.StatusText(f.Status), "message": f.words(),
		"more_info": "http://autopush.readthedocs.io/en/latest/http.html#error-codes",
		"rule":      f.ID, "advice": f.Advice,
	}
	if f.Errno != 0 {
		body["errno"] = f.Errno
	}
	if f.detail != "" {
		body["detail"] = f.detail
	}
	w.Header().Set("Content-Type", "application/json")
	if f.Status == http.StatusGone {
		w.Header().Set("Cache-Control", "max-age=86400")
	}
	w.WriteHeader(f.Status)
	json.NewEncoder(w).Encode(body)
}

// writeReason is Apple's form.
func (f *refusal) writeReason(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("apns-id", strings.ToUpper(uuid.NewString()))
	w.WriteHeader(f.Status)
	json.NewEncoder(w).Encode(map[string]string{"reason": f.words()})
}

// writeHeaders is Microsoft's form, with an empty body. A description that is
// not known is left out: a sender has to do without it there, too.
func (f *refusal) writeHeaders(w http.ResponseWriter) {
	status := "dropped"
	if f.said.Kind == vendors.RateLimited {
		status = "channelthrottled"
	}
	if f.said.Word != "" {
		w.Header().Set("X-WNS-Error-Description", f.said.Word)
	}
	setMicrosoftStatus(w, status)
	w.WriteHeader(f.Status)
}

func setMicrosoftStatus(w http.ResponseWriter, status string) {
	w.Header().Set("X-WNS-Status", status)
	w.Header().Set("X-WNS-NotificationStatus", status)
	w.Header().Set("X-WNS-Msg-ID", strings.ToUpper(uuid.NewString()[:8]+uuid.NewString()[:8]))
}

// writeText is Google's form, in text or HTML.
func (f *refusal) writeText(w http.ResponseWriter) {
	text, kind := f.words(), "text/plain"
	if f.said.Page {
		text, kind = googlePage(text, f.Status), "text/html"
	}
	w.Header().Set("Content-Type", kind+"; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(f.Status)
	fmt.Fprintln(w, text)
}

// googlePage is the form of the errors that come from the older of Google's two
// services behind one host.
func googlePage(title string, status int) string {
	return fmt.Sprintf("<HTML>\n<HEAD>\n<TITLE>%s</TITLE>\n</HEAD>\n<BODY BGCOLOR=\"#FFFFFF\" TEXT=\"#000000\">\n<H1>%s</H1>\n<H2>Error %d</H2>\n</BODY>\n</HTML>", title, title, status)
}

// printable is text for a header: ASCII.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}
