// Breaks shows that each repair of package client has a test: it breaks one after
// the other, by one edit that is laid over the source, and runs the package's
// tests, of which the named one must fail.
//
//	go run ./wasm/client/internal/breaks [part of a repair's name]
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const folder = "wasm/client"

// breaks are edits that take a repair away.
var breaks = []struct {
	repair   string
	file     string
	old, new string
	// test fails by it, a subtest where only one does.
	test string
}{
	{"Lost", "subscribe.go", "			return Lost, nil\n", "			return Subscribing, nil\n",
		"TestSyncRepairs/the_browser's_subscription_was_lost"},
	{"Moved", "subscribe.go", "		return Moved, nil\n", "		return Syncing, nil\n",
		"TestSyncRepairs/the_worker_subscribed,_the_POST_fell"},
	{"KeyChanged", "subscribe.go", "formatKey(key) != c.key", "false",
		"TestSyncRepairs/the_key_was_rotated"},
	{"KeyRefused", "subscribe.go", "return KeyRefused, subscribeError(err)", "return 0, subscribeError(err)",
		"TestSubscribeEndsSubscribed/with_a_subscription_of_a_key_that_the_browser_does_not_tell"},
	{"EndpointRemoved, handed out", "subscribe.go", "	if isPermanentlyRemoved(subscription) {", "	if false {",
		"TestSubscribeEndsSubscribed/with_endpoints_of_the_removed_host_first"},
	{"EndpointRemoved, present", "subscribe.go", "	case isPermanentlyRemoved(c.subscription):", "	case false:",
		"TestSubscribeEndsSubscribed/with_a_present_endpoint_of_the_removed_host"},
	{"EndpointRemoved, for ever", "subscribe.go", "c.attempts >= wire.SubscribeAttempts", "false",
		"TestSubscribeFailsWithCode/removed_host_for_ever"},
	{"EndpointRemoved, after another repair", "subscribe.go", "cmp.Or(c.replaces, c.record.Endpoint)\n", "c.record.Endpoint\n",
		"TestRepairsUponRepairsFollowTheFirst/gone,_then_of_the_removed_host"},
	{"KeyRefused, after another repair", "subscribe.go", "cmp.Or(c.replaces, c.record.Endpoint, c.sub", "cmp.Or(c.record.Endpoint, c.sub",
		"TestRepairsUponRepairsFollowTheFirst/gone,_then_of_another_tab's_key"},
	{"EndpointGone", "subscribe.go", "return EndpointGone, err", "return 0, err",
		"TestSyncRepairs/the_endpoint_died"},
	{"EndpointGone, made once", "machine.go", "&^c.repaired", "",
		"TestEveryTransition"},
	{"Unrecorded", "subscribe.go", "return Unrecorded, nil", "return Unsubscribed, nil",
		"TestSyncRepairs/the_site_cleared_its_storage"},
	{"Unrecorded, another's", "subscribe.go", "formatKey(key) == c.key", "len(key) > 0",
		"TestSyncLeavesAnothersSubscriptionAlone/another_key"},
	{"Unrecorded, judged once", "subscribe.go", "return Unsubscribed, c.update(ctx, func(record *wire.Record) { record.Server = c.options.Server })", "return Unsubscribed, nil",
		"TestSyncLeavesAnothersSubscriptionAlone/another_key"},
	{"Unrecorded, a worker that is slow", "subscribe.go", "at the next visit.\n			return Unsubscribed, nil\n", "\n",
		"TestSyncAsksASlowWorkerAgain"},
	{"a server that lost its database", "subscribe.go", "		channels = &c.record.Channels\n", "		channels = nil\n",
		"TestSubscribeEndsSubscribed/with_the_channels_that_the_record_holds"},
	{"a permission that was revoked", "subscribe.go", "if !record.Wanted || permission != notification.Granted {", "if !record.Wanted {",
		"TestSyncLeavesOthersAlone/permission_denied"},
	{"a subscribe() that never settles", "subscribe.go", "within(ctx, wire.SubscribeTimeout)\n	defer cancel()\n	subscription, err := c.manager.Subscribe", "within(ctx, wire.LockTimeout)\n	defer cancel()\n	subscription, err := c.manager.Subscribe",
		"TestSubscribeFailsWithCode/push_service_silent"},
	{"a getSubscription() that never settles", "subscribe.go", "errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil", "false",
		"TestSubscribeAsksAgainForTheSubscription"},
	{"a worker that is not active yet", "worker.go", "err := registration.AwaitActive(ctx); err != nil", "err := error(nil); err != nil",
		"TestSubscribeWaitsForTheWorker"},
	{"a page that is closed in the middle", "subscribe.go", "record.Pending = !record.Wanted || record.Pending || record.Server != c.options.Server", "record.Pending = false",
		"TestSubscribeFailsWithCode/server_away"},
	{"a page that is closed in the middle, once more", "subscribe.go", "record.Pending = !record.Wanted || ", "record.Pending = ",
		"TestSubscribeAgainIsPendingUntilTheServerHears"},
	{"offline while subscribing", "subscribe.go", "			record.WantedChannels = c.options.Channels\n", "",
		"TestSyncFinishesSubscribe"},
	{"offline while unsubscribing", "unsubscribe.go", "Removing: removing}\n", "}\n",
		"TestUnsubscribeWhileServerIsAway"},
	{"a person who came back before the server had heard", "unsubscribe.go", "	case c.record.Removing != \"\":\n", "	case c.record.Removing != \"\" && !c.record.Wanted:\n",
		"TestSubscribeAfterUnfinishedUnsubscribe"},
	{"a browser that does not end what is forgotten", "unsubscribe.go", "c.forgets && inBrowser != nil", "false",
		"TestForgetIsNotUndoneByTheNextPage/the_browser_fails_to_unsubscribe"},
	{"a subscription that is left when all is forgotten", "unsubscribe.go", "	if c.subscription != nil {\n		return Unsubscribed, nil\n	}\n", "",
		"TestForgetIsNotUndoneByTheNextPage/the_browser_has_another_one,_of_a_worker_that_does_not_answer_in_time"},
	{"a subscription of which nothing is stored when all is forgotten", "unsubscribe.go", "record == nil && c.subscription == nil", "record == nil && !ours",
		"TestForgetIsNotUndoneByTheNextPage/nothing_is_stored,_and_the_worker_does_not_answer_in_time"},
	{"several calls and tabs", "client.go", "err = c.browser.Request(waiting, \"pushkit:\"+c.options.Scope, func(dom.Context) error {", "err = (func(_ dom.Context, _ string, do func(dom.Context) error) error { return do(ctx) })(waiting, \"\", func(dom.Context) error {",
		"TestUnsubscribeComesAfterTheSubscribeUnderWay"},
	{"another tab that never ends", "client.go", "within(ctx, wire.LockTimeout)", "within(ctx, 100*wire.LockTimeout)",
		"TestAnotherTabCannotBlockForEver"},
}

func main() {
	wanted := strings.Join(os.Args[1:], " ")
	kept := 0
	for _, b := range breaks {
		if !strings.Contains(b.repair, wanted) {
			continue
		}
		failed, output, err := run(b.file, b.old, b.new, b.test)
		switch {
		case err != nil:
			fmt.Printf("?      %s: %v\n", b.repair, err)
			kept++
		case !failed:
			fmt.Printf("PASSES %s: %s\n%s", b.repair, b.test, output)
			kept++
		default:
			fmt.Printf("fails  %s: %s\n", b.repair, b.test)
		}
	}
	if kept > 0 {
		fmt.Println(kept, "repairs can be taken away without their test failing")
		os.Exit(1)
	}
}

// run reports whether a test fails by an edit.
func run(file, old, new, test string) (failed bool, output string, err error) {
	path, err := filepath.Abs(filepath.Join(folder, file))
	if err != nil {
		return false, "", err
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return false, "", err
	}
	if n := strings.Count(string(source), old); n != 1 {
		return false, "", fmt.Errorf("%s has %d times %q", file, n, old)
	}
	scratch, err := os.MkdirTemp("", "breaks")
	if err != nil {
		return false, "", err
	}
	defer os.RemoveAll(scratch)
	broken, overlay := filepath.Join(scratch, file), filepath.Join(scratch, "overlay.json")
	laid, err := json.Marshal(map[string]any{"Replace": map[string]string{path: broken}})
	if err != nil {
		return false, "", err
	}
	if err := os.WriteFile(broken, []byte(strings.Replace(string(source), old, new, 1)), 0o600); err != nil {
		return false, "", err
	}
	if err := os.WriteFile(overlay, laid, 0o600); err != nil {
		return false, "", err
	}
	text, err := exec.Command("go", "test", "-vet=off", "-timeout=60s", "-overlay", overlay, "-run", pattern(test), "./"+folder).CombinedOutput()
	output = string(text)
	if strings.Contains(output, "[build failed]") {
		return false, "", fmt.Errorf("does not build: %s", output)
	}
	return err != nil && strings.Contains(output, "--- FAIL: "+test), output, nil
}

// pattern matches exactly the test that is named.
func pattern(test string) string {
	return "^" + strings.ReplaceAll(test, "/", "$/^") + "$"
}
