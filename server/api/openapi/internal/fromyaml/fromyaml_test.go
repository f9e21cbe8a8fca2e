package fromyaml

import "testing"

func TestJSONKeepsTheOrderAndTheTypes(t *testing.T) {
	got, err := JSON([]byte("b: 1\na: [true, null, \"1\", 1.5, x]\n\"2\": {}\nc: >-\n  two\n  words\n"))
	if want := `{"b":1,"a":[true,null,"1",1.5,"x"],"2":{},"c":"two words"}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	for what, text := range map[string]string{"an alias": "a: &x 1\nb: *x\n", "half a mapping": "{"} {
		if got, err := JSON([]byte(text)); err == nil {
			t.Errorf("%s became %s", what, got)
		}
	}
}
