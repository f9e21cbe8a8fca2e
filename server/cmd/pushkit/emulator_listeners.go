package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushkit/pushkit/server/emulator"
)

// emulatorListeners are the two ports of an emulator: HTTP, and the connections
// of Chromium, which are of a protocol of their own.
type emulatorListeners struct {
	http net.Listener
	mcs  net.Listener
}

// listenEmulator listens at two addresses. Without the second it takes the port
// after the first's, so that it is the same after a restart, or a free one.
func listenEmulator(ctx context.Context, addr, mcsAddr string) (l emulatorListeners, err error) {
	var config net.ListenConfig
	if l.http, err = config.Listen(ctx, "tcp", addr); err != nil {
		return l, fmt.Errorf("the emulator cannot listen: %w", err)
	}
	if mcsAddr != "" {
		l.mcs, err = config.Listen(ctx, "tcp", mcsAddr)
	} else {
		host, port, splitErr := net.SplitHostPort(l.http.Addr().String())
		number, numberErr := strconv.Atoi(port)
		if splitErr == nil && numberErr == nil && number < 65535 {
			l.mcs, err = config.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(number+1)))
		}
		if l.mcs == nil {
			l.mcs, err = config.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
		}
	}
	if err != nil {
		l.http.Close()
		return l, fmt.Errorf("the emulator cannot listen for Chromium: %w", err)
	}
	return l, nil
}

// mcsAddr is where Chromium finds the second: at the host of the emulator's
// public URL, if it has one.
func (l emulatorListeners) mcsAddr(publicURL string) string {
	addr := l.mcs.Addr().String()
	u, err := url.Parse(publicURL)
	if err != nil || u.Hostname() == "" {
		return addr
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func (l emulatorListeners) close() {
	l.http.Close()
	l.mcs.Close()
}

// serve runs e on both until ctx is done.
func (l emulatorListeners) serve(ctx context.Context, e *emulator.Emulator) error {
	// A long poll and an answer that comes late take up to a minute.
	const slowest = 2 * time.Minute
	server := &http.Server{
		Handler: e, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: slowest, WriteTimeout: slowest, IdleTimeout: slowest, MaxHeaderBytes: 32 << 10,
	}
	// Websockets and long polls last until they are cut.
	server.RegisterOnShutdown(func() { e.Close() })
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serveUntilDone(ctx, server, l.http) })
	group.Go(func() error { return e.ServeMCS(l.mcs) })
	group.Go(func() error {
		<-ctx.Done()
		return l.mcs.Close()
	})
	return group.Wait()
}
