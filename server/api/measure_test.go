package api_test

import (
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/metrics"
	"github.com/pushkit/pushkit/server/push"
)

// What a stranger asks for is no label: there would be no end of them.
func TestRequestsAreCountedByTheTemplateOfTheirRoute(t *testing.T) {
	s := newServer(t)
	s.call("GET", "/v1/messages/"+push.NewID().String(), "", withKey)
	s.call("GET", "/v1/messages/"+push.NewID().String(), "", withKey)
	s.call("POST", "/v1/messages", "{", withKey)
	s.call("GET", "/no/such/path", "")
	s.call("BREW", "/coffee", "")
	s.call("DELETE", "/healthz", "")
	s.call("OPTIONS", "/v1/whatever", "")
	s.call("GET", "/pushkit.js", "")
	s.call("GET", "/demo/nothing", "")
	scraped := s.call("GET", "/metrics", "", withKey).Body.String()
	for labels, n := range map[string]string{
		`code="404",method="GET",route="/v1/messages/{id}"`: "2",
		`code="400",method="POST",route="/v1/messages"`:     "1",
		`code="404",method="GET",route="none"`:              "1",
		`code="404",method="other",route="none"`:            "1",
		`code="405",method="DELETE",route="none"`:           "1",
		`code="204",method="OPTIONS",route="preflight"`:     "1",
		`code="200",method="GET",route="/{file}"`:           "1",
		`code="404",method="GET",route="/demo/"`:            "1",
	} {
		if line := "pushkit_http_request_duration_seconds_count{" + labels + "} " + n + "\n"; !strings.Contains(scraped, line) {
			t.Errorf("there is no %s", line)
		}
	}
	for _, secret := range []string{"no/such", "coffee", "BREW", "whatever", "/nothing"} {
		if strings.Contains(scraped, secret) {
			t.Errorf("%s is told", secret)
		}
	}
	if t.Failed() {
		t.Log(scraped)
	}
}

// A handler that panics has not said what it answers.
func TestAPanicIsCountedAsWhatIsAnswered(t *testing.T) {
	counted := metrics.New(metrics.Options{})
	noKeys := newServer(t, func(o *api.Options) { o.Store, o.Metrics = failing{o.Store, nil}, counted })
	if w := noKeys.call("GET", "/v1/config", ""); w.Code != 500 {
		t.Fatalf("a site without keys does not panic any more: %d", w.Code)
	}
	scraped := newServer(t, func(o *api.Options) { o.Metrics = counted }).call("GET", "/metrics", "", withKey).Body.String()
	if !strings.Contains(scraped, `pushkit_http_request_duration_seconds_count{code="500",method="GET",route="/v1/config"} 1`) {
		t.Errorf("it is not counted:\n%s", scraped)
	}
}
