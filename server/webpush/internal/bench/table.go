package main

import (
	"fmt"
	"slices"
)

// A series is one figure over the rounds.
type series []float64

func (s series) median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// A row is what one sender did.
type row struct {
	name                          string
	rate, cpu, allocations, bytes series
}

func (r *row) add(m measure) {
	r.rate = append(r.rate, float64(m.Messages)/m.Seconds)
	r.cpu = append(r.cpu, m.CPU)
	r.allocations = append(r.allocations, m.Allocations)
	r.bytes = append(r.bytes, m.Bytes)
}

// printTable prints medians, and the least and the most of what varies. CPU is
// held against the floor, and rate and CPU against a peer.
func printTable(title string, rows []row, floor float64, peer string) {
	fmt.Printf("### %s\n\n", title)
	fmt.Println("| sender | messages/s (least – most) | × peer | CPU µs a message (least – most) | × floor | × peer | allocations | bytes |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- |")
	i := slices.IndexFunc(rows, func(r row) bool { return r.name == peer })
	for _, r := range rows {
		memory := "| – | – |"
		if r.allocations.median() > 0 {
			memory = fmt.Sprintf("| %.0f | %.0f |", r.allocations.median(), r.bytes.median())
		}
		fmt.Printf("| %s | %.0f (%.0f – %.0f) | %.2f | %.1f (%.1f – %.1f) | %.2f | %.2f %s\n", r.name,
			r.rate.median(), slices.Min(r.rate), slices.Max(r.rate), r.rate.median()/rows[i].rate.median(),
			r.cpu.median(), slices.Min(r.cpu), slices.Max(r.cpu), r.cpu.median()/floor, r.cpu.median()/rows[i].cpu.median(), memory)
	}
	fmt.Println()
}
