package postgres_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pushkit/pushkit/server/postgres"
	"github.com/pushkit/pushkit/server/postgres/postgrestest"
)

// fillForPlans makes 20,000 subscriptions of one push service, all in the channel
// "many", half in "half" and a sixteenth in "few", and lets the planner know.
const fillForPlans = `
INSERT INTO push_services (name) VALUES ('google') ON CONFLICT DO NOTHING;
INSERT INTO subscriptions (site, push_service, id, endpoint_hash, endpoint, p256dh, auth, key_id, locale, time_zone, user_id, created_at, last_seen_at)
SELECT k.site, p.id, lpad(to_hex(n), 32, '0')::uuid, decode(md5(n::text), 'hex'), 'https://fcm.googleapis.com/' || n, decode(repeat('00', 65), 'hex'),
    decode(repeat('00', 16), 'hex'), k.key_id, '', 'Europe/Berlin', '', now(), now()
FROM generate_series(1, 20000) n, vapid_keys k, push_services p WHERE k.state = 1 AND p.name = 'google';
INSERT INTO subscription_channels (site, channel, push_service, subscription) SELECT site, 'many', push_service, id FROM subscriptions;
INSERT INTO subscription_channels (site, channel, push_service, subscription)
SELECT site, 'few', push_service, id FROM subscriptions WHERE get_byte(endpoint_hash, 0) < 16;
INSERT INTO subscription_channels (site, channel, push_service, subscription)
SELECT site, 'half', push_service, id FROM subscriptions WHERE get_byte(endpoint_hash, 0) < 128;
ANALYZE push_services, vapid_keys, subscriptions, subscription_channels;`

var (
	argument  = regexp.MustCompile(`sqlc\.arg\((\w+)\)`)
	queryName = regexp.MustCompile(`-- name: (\w+) :\w+`)
	// planArguments are of a window in the middle of the subscriptions.
	planArguments = map[string]string{
		"site": "1", "push_service": "(SELECT id FROM push_services WHERE name = 'google')", "at_most": "10000", "zones": "'{}'", "rest": "true",
		"after": "'00000000-0000-0000-0000-000000001000'::uuid", "last": "'00000000-0000-0000-0000-000000001100'::uuid",
		"channels": "'{many}'", "required": "'{few}'", "without": "'{half,other}'",
	}
)

// A step through an audience reads as much as it looks at, not a table or a channel
// from end to end.
func TestAnAudienceIsReadAlongAnIndex(t *testing.T) {
	url := postgrestest.Empty(t)
	openNode(t, url, postgres.Options{}).Close()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), fillForPlans); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("queries/audience.sql")
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	names := queryName.FindAllStringSubmatch(string(text), -1)
	for i, query := range queryName.Split(string(text), -1)[1:] {
		name := names[i][1]
		if !strings.HasPrefix(name, "Members") {
			continue
		}
		query = argument.ReplaceAllStringFunc(query, func(arg string) string { return planArguments[argument.FindStringSubmatch(arg)[1]] })
		var plan string
		if err := conn.QueryRow(t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) "+query).Scan(&plan); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		// A statement that finds nobody shows no way.
		if looked++; !regexp.MustCompile(`"Node Type": "[A-Za-z ]*Index[^}]*"Actual Rows": [1-9]`).MatchString(plan) {
			t.Errorf("%s reads nothing along an index: %s", name, plan)
		}
		for _, rows := range regexp.MustCompile(`"Actual Rows": (\d{4,})|"Rows Removed by Filter": (\d{4,})|"Node Type": "Seq Scan",[^}]*"Relation Name": "subscription\w*"`).FindAllString(plan, -1) {
			t.Errorf("%s reads %s of 257: %s", name, rows, plan)
		}
	}
	if looked == 0 {
		t.Error("no statement was looked at")
	}
}
