package main

import (
	"context"
	"net"
	"net/url"
	"slices"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

// checkSubject looks at who the server says that it is.
func (d *doctor) checkSubject() finding {
	const check, advice = "VAPID subject", "Give --vapid-subject a mailto: or https: URL of whoever runs this server, at a name that exists on the internet."
	subject := d.sending.VAPIDSubject
	if subject == "" {
		return fail(check, advice, "There is none: Apple's and Mozilla's push services refuse messages without one.")
	}
	if err := webpush.CheckSubject(subject); err != nil {
		return fail(check, advice, "%v.", err)
	}
	return ok(check, "Push services are told %s.", subject)
}

func (d *doctor) checkPublicURL() finding {
	const check = "public URL"
	text := d.cmd.String(publicURLFlag.Name)
	if text == "" {
		return ok(check, "None is given: the server's address is what the request says. A proxy needs --public-url.")
	}
	u, err := parsePublicURL(text)
	if err != nil {
		return fail(check, "Give --public-url as browsers write it, such as https://push.example.com.", "%v.", err)
	}
	if !isSecure(u) {
		return fail(check, "Put a proxy with TLS before the server, and give its https:// URL.", "Browsers have push on https only, and %s is plain.", text)
	}
	return ok(check, "Browsers find the server at %s.", u)
}

// isSecure says whether browsers hold a URL for secure (W3C Secure Contexts, section
// 3.1): https, or this machine.
func isSecure(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// givenOrigins are those of the flag or the environment, which are the default site's.
func (d *doctor) givenOrigins() []string {
	if d.isOfAnotherSite() {
		return nil
	}
	return d.cmd.StringSlice(allowedOriginsFlag.Name)
}

// originsSetting is where the site's origins are set.
func (d *doctor) originsSetting() string {
	if d.isOfAnotherSite() {
		return "--origins of pushkit sites set " + d.cmd.String(siteFlag.Name)
	}
	return "--allowed-origins of pushkit serve"
}

func (d *doctor) isOfAnotherSite() bool { return d.cmd.String(siteFlag.Name) != push.DefaultSite }

// checkOrigins looks at the form of the sites' origins, and returns those whose
// service worker can be looked at.
func (d *doctor) checkOrigins(ctx context.Context) (good []string, findings []finding) {
	const check = "origin"
	texts := d.cmd.Args().Slice()
	if len(texts) == 0 {
		texts = d.givenOrigins()
	}
	if len(texts) == 0 {
		texts = d.site.Origins
	}
	if len(texts) == 0 {
		return nil, []finding{warn(check, "Give the site's origins with "+d.originsSetting()+".", "No page may use the server yet.")}
	}
	for _, text := range texts {
		origin, err := push.ParseOrigin(text)
		if err != nil {
			findings = append(findings, fail(check, "Give it as browsers write it: https://, the host, and nothing behind.", "%v.", err))
			continue
		}
		u, err := url.Parse(origin)
		if err != nil || !isSecure(u) {
			findings = append(findings, fail(check, "Serve the site over https, and give that origin.", "Browsers have push on https only, and %s is plain.", origin))
			continue
		}
		good = append(good, origin)
		findings = append(findings, d.checkAllowed(ctx, origin))
	}
	return good, findings
}

// checkAllowed says whether pages of an origin may call the server.
func (d *doctor) checkAllowed(ctx context.Context, origin string) finding {
	const check = "origin"
	allowed := d.site.Origins
	if given := d.givenOrigins(); len(given) > 0 {
		allowed = nil
		for _, text := range given {
			if parsed, err := push.ParseOrigin(text); err == nil {
				allowed = append(allowed, parsed)
			}
		}
	}
	if slices.Contains(allowed, origin) {
		return ok(check, "Pages of %s may use the server.", origin)
	}
	if owner := d.ownerOf(ctx, origin); owner != "" {
		return warn(check, "Look at that site: pushkit doctor --site "+owner+" "+origin+".", "%s is the site %s's.", origin, owner)
	}
	if len(allowed) == 0 {
		return warn(check, "Give --allowed-origins as pushkit serve has them.", "Nothing tells whether pages of %s may use the server.", origin)
	}
	return fail(check, "Add it to "+d.originsSetting()+".", "Pages of %s may not use the server.", origin)
}

// ownerOf is the site that has an origin, where the database knows one.
func (d *doctor) ownerOf(ctx context.Context, origin string) string {
	if d.store == nil {
		return ""
	}
	sites, err := d.store.ListSites(ctx)
	if err != nil {
		return ""
	}
	for _, site := range sites {
		if slices.Contains(site.Origins, origin) {
			return site.Name
		}
	}
	return ""
}
