package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v3"
)

// printList prints the pages of a list to the last: a table with columns apart by
// tabs, or a JSON object a line.
func printList[T any](cmd *cli.Command, heading string, row func(T) string, page func(cursor string) (items []T, next *string, err error)) error {
	table := tabwriter.NewWriter(cmd.Root().Writer, 0, 4, 2, ' ', 0)
	lines := json.NewEncoder(cmd.Root().Writer)
	asJSON := cmd.Bool(jsonFlag.Name)
	if !asJSON {
		fmt.Fprintln(table, heading)
	}
	for cursor := ""; ; {
		items, next, err := page(cursor)
		if err != nil {
			return err
		}
		for _, item := range items {
			if !asJSON {
				fmt.Fprintln(table, row(item))
			} else if err := lines.Encode(item); err != nil {
				return err
			}
		}
		if next == nil {
			return table.Flush()
		}
		cursor = *next
	}
}
