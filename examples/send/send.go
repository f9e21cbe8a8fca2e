// Command send sends a message, prints its id, waits until it is sent and prints
// what became of it.
//
//	PUSHKIT_SERVER=https://push.example.com PUSHKIT_API_KEY=… go run send.go
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
)

var (
	server = os.Getenv("PUSHKIT_SERVER")
	key    = os.Getenv("PUSHKIT_API_KEY")
	client = http.Client{Timeout: 30 * time.Second}
)

type message struct {
	ID     string          `json:"id"`
	State  string          `json:"state"`
	Counts json.RawMessage `json:"counts"`
}

func main() {
	if err := send(); err != nil {
		fmt.Fprintln(os.Stderr, "send:", err)
		os.Exit(1)
	}
}

func send() error {
	if server == "" || key == "" {
		return errors.New("set PUSHKIT_SERVER and PUSHKIT_API_KEY")
	}
	m, err := call(http.MethodPost, "/v1/messages", `{
		"audience": {"all": true},
		"notification": {"title": "Goal!", "body": "2:1, says Go"},
		"ttl": 3600
	}`)
	if err != nil {
		return err
	}
	fmt.Println(m.ID)
	for m.State != "sent" {
		if m.State == "cancelled" {
			return errors.New("the message was cancelled")
		}
		time.Sleep(time.Second)
		if m, err = call(http.MethodGet, "/v1/messages/"+m.ID, ""); err != nil {
			return err
		}
	}
	fmt.Printf("%s\n", m.Counts)
	return nil
}

func call(method, path, body string) (m message, err error) {
	r, err := http.NewRequest(method, server+path, bytes.NewBufferString(body))
	if err != nil {
		return m, err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	response, err := client.Do(r)
	if err != nil {
		return m, err
	}
	defer response.Body.Close()
	if response.StatusCode/100 == 2 {
		return m, json.NewDecoder(response.Body).Decode(&m)
	}
	// A problem (RFC 9457) has a code for programs and a sentence for people. A
	// proxy's error may be anything.
	var problem struct{ Code, Detail string }
	if json.NewDecoder(response.Body).Decode(&problem) != nil {
		return m, errors.New("HTTP " + response.Status)
	}
	return m, fmt.Errorf("%s: %s", problem.Code, problem.Detail)
}
