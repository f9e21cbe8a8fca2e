package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/pushkit/pushkit/server/wire"
)

// A file is one of the client's, with its brotli form.
type file struct {
	name string
	// header is what all answers with it say alike.
	header http.Header
	// plain reads the file; what there is in brotli alone is unpacked for the
	// first who asks.
	plain  func() (variant, error)
	brotli variant
}

type variant struct {
	content []byte
	// header is what an answer says of this form, and length what it says of the whole
	// of it.
	header http.Header
	length []string
}

func newVariant(content []byte, coding string) variant {
	header := http.Header{"Etag": {etag(content)}}
	if coding != "" {
		header["Content-Encoding"] = []string{coding}
	}
	return variant{content, header, []string{strconv.Itoa(len(content))}}
}

// hashedName is a name that changes with the content.
var hashedName = regexp.MustCompile(`^(pushkit|wasm_exec)\.[0-9a-zA-Z_-]{8,}\.(wasm|js)$`)

// clientFiles reads the client's files, which are served at the root by name.
func clientFiles(folder fs.FS) (map[string]*file, error) {
	files := make(map[string]*file)
	if folder == nil {
		return files, nil
	}
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		content, err := fs.ReadFile(folder, entry.Name())
		if err != nil {
			return nil, err
		}
		name, inBrotli := strings.CutSuffix(entry.Name(), ".br")
		f := files[name]
		if f == nil {
			f = newFile(name)
			files[name] = f
		}
		if !inBrotli {
			v := newVariant(content, "")
			f.plain = func() (variant, error) { return v, nil }
			continue
		}
		f.brotli = newVariant(content, "br")
		if f.plain == nil { // a file is read before its brotli form
			f.plain = sync.OnceValues(f.brotli.unpack)
		}
	}
	return files, nil
}

func newFile(name string) *file {
	f := &file{name: name, header: http.Header{
		"Content-Type":                 {contentType(name)},
		"Cache-Control":                {"no-cache"},
		"Access-Control-Allow-Origin":  {"*"},
		"Cross-Origin-Resource-Policy": {"cross-origin"},
		"Vary":                         {"Accept-Encoding"},
	}}
	if hashedName.MatchString(name) {
		f.header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if name == wire.FileWorker {
		// A site on the server's own origin may use it for all its pages.
		f.header.Set("Service-Worker-Allowed", "/")
	}
	return f
}

// unpack returns what is in brotli as it was.
func (v variant) unpack() (variant, error) {
	content, err := io.ReadAll(brotli.NewReader(bytes.NewReader(v.content)))
	return newVariant(content, ""), err
}

// etag is a strong one (RFC 9110 section 8.8.3).
func etag(content []byte) string {
	hash := sha256.Sum256(content)
	return `"` + base64.RawURLEncoding.EncodeToString(hash[:12]) + `"`
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".wasm":
		return "application/wasm"
	case ".map", ".json":
		return "application/json"
	}
	return mime.TypeByExtension(path.Ext(name))
}

func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := f.brotli
	if v.content == nil || !acceptsBrotli(r.Header.Get("Accept-Encoding")) {
		var err error
		if v, err = f.plain(); err != nil {
			panic(err) // of what this program holds
		}
	}
	header := w.Header()
	maps.Copy(header, f.header)
	maps.Copy(header, v.header)
	if isConditional(r) {
		http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(v.content))
		return
	}
	// In one piece and with its length, which ServeContent leaves out where there is a
	// Content-Encoding: net/http would send it in chunks.
	header["Accept-Ranges"], header["Content-Length"] = acceptRanges, v.length
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		w.Write(v.content)
	}
}

var acceptRanges = []string{"bytes"}

// isConditional says whether it may be that not the whole file is asked for
// (RFC 9110 sections 13.1 and 14.2).
func isConditional(r *http.Request) bool {
	for _, name := range []string{"If-None-Match", "If-Match", "If-Modified-Since", "If-Unmodified-Since", "Range"} {
		if _, ok := r.Header[name]; ok {
			return true
		}
	}
	return false
}

// acceptsBrotli reads an Accept-Encoding header (RFC 9110 section 12.5.3).
func acceptsBrotli(header string) bool {
	for element := range strings.SplitSeq(header, ",") {
		coding, weight, weighted := strings.Cut(element, ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "br") {
			continue
		}
		_, value, _ := strings.Cut(weight, "=")
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return !weighted || err == nil && q > 0
	}
	return false
}
