package main

import (
	"context"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/pushkit/pushkit/server/wire"
)

// javaScript are the types that browsers take for a worker (WHATWG MIME Sniffing,
// section 4.6).
var javaScript = []string{
	"text/javascript", "application/javascript", "application/x-javascript", "application/ecmascript", "application/x-ecmascript",
	"text/ecmascript", "text/jscript", "text/livescript", "text/x-javascript", "text/x-ecmascript",
}

// imported is a script that a worker takes in.
var imported = regexp.MustCompile(`importScripts\(\s*["']([^"'\s]+)["']`)

// checkWorker looks at the service worker of a site as a browser that registers it
// does, and at what it imports.
func (d *doctor) checkWorker(ctx context.Context, origin string) []finding {
	const check = "service worker"
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	at := origin + "/" + strings.TrimPrefix(d.cmd.String("service-worker"), "/")
	response, script, err := fetch(ctx, at, noRedirect)
	if err != nil {
		return []finding{fail(check, adviceOnSite(err), "%s cannot be fetched: %v.", at, reasonOf(err))}
	}
	if response.StatusCode >= 300 && response.StatusCode < 400 {
		return []finding{fail(check, "Serve the file itself there: browsers take no worker by a redirect. If the site has moved, give its new origin.",
			"%s is redirected to %s.", at, response.Header.Get("Location"))}
	}
	if response.StatusCode != http.StatusOK {
		return []finding{fail(check, `Put a file there with the line importScripts("https://…/`+wire.FileWorker+`") of your server.`, "%s is answered %s.", at, response.Status)}
	}
	if media := mediaOf(response); !slices.Contains(javaScript, media) {
		return []finding{fail(check, "Serve it as text/javascript: browsers take no other type for a worker.", "%s is served as %q.", at, media)}
	}
	if f := checkScope(at, d.cmd.String("scope"), response); f.Level != levelOK {
		return []finding{f}
	}
	findings := []finding{ok(check, "%s is a script, for the pages below %s.", at, d.cmd.String("scope"))}
	return append(findings, checkImports(ctx, at, script)...)
}

// checkScope says whether a worker may have the pages below a scope: those of its own
// folder, or what the header says (W3C Service Workers, "Service-Worker-Allowed").
func checkScope(at, scope string, response *http.Response) finding {
	u, err := url.Parse(at)
	if err != nil {
		return fail("service worker", "Mend --service-worker.", "%v.", err)
	}
	most := strings.TrimSuffix(path.Dir(u.Path), "/") + "/"
	if allowed := response.Header.Get("Service-Worker-Allowed"); allowed != "" {
		if u, err := u.Parse(allowed); err == nil {
			most = u.Path
		}
	}
	if strings.HasPrefix(scope, most) {
		return finding{Level: levelOK}
	}
	return fail("service worker", "Serve it with the header Service-Worker-Allowed: "+scope+", or from the root, or give pushkit.init the scope "+most+".",
		"%s may have the pages below %s only, and not %s.", at, most, scope)
}

// checkImports looks at what a worker imports. A server that a browser cannot reach
// keeps the worker from being installed.
func checkImports(ctx context.Context, at string, script []byte) (findings []finding) {
	const check = "service worker"
	found := imported.FindAllSubmatch(script, -1)
	if len(found) == 0 && !strings.Contains(string(script), "pushkit") {
		return []finding{warn(check, `Add the line importScripts("https://…/`+wire.FileWorker+`") of your server, if it is not there in another form.`, "%s does not seem to import pushkit's.", at)}
	}
	base, err := url.Parse(at)
	if err != nil {
		return nil
	}
	for _, match := range found {
		u, err := base.Parse(string(match[1]))
		if err != nil {
			findings = append(findings, fail(check, "Mend the address.", "It imports %q, which is no address.", match[1]))
			continue
		}
		response, _, err := fetch(ctx, u.String(), nil)
		switch {
		case err != nil:
			findings = append(findings, fail(check, adviceOnSite(err), "It imports %s, which cannot be fetched: %v.", u, reasonOf(err)))
		case response.StatusCode != http.StatusOK:
			findings = append(findings, fail(check, "Mend the address, or the server there.", "It imports %s, which is answered %s.", u, response.Status))
		case !slices.Contains(javaScript, mediaOf(response)):
			findings = append(findings, fail(check, "Serve it as text/javascript.", "It imports %s, which is served as %q.", u, mediaOf(response)))
		case !isSecure(u):
			findings = append(findings, fail(check, "Give the server's https:// address.", "It imports %s, which is plain HTTP.", u))
		default:
			findings = append(findings, ok(check, "It imports %s, which is there.", u))
		}
	}
	return findings
}

// maxScript is how much of a script is read, in bytes.
const maxScript = 1 << 20

func fetch(ctx context.Context, at string, redirect func(*http.Request, []*http.Request) error) (*http.Response, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, nil, err
	}
	// As browsers ask for a worker.
	request.Header.Set("Service-Worker", "script")
	client := http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: checkLimit}).DialContext, DisableKeepAlives: true},
		CheckRedirect: redirect,
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxScript))
	return response, body, err
}

func mediaOf(response *http.Response) string {
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return media
}

// adviceOnSite says what to do where a site cannot be reached.
func adviceOnSite(err error) string {
	if strings.HasPrefix(adviceOn(err, false), "Somebody") {
		return "Look at its certificate: browsers have push only where they trust it."
	}
	return "Look whether it runs, and is reached from this machine."
}
