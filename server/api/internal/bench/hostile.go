package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/wire"
)

const (
	slowConnections  = 200
	floodConnections = 50
	// healthyEvery is how often a healthy visitor comes.
	healthyEvery = 5 * time.Millisecond
)

// hostile measures what visitors feel of an attack from another address: connections
// that send a byte now and then, and a flood of requests that are wrong in every way.
func (b *bench) hostile(ctx context.Context) error {
	if err := b.node.Stop(); err != nil {
		return err
	}
	if err := b.start(ctx, true, rig.ServerCore); err != nil {
		return err
	}
	quiet, _, err := b.visitors(ctx)
	if err != nil {
		return err
	}
	attack, end := context.WithCancel(ctx)
	defer end()
	slow, err := b.crawl(attack)
	if err != nil {
		return err
	}
	flood := make(chan error, 1)
	var flooded result
	go func() {
		var err error
		flooded, err = b.flood(ctx)
		flood <- err
	}()
	busy, failed, err := b.visitors(ctx)
	if err != nil {
		return err
	}
	if err := <-flood; err != nil {
		return err
	}
	end()
	slow.Wait()
	before, after := rig.Percentile(quiet, 99), rig.Percentile(busy, 99)
	ratio := float64(after) / float64(before)
	b.Add(ratio <= 2, fmt.Sprintf("visitors' p99 beside %d slow connections and a flood", slowConnections), "≤ 2 × without",
		"%.1f × (%.1f ms; without %.1f; %.0f wrong requests a second)", ratio, rig.Milliseconds(after), rig.Milliseconds(before), flooded.perSecond())
	peak := b.node.PeakMemory()
	b.Add(rig.MiB(peak) <= 200, "memory meanwhile", "≤ 200 MB", "%.1f MiB at most since the start", rig.MiB(peak))
	b.Add(failed == 0 && flooded.Failed == 0, "answers of 5xx", "0", "%d to visitors, %d to the flood", failed, flooded.Failed)
	return nil
}

// visitors come at their times, whatever became of those before, and read the
// configuration or tell of their subscription.
func (b *bench) visitors(ctx context.Context) (took []time.Duration, failed int, err error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DialContext: fromSomewhere()}, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	body := strings.Replace(string(b.service.Subscription(0).JSON()), "NUMBER", "0", 1)
	var mu sync.Mutex
	var all sync.WaitGroup
	ticks := time.NewTicker(healthyEvery)
	defer ticks.Stop()
	for end, i := time.Now().Add(b.each), 0; time.Now().Before(end); i++ {
		select {
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		case <-ticks.C:
		}
		all.Go(func() {
			began := time.Now()
			method, path, text := "GET", wire.PathConfig, ""
			if i%2 == 1 {
				method, path, text = "POST", wire.PathSubscriptions, body
			}
			status, e := call(ctx, client, method, b.node.URL()+path, text)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(began))
			if e != nil {
				err = e
			} else if status >= 300 {
				failed++
			}
		})
	}
	all.Wait()
	return took, failed, err
}

// fromSomewhere makes each connection from an address of its own.
func fromSomewhere() func(ctx context.Context, network, address string) (net.Conn, error) {
	var n atomic.Uint32
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		i := n.Add(1)
		from := &net.TCPAddr{IP: net.IPv4(127, 1, byte(i>>8), byte(i))}
		return (&net.Dialer{LocalAddr: from}).DialContext(ctx, network, address)
	}
}

func call(ctx context.Context, client *http.Client, method, url, body string) (status int, err error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

// crawl opens connections that send a byte each second, half of them of a header and
// half of a body, until the context ends. The server may end them before.
func (b *bench) crawl(ctx context.Context) (*sync.WaitGroup, error) {
	all := new(sync.WaitGroup)
	address := strings.TrimPrefix(b.node.URL(), "http://")
	for i := range slowConnections {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return nil, err
		}
		begin := "POST /v1/subscriptions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n"
		if i%2 == 0 {
			begin += "\r\n"
		} else {
			begin += "X-Slow: "
		}
		all.Go(func() {
			defer c.Close()
			for text := begin; ; text = "x" {
				if _, err := c.Write([]byte(text)); err != nil {
					return
				}
				select {
				case <-ctx.Done():
					return
				case <-time.After(time.Second):
				}
			}
		})
	}
	return all, nil
}

// flood sends what is wrong in each way that there is.
func (b *bench) flood(ctx context.Context) (result, error) {
	deep := strings.Repeat("[", 5000)
	lines := []string{
		"POST /v1/subscriptions {",
		"POST /v1/subscriptions " + deep,
		`POST /v1/subscriptions {"endpoint": "http://169.254.169.254/", "keys": {"p256dh": "x", "auth": "y"}}`,
		`POST /v1/events [{"token": "` + strings.Repeat("A", 300) + `", "type": "clicked", "at": 1}]`,
		"POST /v1/events " + strings.Repeat("x", 60_000),
		"POST /v1/messages {}",
		"GET /v1/messages/%2e%2e%2f%2e%2e x",
		"DELETE /v1/config x",
		"GET /nothing/here x",
		"PUT /v1/subscriptions x",
		`POST /v1/subscriptions/check {"endpoint": 7}`,
	}
	path := b.path("flood.txt")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return result{}, err
	}
	return b.run(ctx, load{method: "GET", path: "/", kind: "requests", arguments: []string{path}, connections: floodConnections, duration: b.each})
}
