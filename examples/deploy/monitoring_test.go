package deploy_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/pushkit/pushkit/examples/internal/running"
)

// exposed are the names that a server's metrics have in a query, and their labels.
func exposed(t *testing.T) (names, labels map[string]bool) {
	t.Helper()
	server := running.Serve(t)
	ask(t, http.DefaultClient, "GET", server.URL+"/healthz", "") // so that there is a request to tell of
	scraped := ask(t, http.DefaultClient, "GET", server.URL+"/metrics", "", "Authorization", "Bearer "+running.Key)
	if scraped.StatusCode != http.StatusOK {
		t.Fatalf("the scrape is answered %d %s", scraped.StatusCode, scraped.body)
	}
	// What Prometheus makes by itself.
	names, labels = map[string]bool{"up": true}, map[string]bool{"job": true, "instance": true}
	for _, sample := range regexp.MustCompile(`(?m)^([a-z_]+)(\{.*\})? `).FindAllStringSubmatch(scraped.body, -1) {
		names[sample[1]] = true
		for _, label := range labelName.FindAllStringSubmatch(sample[2], -1) {
			labels[label[1]] = true
		}
	}
	return names, labels
}

var (
	metricName = regexp.MustCompile(`\b(?:up\b|(?:pushkit|go|process)_[a-z0-9_]+)`)
	labelName  = regexp.MustCompile(`\b([a-z]+)(?:=~|!=|=)"`)
	grouping   = regexp.MustCompile(`\bby \(([^)]*)\)`)
)

// checkQuery holds a query against what is exposed.
func checkQuery(t *testing.T, at, query string, names, labels map[string]bool) {
	t.Helper()
	found := metricName.FindAllString(query, -1)
	if len(found) == 0 {
		t.Errorf("%s asks for nothing: %s", at, query)
	}
	for _, name := range found {
		if !names[name] {
			t.Errorf("%s asks for %s, which no server exposes", at, name)
		}
	}
	var used []string
	for _, label := range labelName.FindAllStringSubmatch(query, -1) {
		used = append(used, label[1])
	}
	for _, group := range grouping.FindAllStringSubmatch(query, -1) {
		used = append(used, strings.Split(group[1], ", ")...)
	}
	for _, label := range used {
		if !labels[label] {
			t.Errorf("%s goes by %s, which no metric has", at, label)
		}
	}
	for _, pair := range []string{"()", "[]", "{}"} {
		if strings.Count(query, pair[:1]) != strings.Count(query, pair[1:]) {
			t.Errorf("%s is not closed: %s", at, query)
		}
	}
}

func TestTheDashboardShowsWhatIsThere(t *testing.T) {
	var dashboard struct {
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct {
				Name  string
				Query any
			}
		}
	}
	if err := json.Unmarshal([]byte(read(t, "grafana/pushkit.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	names, labels := exposed(t)
	shown, taken, ids := "", map[[2]int]bool{}, map[int]bool{}
	for _, panel := range dashboard.Panels {
		if len(panel.Targets) == 0 || ids[panel.ID] {
			t.Errorf("%s has no query, or the number of another", panel.Title)
		}
		ids[panel.ID] = true
		for _, target := range panel.Targets {
			checkQuery(t, panel.Title, target.Expr, names, labels)
			shown += target.Expr
		}
		for x := range panel.GridPos.W {
			for y := range panel.GridPos.H {
				at := [2]int{panel.GridPos.X + x, panel.GridPos.Y + y}
				if taken[at] || at[0] >= 24 {
					t.Fatalf("%s is over another, or over the edge", panel.Title)
				}
				taken[at] = true
			}
		}
	}
	variables := []string{"__range", "__rate_interval"}
	for _, variable := range dashboard.Templating.List {
		variables = append(variables, variable.Name)
	}
	for _, used := range regexp.MustCompile(`\$([a-z_]+)`).FindAllStringSubmatch(shown, -1) {
		if !slices.Contains(variables, used[1]) {
			t.Errorf("there is no variable %s", used[1])
		}
	}
	// And all of pushkit's own is shown, each histogram by one of its names.
	for name := range names {
		base := regexp.MustCompile(`_(bucket|count|sum)$`).ReplaceAllString(name, "")
		if strings.HasPrefix(name, "pushkit_") && !strings.Contains(shown, base) {
			t.Errorf("%s is not shown", name)
		}
	}
}

func TestTheAlertsLookAtWhatIsThere(t *testing.T) {
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "prometheus/pushkit.rules.yml")), &rules); err != nil {
		t.Fatal(err)
	}
	var scraping struct {
		ScrapeConfigs []struct {
			JobName       string `yaml:"job_name"`
			Authorization struct {
				CredentialsFile string `yaml:"credentials_file"`
			}
		} `yaml:"scrape_configs"`
		RuleFiles []string `yaml:"rule_files"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "prometheus/prometheus.yml")), &scraping); err != nil {
		t.Fatal(err)
	}
	if len(scraping.ScrapeConfigs) != 1 || scraping.ScrapeConfigs[0].Authorization.CredentialsFile == "" || !slices.Equal(scraping.RuleFiles, []string{"pushkit.rules.yml"}) {
		t.Fatalf("Prometheus is told %+v", scraping)
	}
	names, labels := exposed(t)
	alerts := map[string]bool{}
	for _, rule := range rules.Groups[0].Rules {
		alerts[rule.Alert] = true
		checkQuery(t, rule.Alert, rule.Expr, names, labels)
		if rule.For == "" || rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
			t.Errorf("%s does not say for how long, how grave it is, or what to do", rule.Alert)
		}
		for _, job := range regexp.MustCompile(`job="([^"]*)"`).FindAllStringSubmatch(rule.Expr, -1) {
			if job[1] != scraping.ScrapeConfigs[0].JobName {
				t.Errorf("%s looks at the job %s", rule.Alert, job[1])
			}
		}
	}
	for _, alert := range []string{"PushkitGone", "PushkitPushServiceHalted", "PushkitQueueLate"} {
		if !alerts[alert] {
			t.Errorf("nothing tells of %s", alert)
		}
	}
}
