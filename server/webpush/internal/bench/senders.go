package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
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
	"github.com/pushkit/pushkit/server/webpush/pushtest"
)

const (
	// payloadLength is what a notification of a few sentences has, in bytes.
	payloadLength = 300
	ttl           = 3600
)

// A work is what one process is asked to do, as JSON in its argument.
type work struct {
	Sender string `json:"sender"`
	// Address is the service's, Folder where it has put certificate and
	// subscriptions.
	Address  string        `json:"address"`
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

// subscriptionsOf reads those of the service.
func subscriptionsOf(w work) (list []webpush.SubscriptionJSON, err error) {
	text, err := os.ReadFile(filepath.Join(w.Folder, subscriptionsFile))
	if err != nil {
		return nil, err
	}
	var given []pushtest.Subscription
	if err := json.Unmarshal(text, &given); err != nil {
		return nil, err
	}
	list = make([]webpush.SubscriptionJSON, len(given))
	for i, s := range given {
		list[i].Endpoint, list[i].Keys.P256dh, list[i].Keys.Auth = s.Endpoint, s.P256dh, s.Auth
	}
	return list, nil
}

// do measures work in this process.
func do(w work) (measure, error) {
	switch w.Sender {
	case "pushkit", "pushkit net/http":
		services, err := webpush.ParseServices([]string{pushtest.DefaultName + "=https://" + w.Address})
		if err != nil {
			return measure{}, err
		}
		roots, err := trusted(w.Folder)
		if err != nil {
			return measure{}, err
		}
		return withOurs(w, webpush.Options{Services: services, NetHTTP: w.Sender != "pushkit", TLS: &tls.Config{RootCAs: roots}})
	case "webpush-go":
		one, err := webpushGo(w)
		if err != nil {
			return measure{}, err
		}
		return measured(w, w.InFlight, one)
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

// webpushGo is a plain use of webpush-go, with its defaults. It calls the service
// by the name that needs no route.
func webpushGo(w work) (func(int) bool, error) {
	private, public, err := webpushgo.GenerateVAPIDKeys()
	if err != nil {
		return nil, err
	}
	list, err := subscriptionsOf(w)
	if err != nil {
		return nil, err
	}
	_, port, _ := strings.Cut(w.Address, ":")
	for i := range list {
		list[i].Endpoint = strings.Replace(list[i].Endpoint, pushtest.DefaultName, "localhost:"+port, 1)
	}
	options := &webpushgo.Options{Subscriber: "push@example.com", VAPIDPublicKey: public, VAPIDPrivateKey: private, TTL: ttl}
	payload := make([]byte, payloadLength)
	return func(i int) bool {
		response, err := webpushgo.SendNotification(payload, &list[i%len(list)], options)
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusCreated
	}, nil
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
	list, err := subscriptionsOf(w)
	if err != nil {
		return measure{}, err
	}
	messages := make([]webpush.Message, len(list))
	payload := make([]byte, payloadLength)
	for i, json := range list {
		s, err := webpush.ParseSubscription(json)
		if err != nil {
			return measure{}, err
		}
		messages[i] = webpush.Message{Subscription: s, Payload: payload, TTL: webpush.KeepFor(ttl * time.Second), Key: key}
	}
	if w.InFlight == 1 {
		return measured(w, 1, func(i int) bool {
			return client.Send(context.Background(), messages[i%len(messages)]).Outcome == webpush.Accepted
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
		at := i % (len(messages) - batch)
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
