package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"io/fs"
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
	name, contentType, cacheControl string
	// plain reads the file; what there is in brotli alone is unpacked for the
	// first who asks.
	plain  func() (variant, error)
	brotli variant
}

type variant struct {
	content []byte
	etag    string
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
		v := variant{content, etag(content)}
		if !inBrotli {
			f.plain = func() (variant, error) { return v, nil }
			continue
		}
		f.brotli = v
		if f.plain == nil { // a file is read before its brotli form
			f.plain = sync.OnceValues(v.unpack)
		}
	}
	return files, nil
}

func newFile(name string) *file {
	f := &file{name: name, contentType: contentType(name), cacheControl: "no-cache"}
	if hashedName.MatchString(name) {
		f.cacheControl = "public, max-age=31536000, immutable"
	}
	return f
}

// unpack returns what is in brotli as it was.
func (v variant) unpack() (variant, error) {
	content, err := io.ReadAll(brotli.NewReader(bytes.NewReader(v.content)))
	return variant{content, etag(content)}, err
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
	header := w.Header()
	header.Set("Content-Type", f.contentType)
	header.Set("Cache-Control", f.cacheControl)
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	header.Add("Vary", "Accept-Encoding")
	if f.name == wire.FileWorker {
		// A site on the server's own origin may use it for all its pages.
		header.Set("Service-Worker-Allowed", "/")
	}
	v := f.brotli
	if v.content != nil && acceptsBrotli(r.Header.Get("Accept-Encoding")) {
		header.Set("Content-Encoding", "br")
	} else {
		var err error
		if v, err = f.plain(); err != nil {
			panic(err) // of what this program holds
		}
	}
	header.Set("ETag", v.etag)
	http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(v.content))
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
