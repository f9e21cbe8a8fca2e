package push

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/wire"
)

func TestAClickWinsOverAClose(t *testing.T) {
	const d, c, x = EventDisplayed, EventClicked, EventClosed
	for _, row := range []struct {
		told []EventKind
		want EventKind
	}{
		{nil, 0},
		{[]EventKind{d}, d},
		{[]EventKind{d, d}, d},
		{[]EventKind{c}, c},
		{[]EventKind{x}, x},
		{[]EventKind{d, x}, d | x},
		{[]EventKind{d, c, x}, d | c},
		{[]EventKind{d, x, c}, d | c},
		{[]EventKind{x, c, x, d}, d | c},
		{[]EventKind{c, c, d, d}, d | c},
	} {
		var set EventKind
		for _, kind := range row.told {
			set = set.Add(kind)
		}
		if set != row.want {
			t.Errorf("%v gives %b, want %b", row.told, set, row.want)
		}
	}
}

func TestTokenNamesItsDeliveryAndNobodyCanGuessIt(t *testing.T) {
	key, other := TokenKey{1}, TokenKey{2}
	seen := make(map[string]bool)
	for _, d := range []DeliveryID{
		{}, {Message: NewID()}, {Message: NewID(), Batch: math.MaxUint32, Ordinal: math.MaxUint16}, {Batch: 1}, {Ordinal: 1}, {Ordinal: 256},
	} {
		token := key.Token(d)
		if len(token) != TokenLength || token != key.Token(d) || seen[token] {
			t.Errorf("%+v: the token is %q", d, token)
		}
		seen[token] = true
		if got, wellFormed, ok := key.ParseToken(token); got != d || !wellFormed || !ok {
			t.Errorf("got %+v, %v, %v; want %+v", got, wellFormed, ok, d)
		}
		if _, wellFormed, ok := other.ParseToken(token); !wellFormed || ok {
			t.Error("the key of another site opened it")
		}
		// Every bit counts.
		for i := range token {
			changed := []byte(token)
			if changed[i]++; changed[i] == '_'+1 || changed[i] == 'z'+1 || changed[i] == 'Z'+1 || changed[i] == '9'+1 || changed[i] == '-'+1 {
				changed[i] = 'A'
			}
			if _, _, ok := key.ParseToken(string(changed)); ok && string(changed) != token {
				t.Errorf("character %d may be changed", i)
			}
		}
	}
	for _, bad := range []string{"", "x", strings.Repeat("A", TokenLength-1), strings.Repeat("A", TokenLength+1), strings.Repeat("+", TokenLength), strings.Repeat("A", TokenLength-1) + "\n"} {
		if _, wellFormed, ok := key.ParseToken(bad); wellFormed || ok {
			t.Errorf("%q was taken for a token", bad)
		}
	}
}

func TestParseEvents(t *testing.T) {
	key := TokenKey{1}
	id := DeliveryID{Message: NewID(), Batch: 1, Ordinal: 2}
	token, foreign := key.Token(id), TokenKey{2}.Token(id)
	events, err := key.ParseEvents([]wire.EventReport{{Token: token, Type: "displayed"}, {Token: foreign, Type: "clicked"}, {Token: token, Type: "closed", Action: "x", At: -5},
		{Token: token, Type: "clicked", Action: "watch"}, {Token: token, Type: "clicked", Action: strings.Repeat("x", wire.MaxEncrypted+1)}})
	if err != nil || !slices.Equal(events, []Event{{id, EventDisplayed, ""}, {id, EventClosed, ""}, {id, EventClicked, "watch"}, {id, EventClicked, ""}}) {
		t.Errorf("got %+v, %v", events, err)
	}
	for field, reports := range map[string][]wire.EventReport{
		"[1].token": {{Token: token, Type: "clicked"}, {Token: "x", Type: "clicked"}},
		"[0].type":  {{Token: token, Type: "shown"}},
		"":          make([]wire.EventReport, wire.MaxEvents+1),
	} {
		var e *Error
		if _, err := key.ParseEvents(reports); !errors.As(err, &e) || e.Field != field || e.Code != wire.InvalidField {
			t.Errorf("got %v, want an error of %q", err, field)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	key := TokenKey{1}
	f.Add(key.Token(DeliveryID{Message: NewID(), Ordinal: 7}))
	f.Add(strings.Repeat("A", TokenLength))
	f.Fuzz(func(t *testing.T, token string) {
		d, wellFormed, ok := key.ParseToken(token)
		if ok && (!wellFormed || key.Token(d) != token) {
			t.Fatalf("%q is %+v", token, d)
		}
	})
}
