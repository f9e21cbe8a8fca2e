package push

import (
	"errors"
	"testing"

	"github.com/pushkit/pushkit/server/wire"
)

func TestCursorsAreThePlacesThatTheyWereMadeOf(t *testing.T) {
	for _, c := range []SubscriptionCursor{{}, {1, NewID()}, {maxServiceNumber - 1, NewID()}} {
		if got, err := ParseSubscriptionCursor(c.String()); err != nil || got != c {
			t.Errorf("got %+v, %v; want %+v", got, err, c)
		}
	}
	if c, err := ParseSubscriptionCursor(""); err != nil || c != (SubscriptionCursor{}) {
		t.Errorf("the start is %+v, %v", c, err)
	}
	if id, err := ParseMessageCursor(""); err != nil || id.Compare(NewID()) < 0 {
		t.Errorf("the start is %s, %v", id, err)
	}
	id := NewID()
	if got, err := ParseMessageCursor(id.String()); err != nil || got != id {
		t.Errorf("got %s, %v", got, err)
	}
}

func FuzzParseSubscriptionCursor(f *testing.F) {
	f.Add(SubscriptionCursor{3, NewID()}.String())
	f.Add("_____________________________")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseSubscriptionCursor(text)
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Code != wire.InvalidField || e.Field != "cursor") {
			t.Fatalf("%q: %v", text, err)
		}
		if err != nil {
			return
		}
		if c.Service < 0 || c.Service >= maxServiceNumber {
			t.Fatalf("%q is %+v", text, c)
		}
		if again, err := ParseSubscriptionCursor(c.String()); err != nil || again != c {
			t.Fatalf("%q is %+v, and then %+v, %v", text, c, again, err)
		}
	})
}
