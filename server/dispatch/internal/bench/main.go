// Command bench measures a broadcast of the whole server: a pushkit serve of its
// own, with its database on disk, sends to a push service in this process that
// verifies what it gets. The server has one core for itself, and the push service
// and this program the other.
//
// Run it from the repository's root: make bench-dispatch.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite"
	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

func main() {
	b := &bench{arrivals: make(map[int]time.Time)}
	flag.IntVar(&b.subscribers, "subscribers", 1_000_000, "how many there are")
	flag.StringVar(&b.program, "program", "build/pushkit", "the pushkit that is measured")
	flag.DurationVar(&b.idle, "idle", 20*time.Second, "how long the idle server is watched")
	flag.Parse()
	if err := b.run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// The cores.
const (
	serverCore = "0"
	otherCore  = "1"
)

type bench struct {
	subscribers int
	program     string
	idle        time.Duration
	service     *pushtest.Service

	// personID is the server's id of the person's subscription.
	personID string

	mu sync.Mutex
	// arrivals has when the message to one person came, by subscription.
	arrivals map[int]time.Time
}

// person is the subscription of the one who gets messages of their own meanwhile:
// the last.
func (b *bench) person() int { return b.subscribers }

func (b *bench) run(ctx context.Context) (err error) {
	if runtime.NumCPU() > 1 {
		if err := exec.Command("taskset", "-a", "-c", "-p", otherCore, strconv.Itoa(os.Getpid())).Run(); err != nil {
			return fmt.Errorf("taskset: %w", err)
		}
	}
	folder, err := os.MkdirTemp("", "pushkit-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if b.service, err = pushtest.Start(pushtest.Options{DecryptEvery: 64, Handle: b.arrived}); err != nil {
		return err
	}
	defer b.service.Close()
	fmt.Printf("%d cores, %s; %d subscribers; the server has a core for itself\n\n", runtime.NumCPU(), runtime.Version(), b.subscribers)

	database := filepath.Join(folder, "data", "pushkit.db")
	if err := b.subscribe(ctx, database); err != nil {
		return err
	}
	certificate := filepath.Join(folder, "ca.pem")
	if err := b.service.WriteCertificate(certificate); err != nil {
		return err
	}
	empty, err := startServer(b, filepath.Join(folder, "empty"), certificate)
	if err != nil {
		return err
	}
	time.Sleep(2 * time.Second) // what a start costs
	emptyMemory := empty.memory()
	empty.stop()
	s, err := startServer(b, folder, certificate)
	if err != nil {
		return err
	}
	defer s.stop()
	time.Sleep(2 * time.Second)
	cpu := s.cpu()
	time.Sleep(b.idle)
	fmt.Printf("idle: %.2f %% of a core, %.1f MiB resident, %.1f MiB above an empty server\n",
		100*(s.cpu()-cpu).Seconds()/b.idle.Seconds(), mib(s.memory()), mib(s.memory()-emptyMemory))
	if err := b.broadcast(ctx, s); err != nil {
		return err
	}
	return b.service.Err()
}

// subscribe fills a fresh database, as an import does.
func (b *bench) subscribe(ctx context.Context, path string) error {
	store, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	site, err := store.Site(ctx, push.DefaultSite)
	if err != nil {
		return err
	}
	services, err := webpush.ParseServices([]string{b.service.Rule()})
	if err != nil {
		return err
	}
	began := time.Now()
	numbers := make(chan int)
	failed := make(chan error, 1)
	var all sync.WaitGroup
	for range 512 {
		all.Go(func() {
			for number := range numbers {
				if err := b.put(ctx, store, site.ID, services, number); err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			}
		})
	}
	for number := range b.subscribers + 1 {
		numbers <- number
	}
	close(numbers)
	all.Wait()
	select {
	case err := <-failed:
		return err
	default:
	}
	took := time.Since(began)
	if err := store.Close(); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	fmt.Printf("subscribed: %.1f s, %.0f a second, %.0f bytes each on disk\n",
		took.Seconds(), float64(b.subscribers)/took.Seconds(), float64(info.Size())/float64(b.subscribers))
	return nil
}

func (b *bench) put(ctx context.Context, store *sqlite.Store, site push.SiteID, services *webpush.Services, number int) error {
	given := b.service.Subscription(number)
	parsed, err := push.ParseSubscribe(wire.SubscribeRequest{Endpoint: given.Endpoint, Keys: wire.Keys{P256dh: given.P256dh, Auth: given.Auth}}, services)
	if err != nil {
		return err
	}
	sub, _, err := store.PutSubscription(ctx, site, parsed)
	if number == b.person() {
		b.personID = sub.ID.String()
	}
	return err
}

func (b *bench) arrived(p pushtest.Push) {
	if p.Subscription == b.person() {
		now := time.Now()
		b.mu.Lock()
		defer b.mu.Unlock()
		if p.Topic != "" {
			b.arrivals[p.TTL] = now
		}
	}
}

// broadcast sends to everybody, and to one person every 200 ms meanwhile.
func (b *bench) broadcast(ctx context.Context, s *server) error {
	cpu, began := s.cpu(), time.Now()
	id, err := s.post(`{"audience": {"all": true}, "notification": {"title": "To everybody", "body": "` + strings.Repeat("x", 120) + `"}, "ttl": 86400}`)
	if err != nil {
		return err
	}
	accepted := time.Since(began)
	posted := map[int]time.Time{}
	var answered []time.Duration
	peak := s.memory()
	// Messages to the person are told apart by their TTL.
	for ttl := 1000; ; ttl += 10 {
		at := time.Now()
		if _, err := s.post(fmt.Sprintf(`{"audience": {"subscriptions": [%q]}, "notification": {"title": "To you"}, "ttl": %d, "topic": "you"}`, b.personID, ttl)); err != nil {
			return err
		}
		posted[ttl] = at
		answered = append(answered, time.Since(at))
		peak = max(peak, s.memory())
		state, counts, err := s.message(id)
		if err != nil {
			return err
		}
		if state == wire.MessageSent {
			took := time.Since(began)
			used := s.cpu() - cpu
			fmt.Printf("broadcast: accepted in %.1f ms; %d accepted by the push service, %d others; %.1f s, %.0f a second\n",
				ms(accepted), counts.Accepted, counts.Targeted-counts.Accepted, took.Seconds(), float64(counts.Targeted)/took.Seconds())
			fmt.Printf("server: %.1f µs of CPU a message, %.1f MiB resident at most\n",
				float64(used.Microseconds())/float64(counts.Targeted), mib(peak))
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	time.Sleep(time.Second)
	b.mu.Lock()
	defer b.mu.Unlock()
	var took []time.Duration
	for ttl, at := range posted {
		// The TTL that arrives is what remains of it.
		for arrived := ttl; arrived > ttl-10; arrived-- {
			if came, ok := b.arrivals[arrived]; ok {
				took = append(took, came.Sub(at))
				break
			}
		}
	}
	if len(took) < len(posted) {
		return fmt.Errorf("%d of %d messages to one person have not arrived", len(posted)-len(took), len(posted))
	}
	fmt.Printf("one person meanwhile, from POST to arrival: %s; from POST to its answer: %s (%d messages)\n",
		percentiles(took), percentiles(answered), len(took))
	return nil
}

func percentiles(of []time.Duration) string {
	slices.Sort(of)
	return fmt.Sprintf("p50 %.1f ms, p99 %.1f ms", ms(of[len(of)/2]), ms(of[len(of)*99/100]))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }
