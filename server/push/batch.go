package push

import (
	"cmp"
	"maps"
	"slices"
)

// A BatchID names a batch.
type BatchID struct {
	Message ID
	No      uint32
}

// Compare orders batches by message and number, the order in which a store
// locks them.
func (b BatchID) Compare(other BatchID) int {
	return cmp.Or(b.Message.Compare(other.Message), cmp.Compare(b.No, other.No))
}

// BatchID names the batch that a delivery is of.
func (d DeliveryID) BatchID() BatchID { return BatchID{d.Message, d.Batch} }

// GroupByBatch returns the items of each batch, and the batches in order.
func GroupByBatch[T any](items []T, batchOf func(T) BatchID) (order []BatchID, groups map[BatchID][]T) {
	sizes := make(map[BatchID]int)
	for _, item := range items {
		sizes[batchOf(item)]++
	}
	groups = make(map[BatchID][]T, len(sizes))
	for _, item := range items {
		id := batchOf(item)
		if groups[id] == nil {
			groups[id] = make([]T, 0, sizes[id])
		}
		groups[id] = append(groups[id], item)
	}
	return slices.SortedFunc(maps.Keys(groups), BatchID.Compare), groups
}

// Members are the ids of a batch's subscriptions by ordinal, in the form in
// which a store keeps them: 16 bytes each.
type Members []byte

// JoinMembers returns the ids as members.
func JoinMembers(ids []ID) Members {
	m := make(Members, 0, len(ids)*len(ID{}))
	for _, id := range ids {
		m = append(m, id[:]...)
	}
	return m
}

// At is the member of an ordinal.
func (m Members) At(ordinal uint16) ID { return ID(m[int(ordinal)*len(ID{}):]) }

// Outcomes are those of a batch's deliveries by ordinal, an [Outcome] each.
type Outcomes []byte

// Counts counts them.
func (o Outcomes) Counts() Counts {
	c := Counts{Targeted: int64(len(o))}
	for _, outcome := range o {
		switch Outcome(outcome) {
		case DeliveryAccepted:
			c.Accepted++
		case DeliveryGone:
			c.Gone++
		case DeliveryFailed:
			c.Failed++
		case DeliveryExpired:
			c.Expired++
		case DeliveryCancelled:
			c.Cancelled++
		default:
			c.Pending++
		}
	}
	return c
}

// Unattempted returns the ordinals that are pending and not among those that
// are to be tried again.
func (o Outcomes) Unattempted(again []uint16) []uint16 {
	var ordinals []uint16
	for i, outcome := range o {
		if ordinal := uint16(i); Outcome(outcome) == DeliveryPending && !slices.Contains(again, ordinal) {
			ordinals = append(ordinals, ordinal)
		}
	}
	return ordinals
}

// CancelUnsent cancels the deliveries of a cancelled message that no node is
// sending; changed is false where there are none. leased says that a node has the
// batch: then what was not attempted is that node's. waiting are the ordinals that
// wait for a further attempt, underWay those whose further attempt a node makes.
func (o Outcomes) CancelUnsent(leased bool, waiting, underWay []uint16) (changed bool) {
	unsent := waiting
	if !leased {
		unsent = o.Unattempted(underWay)
	}
	for _, ordinal := range unsent {
		o[ordinal] = byte(DeliveryCancelled)
	}
	return len(unsent) > 0
}

// EventSets are what browsers told of a batch's deliveries by ordinal, a set of
// [EventKind] each.
type EventSets []byte

// Add adds events of this batch. Those of an ordinal that it does not have are
// passed over.
func (s EventSets) Add(events []Event) {
	for _, event := range events {
		if ordinal := int(event.Delivery.Ordinal); ordinal < len(s) {
			s[ordinal] = byte(EventKind(s[ordinal]).Add(event.Kind))
		}
	}
}

// Counts counts the deliveries that were displayed, clicked and closed.
func (s EventSets) Counts() (c Counts) {
	for _, set := range s {
		c.Displayed += EventKind(set).has(EventDisplayed)
		c.Clicked += EventKind(set).has(EventClicked)
		c.Closed += EventKind(set).has(EventClosed)
	}
	return c
}

func (k EventKind) has(kind EventKind) int64 {
	if k&kind != 0 {
		return 1
	}
	return 0
}
