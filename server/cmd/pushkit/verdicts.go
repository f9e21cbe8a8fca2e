package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/pushkit/pushkit/server/wire"
)

// mostVerdicts is how many pushkit messages show prints of each state.
const mostVerdicts = 3

// A verdict is what deliveries have in common that ended for one reason.
type verdict struct {
	pushService, reason, meaning, advice string
	status                               int
}

// printVerdicts prints the most common reasons why deliveries were not accepted, with
// what they mean and what to do. Of each state there are at most so many.
func printVerdicts(ctx context.Context, out io.Writer, b backend, m wire.MessageResponse, most int) error {
	for _, outcome := range unaccepted {
		if outcome.Of(m.Counts) == 0 {
			continue
		}
		list, err := b.deliveries(ctx, m.ID, outcome.State(), "")
		if err != nil {
			return err
		}
		printMostCommon(out, outcome.State(), list, most)
	}
	return nil
}

func printMostCommon(out io.Writer, state string, list wire.DeliveryList, most int) {
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
	for _, v := range order[:min(len(order), most)] {
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
