package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	webpushgo "github.com/SherClockHolmes/webpush-go"

	"github.com/pushkit/pushkit/server/webpush"
)

const (
	caFile = "ca.pem"
	// payload is what a notification of a few sentences has, in bytes.
	payloadLength = 300
	subscriptions = 1000
	ttl           = 3600
)

// A work is what one process is asked to do, as JSON in its argument.
type work struct {
	Sender   string        `json:"sender"`
	Service  serviceInfo   `json:"service"`
	Folder   string        `json:"folder"`
	InFlight int           `json:"inFlight"`
	For      time.Duration `json:"for"`
	// Messages is how many to send instead of for how long.
	Messages int64 `json:"messages"`
}

// A measure is what it cost.
type measure struct {
	Messages int64   `json:"messages"`
	Failed   int64   `json:"failed"`
	Seconds  float64 `json:"seconds"`
	// CPU is the process's own time a message, in microseconds.
	CPU float64 `json:"cpu"`
	// Allocations and Bytes are a message's; 0 where they are not known.
	Allocations float64 `json:"allocations"`
	Bytes       float64 `json:"bytes"`
	// Memory is the process's resident set after each 50,000 messages, in KiB.
	Memory []int64 `json:"memory,omitempty"`
}

func token(i int) string {
	return fmt.Sprintf("%022d:APA91b%s", i, strings.Repeat(fmt.Sprintf("%07d", i), 18))
}

// do measures work in this process.
func do(w work) (measure, error) {
	switch w.Sender {
	case "pushkit", "pushkit net/http":
		services, err := webpush.ParseServices([]string{serviceName + "=https://" + w.Service.Address})
		if err != nil {
			return measure{}, err
		}
		roots, err := trusted(w.Folder)
		if err != nil {
			return measure{}, err
		}
		return withOurs(w, webpush.Options{Services: services, NetHTTP: w.Sender != "pushkit", TLS: &tls.Config{RootCAs: roots}})
	case "webpush-go":
		return measured(w, w.InFlight, webpushGo(w))
	}
	return measure{}, fmt.Errorf("no sender %q", w.Sender)
}

func trusted(folder string) (*x509.CertPool, error) {
	text, err := os.ReadFile(filepath.Join(folder, caFile))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return roots, nil
}

// A meter counts what a process spends from its start to its end.
type meter struct {
	began  time.Time
	cpu    time.Duration
	memory runtime.MemStats
}

func newMeter() *meter {
	m := new(meter)
	runtime.GC()
	runtime.ReadMemStats(&m.memory)
	m.cpu, m.began = cpuTime(), time.Now()
	return m
}

func (m *meter) measure(messages, failed int64) measure {
	seconds, cpu := time.Since(m.began), cpuTime()-m.cpu
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	n := float64(max(messages, 1))
	return measure{
		Messages: messages, Failed: failed, Seconds: seconds.Seconds(), CPU: float64(cpu.Nanoseconds()) / 1000 / n,
		Allocations: float64(memory.Mallocs-m.memory.Mallocs) / n, Bytes: float64(memory.TotalAlloc-m.memory.TotalAlloc) / n,
	}
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// resident is the process's resident set, in KiB.
func resident() (kib int64) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages int64
	fmt.Sscan(string(text), &size, &pages)
	return pages * int64(os.Getpagesize()) / 1024
}

// measured calls one from workers goroutines in a loop; it says whether the
// message was accepted.
func measured(w work, workers int, one func(i int) bool) (measure, error) {
	// The first ones connect.
	for i := range 20 {
		if !one(i) {
			return measure{}, fmt.Errorf("%s: a message was not accepted", w.Sender)
		}
	}
	var sent, failed atomic.Int64
	var all sync.WaitGroup
	m := newMeter()
	for range workers {
		all.Go(func() {
			for time.Since(m.began) < w.For {
				if i := sent.Add(1); !one(int(i)) {
					failed.Add(1)
				}
			}
		})
	}
	all.Wait()
	return m.measure(sent.Load(), failed.Load()), nil
}

// webpushGo is a plain use of webpush-go.
func webpushGo(w work) func(int) bool {
	private, public, err := webpushgo.GenerateVAPIDKeys()
	if err != nil {
		panic(err)
	}
	options := &webpushgo.Options{Subscriber: "push@example.com", VAPIDPublicKey: public, VAPIDPrivateKey: private, TTL: ttl}
	payload, list := make([]byte, payloadLength), make([]webpushgo.Subscription, subscriptions)
	_, port, _ := strings.Cut(w.Service.Address, ":")
	for i := range list {
		list[i].Endpoint = "https://localhost:" + port + "/fcm/send/" + token(i)
		list[i].Keys.P256dh, list[i].Keys.Auth = w.Service.P256dh, w.Service.Auth
	}
	return func(i int) bool {
		response, err := webpushgo.SendNotification(payload, &list[i%subscriptions], options)
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusCreated
	}
}

// withOurs sends with package webpush: one by one where one is in flight, else in
// batches while fewer than w.InFlight are under way.
func withOurs(w work, o webpush.Options) (measure, error) {
	o.Subject = "mailto:push@example.com"
	client := webpush.NewClient(o)
	defer client.Close()
	key, err := webpush.GenerateVAPIDKey()
	if err != nil {
		return measure{}, err
	}
	messages := make([]webpush.Message, subscriptions)
	payload := make([]byte, payloadLength)
	for i := range messages {
		var json webpush.SubscriptionJSON
		json.Endpoint, json.Keys.P256dh, json.Keys.Auth = "https://"+serviceName+"/fcm/send/"+token(i), w.Service.P256dh, w.Service.Auth
		s, err := webpush.ParseSubscription(json)
		if err != nil {
			return measure{}, err
		}
		messages[i] = webpush.Message{Subscription: s, Payload: payload, TTL: webpush.KeepFor(ttl * time.Second), Key: key}
	}
	if w.InFlight == 1 {
		return measured(w, 1, func(i int) bool {
			return client.Send(context.Background(), messages[i%subscriptions]).Outcome == webpush.Accepted
		})
	}
	return inBatches(w, client, messages)
}

const batch = 16

func inBatches(w work, client *webpush.Client, messages []webpush.Message) (measure, error) {
	if r := client.Send(context.Background(), messages[0]); r.Outcome != webpush.Accepted {
		return measure{}, fmt.Errorf("%s: %+v", w.Sender, r)
	}
	room := make(chan struct{}, w.InFlight)
	var sent, failed atomic.Int64
	done := func(_ int, r webpush.Result) {
		if r.Outcome != webpush.Accepted {
			failed.Add(1)
		}
		<-room
	}
	var memory []int64
	m := newMeter()
	for i := 0; (w.Messages == 0 && time.Since(m.began) < w.For) || sent.Load() < w.Messages; i += batch {
		for range batch {
			room <- struct{}{}
		}
		at := i % (subscriptions - batch)
		client.SendBatch(context.Background(), messages[at:at+batch], done)
		if n := sent.Add(batch); w.Messages > 0 && n/50_000 > (n-batch)/50_000 {
			memory = append(memory, resident())
		}
	}
	for range w.InFlight {
		room <- struct{}{}
	}
	result := m.measure(sent.Load(), failed.Load())
	result.Memory = memory
	return result, nil
}
