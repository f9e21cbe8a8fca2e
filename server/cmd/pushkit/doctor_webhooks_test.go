package main_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
)

// A back end that is told nothing any more notices least of all.
func TestDoctorLooksAtWebhooks(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead {
			t.Errorf("doctor makes a %s", r.Method)
		}
		w.WriteHeader(http.StatusMethodNotAllowed)
	}))
	defer receiver.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	host, goneHost := strings.TrimPrefix(receiver.URL, "http://"), strings.TrimPrefix(gone.URL, "http://")
	serve(t, folder, "--webhook-hosts", host+","+goneHost).end()
	ids := map[string]string{}
	for _, url := range []string{receiver.URL + "/good", receiver.URL + "/failing", receiver.URL + "/disabled", gone.URL + "/gone"} {
		var made struct{ ID string }
		if err := json.Unmarshal([]byte(mustRun(t, folder, "webhooks", "create", url, "--json")), &made); err != nil {
			t.Fatal(err)
		}
		ids[url[strings.LastIndexByte(url, '/')+1:]] = made.ID
	}
	failWebhook(t, folder, ids["failing"], 503)
	failWebhook(t, folder, ids["disabled"], 410)
	stdout, _, _ := run(t, folder, "doctor", "--push-services", ledTo(newPushService(t, nil).URL))
	wantFindings(t, stdout,
		"ok webhook: "+host+" ("+ids["good"]+") is reached", "warn webhook: "+host+" ("+ids["failing"]+") answers, and fails since",
		"fail webhook: "+host+" ("+ids["disabled"]+") is disabled since", "fail webhook: "+goneHost+" ("+ids["gone"]+") cannot be reached")
	if strings.Contains(stdout, "/good") {
		t.Error("the path is told, which may hold a secret")
	}
}

// failWebhook notes that a webhook's receiver has answered an event so.
func failWebhook(t *testing.T, folder, id string, status int) {
	t.Helper()
	store := openFolder(t, folder)
	defer store.Close()
	webhook, _ := push.ParseID(id)
	event, err := push.NewWebhookEvent(push.TypeTest, time.Now(), struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.RecordWebhookEvents(t.Context(), webhook, []push.WebhookResult{{WebhookEvent: event, Status: status, Reason: "busy.", BeganAt: time.Now()}}); err != nil {
		t.Fatal(err)
	}
}

// Who tries things out on a laptop, beside an emulator, needs no internet.
func TestDoctorBesideAnEmulatorMissesNoVendor(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	service := newPushService(t, nil)
	serve(t, folder, "--push-services", "fcm.googleapis.com="+service.URL).end()
	// No name is found.
	c := command(t, folder, "doctor")
	c.Env = append(c.Env, "HTTPS_PROXY=http://"+freeAddress(t))
	output, _ := c.Output()
	wantFindings(t, string(output), "note push service: https://web.push.apple.com cannot be reached", "ok push service: https://fcm.googleapis.com answers at "+service.URL)
	if strings.Contains(string(output), "fail  push service") || strings.Contains(string(output), ".. ") {
		t.Errorf("got %s", output)
	}
}
