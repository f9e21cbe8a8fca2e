package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// mostVerdicts is how many are printed of each state.
const mostVerdicts = 3

// A verdict is what deliveries have in common that ended for one reason.
type verdict struct {
	pushService, reason, meaning, advice string
	status                               int
}

// printVerdicts prints the most common reasons why deliveries were not accepted, with
// what they mean and what to do.
func printVerdicts(ctx context.Context, cmd *cli.Command, b backend, m wire.MessageResponse) error {
	for _, outcome := range []push.Outcome{push.DeliveryFailed, push.DeliveryExpired, push.DeliveryGone, push.DeliveryPending} {
		if outcome.Of(m.Counts) == 0 {
			continue
		}
		list, err := b.deliveries(ctx, m.ID, outcome.State())
		if err != nil {
			return err
		}
		printMostCommon(cmd.Root().Writer, outcome.State(), list)
	}
	return nil
}

func printMostCommon(out io.Writer, state string, list wire.DeliveryList) {
	counts := make(map[verdict]int)
	var order []verdict
	for _, d := range list.Data {
		v := verdict{d.PushService, d.Reason, d.Meaning, d.Advice, d.Status}
		if counts[v] == 0 {
			order = append(order, v)
		}
		counts[v]++
	}
	slices.SortStableFunc(order, func(a, b verdict) int { return cmp.Compare(counts[b], counts[a]) })
	for _, v := range order[:min(len(order), mostVerdicts)] {
		fmt.Fprintf(out, "\n%d %s at %s: ", counts[v], state, v.pushService)
		if v.status != 0 {
			fmt.Fprintf(out, "%d ", v.status)
		}
		fmt.Fprintf(out, "%s\n  %s\n  %s\n", v.reason, v.meaning, v.advice)
	}
	if looked := len(list.Data); list.Next != nil || list.Bounded {
		fmt.Fprintf(out, "\n%s: counted among the first %d of %d\n", state, looked, list.Total)
	}
}
