package push

import (
	"slices"
	"testing"
)

func TestBatchesComeInTheOrderOfTheirLocks(t *testing.T) {
	a, b := NewID(), NewID()
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	items := []DeliveryID{{b, 0, 1}, {a, 2, 5}, {a, 1, 0}, {b, 0, 0}, {a, 2, 4}}
	order, groups := GroupByBatch(items, DeliveryID.BatchID)
	if want := []BatchID{{a, 1}, {a, 2}, {b, 0}}; !slices.Equal(order, want) {
		t.Errorf("got %v, want %v", order, want)
	}
	if want := []DeliveryID{{a, 2, 5}, {a, 2, 4}}; !slices.Equal(groups[BatchID{a, 2}], want) || len(groups) != 3 {
		t.Errorf("got %v", groups)
	}
	if order, _ := GroupByBatch(nil, DeliveryID.BatchID); len(order) > 0 {
		t.Errorf("nothing gives %v", order)
	}
}

func TestMembersKeepTheirOrdinals(t *testing.T) {
	ids := []ID{NewID(), NewID(), NewID()}
	members := JoinMembers(ids)
	for i, id := range ids {
		if got := members.At(uint16(i)); got != id {
			t.Errorf("%d is %s, want %s", i, got, id)
		}
	}
}

func TestOutcomesAddUp(t *testing.T) {
	o := Outcomes{byte(DeliveryPending), byte(DeliveryAccepted), byte(DeliveryGone), byte(DeliveryFailed), byte(DeliveryExpired),
		byte(DeliveryCancelled), byte(DeliveryPending), byte(DeliveryAccepted), byte(DeliveryPending)}
	want := Counts{Targeted: 9, Accepted: 2, Gone: 1, Failed: 1, Expired: 1, Cancelled: 1, Pending: 3}
	if got := o.Counts(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := o.Unattempted([]uint16{6, 1}); !slices.Equal(got, []uint16{0, 8}) {
		t.Errorf("%v were not attempted, want 0 and 8", got)
	}
}

func TestEventSetsPassOverWhatTheyDoNotHave(t *testing.T) {
	sets := make(EventSets, 2)
	for range 2 {
		sets.Add([]Event{
			{Delivery: DeliveryID{Ordinal: 0}, Kind: EventDisplayed}, {Delivery: DeliveryID{Ordinal: 0}, Kind: EventClosed}, {Delivery: DeliveryID{Ordinal: 0}, Kind: EventClicked},
			{Delivery: DeliveryID{Ordinal: 1}, Kind: EventClosed}, {Delivery: DeliveryID{Ordinal: 2}, Kind: EventClicked},
		})
	}
	if got, want := sets.Counts(), (Counts{Displayed: 1, Clicked: 1, Closed: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
