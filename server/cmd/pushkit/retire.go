package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/push"
)

func retireCommand() *cli.Command {
	return &cli.Command{
		Name:  "retire",
		Usage: "end those whose browsers were not seen for long",
		Description: "Not every push service ever says that a subscription has ended. Without --yes it only says how many it\n" +
			"would be, by push service and by the month in which they were last seen. A browser that comes back later\n" +
			"subscribes anew by itself and keeps its id, channels and user for as long as pushkit serve --retention says.\n" +
			"It works on the database itself, also while a server runs on it: there is no --server.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "unseen", Required: true, Usage: "not seen for `AGE`, such as 180d, or longer"},
			&cli.BoolFlag{Name: "yes", Usage: "do it"},
			jsonFlag, databaseFlag, siteFlag,
		},
		Action: withoutArguments(retire),
	}
}

// A retirement is how many subscriptions were retired, or would be, of those at a push
// service that were last seen in a month.
type retirement struct {
	PushService   string `json:"pushService"`
	LastSeen      string `json:"lastSeen"`
	Subscriptions int    `json:"subscriptions"`
}

// minUnseen keeps a slip from ending everybody: a browser tells of itself when the
// person visits the site, which may be once in weeks.
const minUnseen = 30 * 24 * time.Hour

func retire(ctx context.Context, cmd *cli.Command, store database, site push.Site) error {
	age, err := push.ParseAge("--unseen", cmd.String("unseen"))
	if err != nil {
		return err
	}
	if age < minUnseen {
		return errors.New("--unseen is at least 30d: a browser is seen when the person visits the site")
	}
	before := time.Now().Add(-age)
	counts := make(map[retirement]int)
	count := func(unseen []push.Unseen) {
		for _, u := range unseen {
			counts[retirement{PushService: u.Service, LastSeen: u.LastSeenAt.UTC().Format("2006-01")}]++
		}
	}
	retired := 0
	for cursor := ""; ; {
		found, next, err := store.ScanUnseen(ctx, site.ID, before, cursor, push.ScanSize)
		if err != nil {
			return err
		}
		count(found)
		if cmd.Bool("yes") {
			n, err := retireAll(ctx, store, site, before, found)
			if retired += n; err != nil {
				return fmt.Errorf("%d were retired until it failed: %w", retired, err)
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	return printRetired(cmd, counts, retired)
}

func retireAll(ctx context.Context, store database, site push.Site, before time.Time, unseen []push.Unseen) (retired int, err error) {
	for some := range slices.Chunk(unseen, push.RetireSize) {
		endpoints := make([]push.EndpointHash, len(some))
		for i, u := range some {
			endpoints[i] = u.Endpoint
		}
		began := time.Now()
		n, err := store.RetireSubscriptions(ctx, site.ID, before, endpoints)
		if retired += n; err != nil {
			return retired, err
		}
		// A server that works on the same database gets as much time as this takes.
		select {
		case <-time.After(time.Since(began)):
		case <-ctx.Done():
			return retired, ctx.Err()
		}
	}
	return retired, nil
}

func printRetired(cmd *cli.Command, counts map[retirement]int, retired int) error {
	rows := slices.SortedFunc(maps.Keys(counts), func(a, b retirement) int {
		return cmp.Or(cmp.Compare(a.PushService, b.PushService), cmp.Compare(a.LastSeen, b.LastSeen))
	})
	total := 0
	for i := range rows {
		rows[i].Subscriptions = counts[rows[i]]
		total += rows[i].Subscriptions
	}
	err := printList(cmd, "PUSH SERVICE\tLAST SEEN\tSUBSCRIPTIONS", func(r retirement) string {
		return strings.Join([]string{r.PushService, r.LastSeen, strconv.Itoa(r.Subscriptions)}, "\t")
	}, func(string) ([]retirement, *string, error) { return rows, nil, nil })
	if err != nil || cmd.Bool(jsonFlag.Name) {
		return err
	}
	if cmd.Bool("yes") {
		// Those that came back in between stay.
		_, err = fmt.Fprintf(cmd.Root().Writer, "%d are retired\n", retired)
	} else {
		_, err = fmt.Fprintf(cmd.Root().Writer, "%d would be retired: do it with --yes\n", total)
	}
	return err
}
