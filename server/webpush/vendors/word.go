package vendors

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// Word reads what a push service says of its answer, in the forms of all four:
// Mozilla's JSON as "errno 109: its message", Apple's JSON, Microsoft's headers,
// the title of a page of Google's, else the text. Where it says nothing it is
// the status in words; empty for one that says that all is well. get reads a
// header, by its name in lower case.
func Word(status int, get func(header string) string, body []byte) string {
	if word := microsoftWord(get); word != "" {
		return word
	}
	if status == http.StatusOK || status == http.StatusCreated || status == http.StatusAccepted {
		return ""
	}
	var answer struct {
		Reason  string `json:"reason"`
		Message string `json:"message"`
		Errno   int    `json:"errno"`
	}
	if json.Unmarshal(body, &answer) == nil {
		if answer.Errno != 0 {
			return "errno " + strconv.Itoa(answer.Errno) + ": " + answer.Message
		}
		if text := cmp.Or(answer.Reason, answer.Message); text != "" {
			return text
		}
	}
	text := strings.TrimSpace(string(body))
	return cmp.Or(pageTitle(text), text, http.StatusText(status))
}

// microsoftWord is the description where there is one, else the status of the
// notification where it is a bad one.
func microsoftWord(get func(header string) string) string {
	status := cmp.Or(get("x-wns-status"), get("x-wns-notificationstatus"))
	if text := get("x-wns-error-description"); text != "" {
		return text
	}
	if status == "" || strings.EqualFold(status, "received") {
		return ""
	}
	return "X-WNS-Status " + strings.ToLower(status)
}

// title is that of an HTML page.
var title = regexp.MustCompile(`(?i)<title>\s*([^<]*?)\s*</title>`)

// pageTitle is the title of an HTML page; empty without.
func pageTitle(text string) string {
	if found := title.FindStringSubmatch(text); found != nil && strings.HasPrefix(text, "<") {
		return found[1]
	}
	return ""
}
