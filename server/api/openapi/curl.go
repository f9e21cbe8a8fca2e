package openapi

import (
	"regexp"
	"strings"
)

// Curl is a command line that makes the call with the first example, for the
// server at an address. It is for a POSIX shell.
func (o *Operation) Curl(server string) string {
	path := o.Path
	for _, p := range o.Parameters {
		if p.In == "path" {
			path = strings.ReplaceAll(path, "{"+p.Name+"}", text(p.Example))
		}
	}
	line := "curl "
	if o.Method != "GET" && (o.Method != "POST" || o.RequestBody == nil) {
		line += "-X " + o.Method + " "
	}
	parts := []string{line + quote(server+path)}
	if o.NeedsKey() {
		parts = append(parts, `-H "Authorization: Bearer $PUSHKIT_API_KEY"`)
	}
	if o.RequestBody != nil {
		media := o.RequestBody.Content[0]
		example := shown(media.Value.Shown()[0].Value.Value)
		parts = append(parts, "-H "+quote("Content-Type: "+media.Name), "-d "+quote(example))
	}
	return strings.Join(parts, " \\\n  ")
}

// plainWord means itself in a shell.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9./:_-]+$`)

// quote makes one word of text for a POSIX shell.
func quote(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
