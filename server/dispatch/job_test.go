package dispatch

import (
	"slices"
	"testing"

	"github.com/pushkit/pushkit/server/push"
)

// What is tried again of several sites comes together, and a push service may be halted
// for one of them.
func TestAJobIsSplitIntoThoseOfEachSite(t *testing.T) {
	var j job
	for ordinal, site := range []push.SiteID{2, 1, 2, 3, 1} {
		j.deliveries = append(j.deliveries, push.Delivery{ID: push.DeliveryID{Ordinal: uint16(ordinal)}, Site: site})
	}
	j.epoch = 7
	var got [][]uint16
	for _, part := range j.bySite() {
		var ordinals []uint16
		for _, d := range part.deliveries {
			if d.Site != part.deliveries[0].Site || part.epoch != 7 {
				t.Errorf("site %d is with %d, of epoch %d", d.Site, part.deliveries[0].Site, part.epoch)
			}
			ordinals = append(ordinals, d.ID.Ordinal)
		}
		got = append(got, ordinals)
	}
	if want := [][]uint16{{0, 2}, {1, 4}, {3}}; !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %v, want %v", got, want)
	}
}
