package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/wire"
)

// askReadyLimit is how long a server may take to say whether it is ready.
const askReadyLimit = 5 * time.Second

func healthCommand() *cli.Command {
	addr := *addrFlag
	addr.Usage = "ask the server that listens on `HOST:PORT`"
	return &cli.Command{
		Name:  "health",
		Usage: "ask the server on this machine whether it does its work",
		Description: "For a container's health check, and for whoever waits for the start: ends with 0 where GET /readyz\n" +
			"says that it does, else with 1 and the reason.",
		Flags: []cli.Flag{
			&addr,
			&cli.DurationFlag{Name: "wait", Usage: "ask again for so long until it does", HideDefault: true},
		},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := noArguments(cmd); err != nil {
				return err
			}
			err := awaitReady(ctx, cmd.String(addrFlag.Name), cmd.Duration("wait"))
			if err == nil {
				_, err = fmt.Fprintln(cmd.Root().Writer, "ok")
			}
			return err
		},
	}
}

// awaitReady asks until the server is ready, for so long at most.
func awaitReady(ctx context.Context, addr string, wait time.Duration) error {
	for deadline := time.Now().Add(wait); ; {
		err := askReady(ctx, addr)
		if err == nil || !time.Now().Add(pollEvery).Before(deadline) {
			return err
		}
		select {
		case <-time.After(pollEvery):
		case <-ctx.Done():
			return err
		}
	}
}

// askReady says why the server of --addr is not ready.
func askReady(ctx context.Context, addr string) error {
	url, err := localURL(addr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, askReadyLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+api.PathReady, nil)
	if err != nil {
		return err
	}
	// Not through a proxy: it is on this machine.
	response, err := new(http.Transport).RoundTrip(request)
	if err != nil {
		return fmt.Errorf("no server answers at %s: %w", url, err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return nil
	}
	var problem wire.Problem
	if json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&problem) != nil || problem.Detail == "" {
		return fmt.Errorf("what listens at %s answers %s: is it a pushkit server?", url, response.Status)
	}
	return errors.New(problem.Detail)
}

// localURL is where a server that listens on addr is reached from this machine. Where
// it listens everywhere, Go takes the address for this machine's.
func localURL(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port == "" || port == "0" {
		return "", fmt.Errorf("--addr %q is not of the form HOST:PORT", addr)
	}
	return "http://" + net.JoinHostPort(host, port), nil
}
