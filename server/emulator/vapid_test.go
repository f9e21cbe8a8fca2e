package emulator

import (
	"strings"
	"testing"
	"time"
)

const fuzzKey = "BDjIYwaZnSpbyu-R9pcMX54GT7rUuL_MGMZtreqYrimda0ywPMy-8_C7ywdNoukd5SVBEnrCezSIIHtXyJ7EJ9c"

func TestVapidHeaderIsReadAsHTTPHeadersAre(t *testing.T) {
	for _, header := range []string{
		"vapid t=a.b.c, k=" + fuzzKey,
		"vapid k=" + fuzzKey + ",t=a.b.c",
		"VAPID T=a.b.c , K=" + fuzzKey + "=",
		`vapid t="a.b.c", k="` + fuzzKey + `"`,
	} {
		c, refused := parseVapidHeader(header)
		if refused != nil || c.token != "a.b.c" || len(c.point) != 65 {
			t.Errorf("%s: %v, %+v", header, refused, c)
		}
	}
}

func FuzzParseVapidHeader(f *testing.F) {
	f.Add("vapid t=eyJhbGciOiJFUzI1NiJ9.e30.AAAA, k=" + fuzzKey)
	f.Add("vapid t=a, k=b")
	f.Add(`VAPID t="", k="`)
	f.Add("vapid ,,==")
	f.Fuzz(func(t *testing.T, header string) {
		c, refused := parseVapidHeader(header)
		if refused != nil {
			if refused.Status != 401 || refused.Errno != 109 {
				t.Errorf("refused by %+v", refused.Rule)
			}
			return
		}
		if c.key == nil || len(c.point) != 65 || c.token == "" || !strings.Contains(header, c.token) {
			t.Errorf("taken as %+v", c)
		}
		if _, refused := c.check("http://127.0.0.1:8090", time.Now()); refused == nil {
			t.Error("a made-up token was accepted")
		}
	})
}

func FuzzCheckAES128GCM(f *testing.F) {
	key, _ := decodeBase64URL(fuzzKey)
	good := append(append([]byte(strings.Repeat("s", 16)), 0, 0, 16, 0, 65), key...)
	f.Add(append(good, make([]byte, 17)...))
	f.Add(good)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		if refused := checkAES128GCM(body); refused != nil {
			if refused.ID != ruleEncodingHeader.ID {
				t.Errorf("refused by %s", refused.ID)
			}
			return
		}
		if len(body) < 86+17 || body[20] != 65 || body[21] != 4 {
			t.Errorf("taken: %x", body)
		}
	})
}
