package vendors

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Explain says what an answer means. word is what [Word] reads of it. Without a
// vendor (nil) the words of all of them are known, for a service that somebody
// runs on their software.
func (v *Vendor) Explain(status int, word string) Reason {
	vendors := all
	if v != nil {
		vendors = []*Vendor{v}
	}
	found := Reason{}
	for _, of := range vendors {
		for _, r := range of.Reasons {
			// A status alone is this vendor's, and nobody else's.
			if r.answers(status) && (v != nil || r.telling()) && r.matches(word) {
				found = r
				break
			}
		}
		if found.Kind != "" {
			break
		}
	}
	if found.Kind == "" {
		found = byStatus(status)
	}
	found.Status, found.Word = status, word
	return found
}

func (r Reason) answers(status int) bool {
	return r.Status == status || slices.Contains(r.Also, status)
}

// telling tells whether there is a word or number to know it by.
func (r Reason) telling() bool { return r.Word != "" || r.Errno != 0 }

func (r Reason) matches(word string) bool {
	if r.Errno != 0 && !hasErrno(word, r.Errno) {
		return false
	}
	return strings.Contains(strings.ToLower(word), cmp.Or(r.Match, strings.ToLower(r.Word)))
}

// hasErrno reads the form that [Word] gives to Mozilla's JSON.
func hasErrno(word string, errno int) bool {
	rest, ok := strings.CutPrefix(word, "errno ")
	number, _, _ := strings.Cut(rest, ":")
	n, err := strconv.Atoi(number)
	return ok && err == nil && n == errno
}

// byStatus is what a status means whoever answers it: RFC 8030, RFC 8292,
// RFC 9110.
func byStatus(status int) Reason {
	if i := slices.IndexFunc(generic, func(r Reason) bool { return r.Status == status }); i >= 0 {
		return generic[i]
	}
	r := Reason{Status: status, Source: "RFC 9110 section 15"}
	switch {
	case status >= 500:
		r.Kind = Unavailable
		r.Meaning = "The push service has failed."
		r.Advice = waits
	case status >= 300 && status < 400:
		r.Kind = Refused
		r.Meaning = "The push service sends the request elsewhere, which is never followed: an endpoint is where the browser said it is."
		r.Advice = "Look whether a proxy answers in place of the push service."
	case status >= 400:
		r.Kind = Refused
		r.Meaning = fmt.Sprintf("The push service refuses the request with %d, which RFC 8030 does not name.", status)
		r.Advice = mendRequest
	default:
		r.Kind = Refused
		r.Meaning = fmt.Sprintf("The answer %d does not say that the push service has taken the message.", status)
		r.Advice = "Look whether a proxy answers in place of the push service."
	}
	return r
}

// Answer is how the service refuses a mistake; false: it does not look at it.
func (v *Vendor) Answer(m Mistake) (Reason, bool) {
	for _, r := range v.Reasons {
		if slices.Contains(r.For, m) {
			return r, true
		}
	}
	return Reason{}, false
}

// ForStatus is the first of the service's answers with this status that is not
// for a mistake of the sender: what it says when it is throttled or has failed.
func (v *Vendor) ForStatus(status int) (Reason, bool) {
	for _, r := range v.Reasons {
		if r.Status == status && len(r.For) == 0 && (r.Kind == RateLimited || r.Kind == Unavailable) {
			return r, true
		}
	}
	return Reason{}, false
}
