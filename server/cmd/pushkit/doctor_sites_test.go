package main_test

import (
	"strings"
	"testing"
)

// The origins in the environment are the default site's.
func TestDoctorLooksAtTheSiteThatIsNamed(t *testing.T) {
	t.Parallel()
	folder, service := t.TempDir(), newPushService(t, nil)
	serve(t, folder).end()
	mustRun(t, folder, "sites", "create", "shop", "--origins", "http://shop.example")
	for arguments, want := range map[string]string{
		"--site shop":                    "http://shop.example",
		"--site none":                    `It has no site "none".`,
		"":                               "http://main.example",
		"--site shop http://127.0.0.1:1": "--origins of pushkit sites set shop",
	} {
		c := command(t, folder, append([]string{"doctor", "--push-services", ledTo(service.URL)}, strings.Fields(arguments)...)...)
		c.Env = append(c.Env, "PUSHKIT_ALLOWED_ORIGINS=http://main.example")
		out, _ := c.Output()
		if isShop := strings.Contains(arguments, "shop"); !strings.Contains(string(out), want) || isShop && strings.Contains(string(out), "main.example") {
			t.Errorf("%q: want %s in\n%s", arguments, want, out)
		}
	}
}
