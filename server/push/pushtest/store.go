package pushtest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// Databases are where the suite keeps its stores.
type Databases struct {
	// Create returns the name of an empty database of the test's own: what Open
	// understands, such as a file's path or a URL.
	Create func(t *testing.T) (database string)
	// Open opens the store of a database. It may be called again for the same
	// database while the store of before is still open, as another node does, or
	// after a crash. The store is closed when the test ends.
	Open func(t *testing.T, database string, now func() time.Time) push.Store
}

// RunStore runs the suite that every store must pass.
func RunStore(t *testing.T, databases Databases) {
	for name, test := range map[string]func(*testing.T, *store){
		"site":                             testSite,
		"sites":                            testSites,
		"an origin is one site's":          testOrigins,
		"a site's rows are its own":        testIsolation,
		"a fresh store has its keys":       testKeys,
		"a site is given other VAPID keys": testOtherKeys,
		"API keys":                         testAPIKeys,
		"a key that is revoked":            testRevokedAPIKey,
		"put, refresh":                     testPut,
		"taken":                            testTaken,
		"replace":                          testReplace,
		"replace what has ended":           testReplaceEnded,
		"replace by a known one":           testReplaceByKnown,
		"ends":                             testEnds,
		"channels":                         testChannels,
		"losses":                           testLosses,
		"what has ended is swept":          testSweepEnded,
		"retire":                           testRetire,
		"a user":                           testUser,
		"a user's attributes":              testAttributes,
		"tags to close":                    testClosings,
		"tags to close, on retries":        testClosingsOfRetries,
		"tags to close are bounded":        testClosingsAreBounded,
		"tags to close, replaced":          testClosingsAreCarriedOn,
		"a user is forgotten":              testForgetUser,
		"a subscription is removed":        testEndSubscription,
		"subscriptions, page by page":      testSubscriptionPages,
		"concurrent writers":               testConcurrentWriters,
		"import":                           testImport,
		"bad imports":                      testBadImports,
		"a caller who gives up":            testCancelled,
		"small audiences":                  testSmallAudience,
		"idempotency":                      testIdempotency,
		"deliveries' reasons":              testDeliveries,
		"deliveries' reasons are bounded":  testReasonsAreBounded,
		"audiences are counted":            testCountAudience,
		"idempotency, for a time":          testOldIdempotency,
		"messages, page by page":           testMessagePages,
		"what messages are":                testMessageWords,
		"everybody, over many batches":     testLargeAudience,
		"channels' audiences":              testChannelAudience,
		"all of and none of channels":      testChosenChannels,
		"a few among many":                 testFewAmongMany,
		"local times of chosen channels":   testLocalChosenChannels,
		"people who leave":                 testLeaving,
		"retries":                          testRetries,
		"every outcome counts once":        testCounts,
		"a retry that is told twice":       testToldTwice,
		"events count once":                testEvents,
		"a crash loses nothing":            testCrash,
		"a dead node's leases":             testDeadNode,
		"a lease that was lost":            testFence,
		"a batch that is handed back":      testRelease,
		"failing":                          testFailing,
		"failing by another key":           testKeyMismatch,
		"failing, as another node tells":   testFailingFenced,
		"a clock that is set back":         testClockSetBack,
		"a clock that is set ahead":        testClockSetAhead,
		"push services that are closed":    testExcept,
		"small messages overtake":          testSmall,
		"scheduled":                        testScheduled,
		"a site's hours":                   testHours,
		"local times":                      testLocal,
		"local times of channels":          testLocalChannels,
		"quiet hours":                      testQuietHours,
		"spread":                           testSpread,
		"spread into quiet hours":          testSpreadQuietHours,
		"cancel what is scheduled":         testCancelScheduled,
		"cancel what nobody has begun":     testCancelBefore,
		"cancel in the middle":             testCancelInTheMiddle,
		"cancel what another node sends":   testCancelElsewhere,
		"cancel what ended":                testCancelAfter,
		"scheduled before anybody is here": testScheduledForNewServices,
		"webhooks":                         testWebhooks,
		"webhooks, of sent messages":       testWebhookOfSentMessages,
		"webhooks, of subscriptions":       testWebhookOfSubscriptions,
		"webhooks, of clicks":              testWebhookOfClicks,
		"webhooks' leases":                 testWebhookLeases,
		"webhooks' retries":                testWebhookRetries,
		"a webhook that is disabled":       testWebhookDisabled,
		"webhooks' old events":             testWebhookSweep,
		"webhooks' events, given up":       testWebhookGivesUp,
		"webhooks of another node":         testWebhookOfAnotherNode,
		"webhooks, a clock set back":       testWebhookClockSetBack,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &store{open: databases.Open, database: databases.Create(t), clock: NewClock(), services: Services(t)}
			s.reopen(t)
			test(t, s)
		})
	}
}

// store is one under test.
type store struct {
	push.Store
	open     func(*testing.T, string, func() time.Time) push.Store
	database string
	clock    *Clock
	services *webpush.Services
	site     push.Site
	// other is the id of a site that is not there.
	other push.SiteID
}

// reopen opens the database once more, as after a crash.
func (s *store) reopen(t *testing.T) {
	t.Helper()
	s.Store = s.open(t, s.database, s.clock.Now)
	var err error
	if s.site, err = s.Site(t.Context(), push.DefaultSite); err != nil {
		t.Fatal(err)
	}
	s.other = s.site.ID + 1
}

func (s *store) put(t *testing.T, endpoint, members string) push.Subscription {
	t.Helper()
	sub, _, err := s.PutSubscription(t.Context(), s.site.ID, Subscribe(t, s.services, endpoint, members))
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// putMany adds n subscriptions at once and returns their ids.
func (s *store) putMany(t *testing.T, n int, endpoint, members string) []push.ID {
	t.Helper()
	ids := make([]push.ID, n)
	failed := make(chan error, n)
	for i := range n {
		r := Subscribe(t, s.services, fmt.Sprintf("%s%d", endpoint, i), members)
		go func() {
			sub, _, err := s.PutSubscription(t.Context(), s.site.ID, r)
			ids[i] = sub.ID
			failed <- err
		}()
	}
	for range n {
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

// importMany adds n subscriptions as putMany does, in one statement: for large audiences.
func (s *store) importMany(t *testing.T, n int, endpoint, members string) []push.ID {
	t.Helper()
	ids, items := make([]push.ID, n), make([]*push.Import, n)
	for i := range items {
		ids[i] = push.NewID()
		items[i] = &push.Import{Subscribe: *Subscribe(t, s.services, fmt.Sprintf("%s%d", endpoint, i), members), ID: ids[i]}
	}
	if _, err := s.ImportSubscriptions(t.Context(), s.site.ID, items); err != nil {
		t.Fatal(err)
	}
	return ids
}

func (s *store) create(t *testing.T, body string, o push.CreateOptions) (push.MessageStatus, []push.Batch) {
	t.Helper()
	status, batches, err := s.CreateMessage(t.Context(), s.site.ID, Message(t, s.clock.Now(), body), o)
	if err != nil {
		t.Fatal(err)
	}
	return s.status(t, status.ID), batches
}

// status reads a message and checks what always holds.
func (s *store) status(t *testing.T, id push.ID) push.MessageStatus {
	t.Helper()
	status, err := s.MessageStatus(t.Context(), s.site.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	c := status.Counts
	if c.Targeted != c.Accepted+c.Gone+c.Failed+c.Expired+c.Cancelled+c.Pending {
		t.Errorf("the counts do not add up: %+v", c)
	}
	if done := status.TargetedFinal && c.Pending == 0; (status.State == wire.MessageSent) != (done && status.State != wire.MessageCancelled) {
		t.Errorf("the state is %s with %+v, final: %v", status.State, c, status.TargetedFinal)
	}
	return status
}

// expand reads all audiences that are due.
func (s *store) expand(t *testing.T) (steps int) {
	t.Helper()
	for {
		done, err := s.Expand(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if done {
			return steps
		}
		steps++
	}
}

// claim leases everything that is due, first attempts and others.
func (s *store) claim(t *testing.T) (deliveries []push.Delivery) {
	t.Helper()
	s.expand(t)
	for {
		batches, err := s.ClaimBatches(t.Context(), 3, nil)
		if err != nil {
			t.Fatal(err)
		}
		retries, err := s.ClaimRetries(t.Context(), 100, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(batches) == 0 && len(retries) == 0 {
			return deliveries
		}
		for _, batch := range batches {
			if len(batch.Deliveries) > push.BatchSize {
				t.Errorf("a batch has %d deliveries", len(batch.Deliveries))
			}
			deliveries = append(deliveries, batch.Deliveries...)
		}
		deliveries = append(deliveries, retries...)
	}
}

func (s *store) record(t *testing.T, results ...push.DeliveryResult) {
	t.Helper()
	if fenced, err := s.Record(t.Context(), results); err != nil || fenced > 0 {
		t.Fatalf("%d are another node's, %v", fenced, err)
	}
}

// finish records one outcome for all.
func (s *store) finish(t *testing.T, deliveries []push.Delivery, outcome push.Outcome) {
	t.Helper()
	var results []push.DeliveryResult
	for _, d := range deliveries {
		results = append(results, push.DeliveryResult{Delivery: d, Outcome: outcome})
	}
	s.record(t, results...)
}

func subscribers(deliveries []push.Delivery) (ids []push.ID) {
	for _, d := range deliveries {
		ids = append(ids, d.SubscriberID)
	}
	return ids
}

// sameIDs compares without regard to order; an id that is there twice counts
// twice.
func sameIDs(a, b []push.ID) bool {
	order := func(a, b push.ID) int { return slices.Compare(a[:], b[:]) }
	return slices.Equal(slices.SortedFunc(slices.Values(a), order), slices.SortedFunc(slices.Values(b), order))
}

func wantCode(t *testing.T, err error, code wire.Code) {
	t.Helper()
	if err == nil || push.CodeOf(err) != code {
		t.Errorf("got %v, want the code %s", err, code)
	}
}

func testSite(t *testing.T, s *store) {
	if s.site.Name != push.DefaultSite || s.site.Tokens == (push.TokenKey{}) || len(s.site.Origins) != 0 {
		t.Errorf("got %+v", s.site)
	}
	_, err := s.Site(t.Context(), "another")
	wantCode(t, err, push.SiteUnknown)
	for _, origins := range [][]string{{"https://b.example", "https://a.example", "https://c.example"}, {"https://a.example"}} {
		if err := s.SetOrigins(t.Context(), s.site.ID, origins); err != nil {
			t.Fatal(err)
		}
		tokens := s.site.Tokens
		s.reopen(t)
		if !slices.Equal(s.site.Origins, origins) || s.site.Tokens != tokens {
			t.Errorf("after reopening: %+v, want %v in this order", s.site, origins)
		}
	}
}

func testKeys(t *testing.T, s *store) {
	keys, err := s.VAPIDKeys(t.Context(), s.site.ID)
	if err != nil || len(keys) != 1 || !keys[0].Current || webpush.CheckApplicationServerKey(keys[0].Public()) != nil {
		t.Fatalf("got %+v, %v", keys, err)
	}
	s.reopen(t)
	if again, err := s.VAPIDKeys(t.Context(), s.site.ID); err != nil || len(again) != 1 || again[0].Public() != keys[0].Public() {
		t.Errorf("after reopening: %+v, %v", again, err)
	}
}

func testCancelled(t *testing.T, s *store) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for i := range 20 {
		// Others' writes share the commit with those that are given up.
		kept := make(chan error, 1)
		r := Subscribe(t, s.services, fmt.Sprintf("https://fcm.googleapis.com/kept%d", i), "")
		go func() {
			_, _, err := s.PutSubscription(t.Context(), s.site.ID, r)
			kept <- err
		}()
		endpoint := fmt.Sprintf("https://fcm.googleapis.com/given-up%d", i)
		_, _, err := s.PutSubscription(gone, s.site.ID, Subscribe(t, s.services, endpoint, ""))
		if err := <-kept; err != nil {
			t.Fatal("another caller's write failed:", err)
		}
		if _, lookup := s.SubscriptionByEndpoint(t.Context(), s.site.ID, endpoint); (err == nil) != (lookup == nil) {
			t.Errorf("the write ended with %v, the look-up with %v", err, lookup)
		}
		if _, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, fmt.Sprintf("https://fcm.googleapis.com/kept%d", i)); err != nil {
			t.Error(err)
		}
	}
}

func testConcurrentWriters(t *testing.T, s *store) {
	// Half of the writers fail within the commits that the others share.
	s.put(t, "https://fcm.googleapis.com/taken", "")
	errs := make(chan error)
	const n = 100
	for i := range n {
		go func() {
			_, _, err := s.PutSubscription(t.Context(), s.site.ID, Subscribe(t, s.services, fmt.Sprintf("https://fcm.googleapis.com/%d", i), `"channels": ["news"]`))
			errs <- err
		}()
		go func() {
			_, _, err := s.PutSubscription(t.Context(), s.site.ID, Subscribe(t, s.services, "https://fcm.googleapis.com/taken", `"keys": {"auth": "AAAAAAAAAAAAAAAAAAAAAA"}`))
			if push.CodeOf(err) != wire.EndpointTaken {
				errs <- fmt.Errorf("got %v, want endpoint-taken", err)
				return
			}
			errs <- nil
		}()
	}
	for range 2 * n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	s.reopen(t)
	page, next, err := s.ListSubscriptions(t.Context(), s.site.ID, "", 1000)
	if err != nil || next != "" || len(page) != n+1 {
		t.Errorf("%d subscriptions are there, %v; want %d", len(page), err, n+1)
	}
}
