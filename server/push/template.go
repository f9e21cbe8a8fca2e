package push

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pushkit/pushkit/server/wire"
)

// A placeholder is what a template has in the place of a user's attribute:
// {{name}}, or {{name|default}}.
type placeholder struct {
	// name is empty where the default always stands: {{|{{}} writes two braces.
	name, byDefault string
}

// A templateError says what is wrong with a template, and at which character,
// counted from 1.
type templateError struct {
	at   int
	what string
}

func (e *templateError) Error() string {
	return fmt.Sprintf("has at character %d %s", e.at, e.what)
}

// parseTemplate cuts a text into what stands between its placeholders, one more than
// there are of them.
func parseTemplate(text string) (between []string, placeholders []placeholder, err error) {
	rest := text
	for {
		before, after, found := strings.Cut(rest, "{{")
		between = append(between, before)
		if !found {
			return between, placeholders, nil
		}
		opened := len(text) - len(after) - len("{{")
		inside, after, closed := strings.Cut(after, "}}")
		what := "a placeholder that does not end with }}"
		var p placeholder
		if closed {
			p, what = parsePlaceholder(inside)
		}
		if what != "" {
			return nil, nil, &templateError{utf8.RuneCountInString(text[:opened]) + 1, what}
		}
		placeholders, rest = append(placeholders, p), after
	}
}

// parsePlaceholder reads what stands between the braces; what says what is wrong.
func parsePlaceholder(inside string) (p placeholder, what string) {
	name, byDefault, hasDefault := strings.Cut(inside, "|")
	p = placeholder{strings.TrimSpace(name), strings.TrimSpace(byDefault)}
	switch {
	case p.name == "" && !hasDefault:
		return p, "a placeholder without a name"
	case p.name != "" && !isAttributeName(p.name):
		return p, "a placeholder whose name is not one of an attribute: a letter, then letters, digits and _"
	case p.name != "" && strings.Contains(byDefault, "{{"):
		return p, "a placeholder within another"
	}
	return p, ""
}

// isAttributeName says whether users can have an attribute of this name.
func isAttributeName(name string) bool {
	if name == "" || len(name) > wire.MaxAttributeName {
		return false
	}
	for i, c := range []byte(name) {
		if !isLetter(c) && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return true
}

// isLetter says whether c is one of ASCII.
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// A Field is a place in a payload that is filled for each user.
type Field struct {
	// At is where in the template, which has nothing there.
	At int `json:"at"`
	// Name is the attribute's; Default is what stands there for whoever has none, in
	// the form that the payload needs.
	Name    string `json:"name"`
	Default string `json:"default,omitempty"`
	// URL says that it is part of a URL.
	URL bool `json:"url,omitempty"`
}

// A masking takes placeholders out of a notification's texts, so that these can be
// checked and encoded as others are.
type masking struct {
	// mark begins what stands in a placeholder's place. It is of letters and digits,
	// which nothing changes on the way, and nobody can know it before; empty: there was
	// no placeholder yet.
	mark   string
	fields []Field
}

// indexLength is how many digits follow the mark.
const indexLength = 4

// text masks a text. byDefault is the text for whoever has no attributes.
func (m *masking) text(at, text string, isURL bool) (masked, byDefault string, err error) {
	if !strings.Contains(text, "{{") {
		return text, text, nil
	}
	between, placeholders, err := parseTemplate(text)
	if err != nil {
		return "", "", invalid(at, "%s", err)
	}
	if len(m.fields)+len(placeholders) > wire.MaxPlaceholders {
		return "", "", invalid(at, "has placeholders beyond the %d that a notification may have", wire.MaxPlaceholders)
	}
	if m.mark == "" {
		var raw [16]byte
		rand.Read(raw[:])
		m.mark = "p" + hex.EncodeToString(raw[:])
	}
	var masks, plain strings.Builder
	for i, p := range placeholders {
		masks.WriteString(between[i] + m.mark + fmt.Sprintf("%0*d", indexLength, len(m.fields)))
		plain.WriteString(between[i] + p.byDefault)
		m.fields = append(m.fields, Field{Name: p.name, Default: string(appendValue(nil, p.byDefault, isURL)), URL: isURL})
	}
	last := between[len(between)-1]
	return masks.String() + last, plain.String() + last, nil
}

// inHost says whether a placeholder stands in an absolute URL before its path.
func (m *masking) inHost(absolute string) bool {
	_, rest, _ := strings.Cut(absolute, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return m.mark != "" && strings.Contains(rest, m.mark)
}

// unmask takes the masks out of what was encoded, and says which fields were where.
func (m *masking) unmask(encoded []byte) (template []byte, fields []Field) {
	if len(m.fields) == 0 {
		return encoded, nil
	}
	rest := string(encoded)
	for {
		before, after, found := strings.Cut(rest, m.mark)
		template = append(template, before...)
		if !found {
			return template, fields
		}
		index, _ := strconv.Atoi(after[:indexLength])
		field := m.fields[index]
		field.At = len(template)
		fields, rest = append(fields, field), after[indexLength:]
	}
}

const hexDigits = "0123456789ABCDEF"

// appendValue appends a value as the inside of a JSON string, percent-encoded where
// that is a URL (RFC 3986 section 2): then it is within one segment of a path, or one
// value of a query. One of dots alone would name another path, and is left out.
func appendValue(dst []byte, value string, isURL bool) []byte {
	if isURL {
		if strings.Trim(value, ".") == "" {
			return dst
		}
		for _, c := range []byte(value) {
			if isLetter(c) || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
				dst = append(dst, c)
			} else {
				dst = append(dst, '%', hexDigits[c>>4], hexDigits[c&15])
			}
		}
		return dst
	}
	for _, c := range []byte(strings.ToValidUTF8(value, "\uFFFD")) {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
