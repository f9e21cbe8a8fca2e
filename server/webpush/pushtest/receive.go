package pushtest

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// maxBody is the least that every push service takes, and the most that all do
// (RFC 8030 section 7.2).
const maxBody = 4096

// push answers a push request (RFC 8030 section 5).
func (s *Service) push(w http.ResponseWriter, r *http.Request) {
	number, ok := numberOf(r.PathValue("token"))
	if !ok {
		s.gone.Add(1)
		http.Error(w, "no such subscription", http.StatusNotFound)
		return
	}
	// One byte over the limit tells that there is more.
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return // the sender is gone
	}
	fault, faulty := s.meet(number)
	s.wait(r, fault.Delay)
	switch {
	case faulty && fault.Status != 0:
		s.failed.Add(1)
		fault.write(w)
		return
	case s.hasEnded(number):
		s.gone.Add(1)
		http.Error(w, "push subscription has unsubscribed or expired.", http.StatusGone)
		return
	}
	p, status, err := s.read(number, r, body)
	if err != nil {
		s.refuse(w, status, err)
		return
	}
	s.accepted.Add(1)
	p.AnswerLost = fault.LoseAnswer
	if s.options.Handle != nil {
		s.options.Handle(p)
	}
	if fault.LoseAnswer {
		s.failed.Add(1)
		// net/http's way to break off without an answer.
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Location", "https://"+r.Host+"/m/"+strconv.Itoa(number))
	w.Header().Set("TTL", strconv.Itoa(p.TTL))
	w.WriteHeader(http.StatusCreated)
}

func (s *Service) wait(r *http.Request, more time.Duration) {
	if latency := s.options.Latency; latency > 0 {
		more += latency*3/4 + rand.N(latency/2)
	}
	if more <= 0 {
		return
	}
	timer := time.NewTimer(more)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

func (s *Service) hasEnded(number int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended[number]
}

// read holds a request against the rules.
func (s *Service) read(number int, r *http.Request, body []byte) (p Push, status int, err error) {
	ttl, err := strconv.Atoi(r.Header.Get("TTL"))
	if err != nil || ttl < 0 {
		return p, http.StatusBadRequest, fmt.Errorf("the TTL is %q (RFC 8030 section 5.2)", r.Header.Get("TTL"))
	}
	p = Push{Subscription: number, TTL: ttl, Urgency: r.Header.Get("Urgency"), Topic: r.Header.Get("Topic")}
	switch p.Urgency {
	case "", "very-low", "low", "normal", "high":
	default:
		return p, http.StatusBadRequest, fmt.Errorf("the Urgency is %q (RFC 8030 section 5.3)", p.Urgency)
	}
	if len(p.Topic) > 32 {
		return p, http.StatusBadRequest, fmt.Errorf("the Topic has %d characters (RFC 8030 section 5.4)", len(p.Topic))
	}
	if len(body) > maxBody {
		return p, http.StatusRequestEntityTooLarge, errors.New("the body has more than 4096 bytes")
	}
	if err := s.authorize(r); err != nil {
		return p, http.StatusForbidden, err
	}
	if len(body) == 0 {
		return p, 0, nil
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "aes128gcm" {
		return p, http.StatusBadRequest, fmt.Errorf("the Content-Encoding is %q (RFC 8291 section 4)", encoding)
	}
	if every := int64(s.options.DecryptEvery); every > 1 && s.accepted.Load()%every != 0 {
		return p, 0, nil
	}
	if p.Text, err = s.browsers[number%keyPairs].decrypt(body); err != nil {
		return p, http.StatusBadRequest, err
	}
	s.decrypted.Add(1)
	return p, 0, nil
}

func (s *Service) refuse(w http.ResponseWriter, status int, err error) {
	s.refused.Add(1)
	s.mu.Lock()
	if s.firstRefusal == nil {
		s.firstRefusal = err
	}
	s.mu.Unlock()
	http.Error(w, err.Error(), status)
}
