package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	sampleEvery   = time.Second
	progressEvery = 30 * time.Second
)

// Bounds of what may grow. Most of the open files are connections of the soak's own,
// which come in bursts and stay idle for minutes: what leaks is what is left when
// there are fewest.
// Memory may grow from the second third of the time to the last by memoryGrowth of
// itself and memorySlack, files and threads by so many.
const (
	memoryGrowth = 0.10
	memorySlack  = 8 << 20
	filesSlack   = 5
	threadsSlack = 8
)

// Bounds of the database: what may be kept of each, in bytes, and besides (the WAL
// above all).
const (
	perSubscription = 1500
	perMessage      = 3000
	perDelivery     = 40
	databaseSlack   = 64 << 20
)

// A sample is what the server uses in a moment.
type sample struct {
	memory, threads, files int64
}

type samples struct {
	mu       sync.Mutex
	all      []sample
	database int64 // the size at the beginning
}

// sample samples until ctx is done.
func (s *soak) sample(ctx context.Context, began time.Time) error {
	size, err := s.database.Size(ctx)
	if err != nil {
		return err
	}
	s.samples.database = size
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	for n := 1; ; n++ {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
		now := sample{s.node.Memory(), s.node.Threads(), int64(s.node.Files())}
		if now.memory == 0 {
			return fmt.Errorf("the server has ended: %s", s.node.Log())
		}
		s.samples.mu.Lock()
		s.samples.all = append(s.samples.all, now)
		s.samples.mu.Unlock()
		if n%int(progressEvery/sampleEvery) == 0 {
			if err := s.progress(ctx, began, now); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

func (s *soak) progress(ctx context.Context, began time.Time, now sample) error {
	size, err := s.database.Size(ctx)
	if err != nil {
		return err
	}
	s.office.mu.Lock()
	defer s.office.mu.Unlock()
	fmt.Printf("%6v  %6d messages sent, %4d pending; %8d accepted, %5d gone, %4d failed, %6d expired; %5.1f MiB, %3d files, %2d threads; database %5.1f MiB; fault: %v\n",
		time.Since(began).Round(time.Second), s.office.ended, s.office.open, s.office.totals.Accepted, s.office.totals.Gone, s.office.totals.Failed, s.office.totals.Expired,
		mib(now.memory), now.files, now.threads, mib(size), &s.faults)
	return nil
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// summary prints what grew, and holds it against the bounds.
func (s *soak) summary(ctx context.Context, began time.Time) (err error) {
	third := len(s.samples.all) / 3
	second, last := s.samples.all[third:2*third], s.samples.all[2*third:]
	row := func(what string, of func(sample) int64, typical func([]int64) int64, bound func(int64) int64, show func(int64) string) {
		a, b := typical(values(second, of)), typical(values(last, of))
		limit := bound(a)
		fmt.Printf("%-22s second third %9s, last third %9s, at most %9s\n", what, show(a), show(b), show(limit))
		if b > limit {
			err = errors.Join(err, fmt.Errorf("%s: %s in the second third, %s in the last", what, show(a), show(b)))
		}
	}
	number := func(n int64) string { return fmt.Sprint(n) }
	fmt.Printf("\n%v, %d messages, %+v\n", time.Since(began).Round(time.Second), s.office.ended, s.office.totals)
	row("memory, median", func(s sample) int64 { return s.memory }, median,
		func(n int64) int64 { return n + int64(memoryGrowth*float64(n)) + memorySlack }, func(n int64) string { return fmt.Sprintf("%.1f MiB", mib(n)) })
	row("open files, fewest", func(s sample) int64 { return s.files }, slices.Min, func(n int64) int64 { return n + filesSlack }, number)
	row("threads, most", func(s sample) int64 { return s.threads }, slices.Max, func(n int64) int64 { return n + threadsSlack }, number)

	size, sizeErr := s.database.Size(ctx)
	if sizeErr != nil {
		return errors.Join(err, sizeErr)
	}
	bound := s.samples.database + perSubscription*s.subscribed.Load() + perMessage*s.posted.Load() + perDelivery*s.delivered.Load() + databaseSlack
	fmt.Printf("%-22s %.1f MiB, %.1f at the beginning, at most %.1f for %d subscriptions, %d messages and %d deliveries\n", "database",
		mib(size), mib(s.samples.database), mib(bound), s.subscribed.Load(), s.posted.Load(), s.delivered.Load())
	if size > bound {
		err = errors.Join(err, fmt.Errorf("the database has %d bytes, the bound is %d", size, bound))
	}
	return err
}

func values(samples []sample, of func(sample) int64) (list []int64) {
	for _, s := range samples {
		list = append(list, of(s))
	}
	return list
}

func median(list []int64) int64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// expected are the errors that a push service which refuses us makes.
var expected = []string{"a push service is halted"}

// checkLog wants no other errors in the server's log.
func (s *soak) checkLog() (err error) {
	counts := make(map[string]int)
	for line := range strings.Lines(s.node.Log()) {
		_, text, _ := strings.Cut(line, "level=")
		level, message, _ := strings.Cut(text, " ")
		if message, _, ok := strings.Cut(strings.TrimPrefix(message, `msg="`), `"`); ok {
			counts[level+" "+message]++
		}
		isExpected := slices.ContainsFunc(expected, func(e string) bool { return strings.Contains(line, e) })
		if (level == "ERROR" || strings.Contains(line, "panic")) && !isExpected {
			err = errors.Join(err, errors.New(strings.TrimSpace(line)))
		}
	}
	for what, n := range counts {
		fmt.Printf("logged %d times: %s\n", n, what)
	}
	return err
}
