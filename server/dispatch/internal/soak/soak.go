package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
)

type options struct {
	length         time.Duration
	store, program string
	subscribers    int
}

// services are how many push services there are.
const services = 3

// drainLimit is how long what is pending may take when all faults are mended: a
// halted service is tried every minute, and the longest wait between two attempts
// is a quarter of an hour, which none comes near here.
const drainLimit = 4 * time.Minute

type soak struct {
	options
	folder   string
	database *rig.Database
	services [services]*pushtest.Service
	ledger   *rig.Ledger
	node     *rig.Node
	faults   faults
	crowd    crowd
	office   office
	samples  samples

	// subscribed, posted and delivered count what the database keeps.
	subscribed, posted, delivered atomic.Int64
}

func run(ctx context.Context, o options) (err error) {
	s := &soak{options: o, ledger: rig.NewLedger()}
	if s.folder, err = os.MkdirTemp("", "pushkit-soak-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.folder)
	defer func() {
		for _, service := range s.services {
			if service != nil {
				service.Close()
			}
		}
	}()
	rules, err := s.startServices()
	if err != nil {
		return err
	}
	if s.database, err = rig.OpenDatabase(s.store, s.folder); err != nil {
		return err
	}
	defer s.database.Close()
	s.node, err = rig.Start(ctx, rig.Options{
		Program: s.program, Folder: s.folder, Database: s.database.URL, Services: rules, Certificates: s.certificates(),
	})
	if err != nil {
		return err
	}
	defer s.node.Kill()
	if err := rig.Each(s.subscribers, 64, func(int) error { return s.come(ctx) }); err != nil {
		return err
	}
	if err := s.work(ctx); err != nil {
		return err
	}
	// A context that has ended kills the node.
	return errors.Join(s.ledger.Err(), s.serviceErrors(), s.checkLog(), s.node.Stop())
}

func serviceName(i int) string { return fmt.Sprintf("push-%c.example.com", 'a'+i) }

func (s *soak) certificates() string { return filepath.Join(s.folder, "ca.pem") }

func (s *soak) startServices() (rules []string, err error) {
	var all bytes.Buffer
	for i := range s.services {
		name := serviceName(i)
		s.services[i], err = pushtest.Start(pushtest.Options{
			Name: name, Latency: 5 * time.Millisecond, Handle: func(p pushtest.Push) { s.ledger.Enter(name, p) },
		})
		if err != nil {
			return nil, err
		}
		rules = append(rules, s.services[i].Rule())
		if err := s.services[i].WriteCertificate(s.certificates()); err != nil {
			return nil, err
		}
		text, err := os.ReadFile(s.certificates())
		if err != nil {
			return nil, err
		}
		all.Write(text)
	}
	return rules, os.WriteFile(s.certificates(), all.Bytes(), 0o600)
}

func (s *soak) serviceErrors() (err error) {
	for i, service := range s.services {
		if refused := service.Err(); refused != nil {
			err = errors.Join(err, fmt.Errorf("%s refused a mistake: %w", serviceName(i), refused))
		}
	}
	return err
}

// work lets everybody do theirs for the time, and waits until nothing is pending.
func (s *soak) work(ctx context.Context) error {
	began := time.Now()
	sampling, stopSampling := context.WithCancel(ctx)
	defer stopSampling()
	checking, working := errgroup.WithContext(ctx)
	busy, stop := context.WithTimeout(working, s.length)
	defer stop()
	checking.Go(func() error { return s.sample(sampling, began) })
	var actors errgroup.Group
	var letters sync.WaitGroup
	actors.Go(func() error { return s.comeAndGo(busy) })
	actors.Go(func() error { return s.broadcasts(busy, working, &letters) })
	actors.Go(func() error { return s.singles(busy, working, &letters) })
	actors.Go(func() error { s.breakServices(busy); return nil })
	checking.Go(func() error {
		err := actors.Wait()
		s.mend()
		drained := make(chan struct{})
		go func() { letters.Wait(); close(drained) }()
		select {
		case <-drained:
		case <-time.After(drainLimit):
			err = errors.Join(err, fmt.Errorf("%d messages are pending %v after all was mended", s.office.pending(), drainLimit))
		case <-working.Done():
		}
		stopSampling()
		if wrong := s.office.err(); wrong != nil {
			return wrong
		}
		return err
	})
	if err := checking.Wait(); err != nil {
		return err
	}
	return s.summary(ctx, began)
}
