package push

import (
	"testing"
	"time"
)

func TestFirstIDIsBeforeAllOfItsTime(t *testing.T) {
	before := FirstID(time.Now().Add(-2 * time.Millisecond))
	id := NewID()
	after := FirstID(time.Now().Add(2 * time.Millisecond))
	if before.Compare(id) >= 0 || after.Compare(id) <= 0 || FirstID(time.Time{}) != (ID{}) {
		t.Errorf("%s, %s, %s", before, id, after)
	}
}
