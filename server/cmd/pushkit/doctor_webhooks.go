package main

import (
	"context"
	"fmt"
	"net/url"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webhook"
)

// checkWebhooks looks how the webhooks do, and whether those who are to be told can be
// reached from here.
func (d *doctor) checkWebhooks(ctx context.Context) []finding {
	const check = "webhook"
	webhooks, err := d.store.ListWebhooks(ctx, d.site.ID)
	if err != nil {
		return []finding{fail(check, "Look at the database.", "The webhooks cannot be read: %v.", err)}
	}
	hosts, err := keptWebhookHosts(ctx, d.cmd, d.store)
	if err != nil {
		return []finding{fail(check, "Mend --webhook-hosts.", "%v.", err)}
	}
	sender := webhook.NewSender(hosts, nil)
	defer sender.Close()
	return together(webhooks, func(w push.Webhook) []finding { return []finding{d.checkWebhook(ctx, sender, &w)} })
}

func (d *doctor) checkWebhook(ctx context.Context, sender *webhook.Sender, w *push.Webhook) finding {
	const check = "webhook"
	// The path may hold a secret.
	name := w.ID.String()
	if u, err := url.Parse(w.URL); err == nil {
		name = fmt.Sprintf("%s (%s)", u.Host, w.ID)
	}
	failure := func() string {
		return fmt.Sprintf("the last failure, of %s, was: %s", push.FormatTime(w.FailedAt), w.Failure)
	}
	if !w.DisabledAt.IsZero() {
		return fail(check, fmt.Sprintf("Mend the receiver, then pushkit webhooks enable %s; pushkit webhooks failures %s has what it missed.", w.ID, w.ID),
			"%s is disabled since %s: %s.", name, push.FormatTime(w.DisabledAt), failure())
	}
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	if err := sender.Reach(ctx, w.URL); err != nil {
		return fail(check, "Look at the receiver and the way to it. One in your own network has to be named by --webhook-hosts.", "%s cannot be reached: %v.", name, err)
	}
	if !w.FailingSince.IsZero() {
		return warn(check, fmt.Sprintf("Mend the receiver, then try pushkit webhooks test %s: after 3 days the webhook is disabled.", w.ID),
			"%s answers, and fails since %s: %s.", name, push.FormatTime(w.FailingSince), failure())
	}
	return ok(check, "%s is reached.", name)
}
