package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

// sendArgument has this program send alone, as the second one tells.
const sendArgument = "send-alone"

// filler is the broadcast's text.
var filler = strings.Repeat("x", 120)

// An errand is what a sender alone is told, as JSON.
type errand struct {
	Rule         string `json:"rule"`
	Certificates string `json:"certificates"`
	// Subscriptions is a file of them.
	Subscriptions string `json:"subscriptions"`
	Messages      int    `json:"messages"`
}

// given is how many subscriptions a sender alone has; it repeats them.
const given = 256 * webpush.MaxBatch

// senderAlone has package webpush send as many messages as the broadcast, to the
// same push service and on the server's core, from a process that does nothing
// else. It returns the microseconds of CPU a message.
func (b *bench) senderAlone(ctx context.Context, s stage) (cpu float64, err error) {
	subscriptions := make([]pushtest.Subscription, given)
	for i := range subscriptions {
		subscriptions[i] = s.service.Subscription(i)
	}
	text, err := json.Marshal(subscriptions)
	if err != nil {
		return 0, err
	}
	path, err := writeFile(b.folder, "subscriptions.json", text)
	if err != nil {
		return 0, err
	}
	if text, err = json.Marshal(errand{s.service.Rule(), s.certificates, path, b.subscribers}); err != nil {
		return 0, err
	}
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	args := rig.Pinned(rig.ServerCore, []string{program, sendArgument, string(text)})
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(string(out), &cpu)
	return cpu, err
}

// sendAlone is the other process's part: it prints the microseconds.
func sendAlone(text string) error {
	var e errand
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return err
	}
	messages, err := e.messages()
	if err != nil {
		return err
	}
	services, err := webpush.ParseServices([]string{e.Rule})
	if err != nil {
		return err
	}
	certificates, err := os.ReadFile(e.Certificates)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificates)
	client := webpush.NewClient(webpush.Options{Services: services, Subject: "https://example.com", TLS: &tls.Config{RootCAs: roots}})
	defer client.Close()
	ctx := context.Background()
	if r := client.Send(ctx, messages[0]); r.Outcome != webpush.Accepted {
		return fmt.Errorf("%+v", r)
	}
	self := rig.Process(os.Getpid())
	var failed atomic.Int64
	var underWay sync.WaitGroup
	cpu := self.CPU()
	for sent := 0; sent < e.Messages; sent += webpush.MaxBatch {
		at := sent % len(messages)
		underWay.Add(webpush.MaxBatch)
		client.SendBatch(ctx, messages[at:at+webpush.MaxBatch], func(_ int, r webpush.Result) {
			if r.Outcome != webpush.Accepted {
				failed.Add(1)
			}
			underWay.Done()
		})
	}
	underWay.Wait()
	if n := failed.Load(); n > 0 {
		return fmt.Errorf("%d messages of the sender alone were not accepted", n)
	}
	_, err = fmt.Println(float64((self.CPU() - cpu).Microseconds()) / float64(e.Messages))
	return err
}

// messages are the broadcast's, with a token each.
func (e errand) messages() ([]webpush.Message, error) {
	text, err := os.ReadFile(e.Subscriptions)
	if err != nil {
		return nil, err
	}
	var list []pushtest.Subscription
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	var request wire.MessageRequest
	if err := json.Unmarshal([]byte(broadcastBody), &request); err != nil {
		return nil, err
	}
	m, _, err := push.Site{Origins: []string{"http://localhost:8080"}}.ParseMessage(request, time.Now())
	if err != nil {
		return nil, err
	}
	key, err := webpush.GenerateVAPIDKey()
	if err != nil {
		return nil, err
	}
	if len(list)%webpush.MaxBatch != 0 {
		return nil, errors.New("the subscriptions do not make whole batches")
	}
	messages := make([]webpush.Message, len(list))
	for i, s := range list {
		var form webpush.SubscriptionJSON
		form.Endpoint, form.Keys.P256dh, form.Keys.Auth = s.Endpoint, s.P256dh, s.Auth
		parsed, err := webpush.ParseSubscription(form)
		if err != nil {
			return nil, err
		}
		messages[i] = webpush.Message{
			Subscription: parsed, Payload: m.Payload.Template(), Own: push.TokenKey{}.Token(push.DeliveryID{Ordinal: uint16(i)}),
			OwnAt: m.Payload.Hole(), TTL: webpush.KeepFor(m.TTL), Urgency: m.Urgency, Key: key,
		}
	}
	return messages, nil
}
