package webpush

import "testing"

func TestRoute(t *testing.T) {
	services, err := ParseServices(append([]string{
		"http://127.0.0.1:8090", "fcm.googleapis.com/test=http://127.0.0.1:1", "updates.push.services.mozilla.com=https://127.0.0.1:2",
	}, VendorServices...))
	if err != nil {
		t.Fatal(err)
	}
	for endpoint, want := range map[string]string{
		"https://fcm.googleapis.com/test/x":             "http://127.0.0.1:1",
		"https://fcm.googleapis.com/fcm/send/x":         "https://fcm.googleapis.com",
		"https://updates.push.services.mozilla.com/w/x": "https://127.0.0.1:2",
		"http://127.0.0.1:8090/x":                       "http://127.0.0.1:8090",
		"https://push.example.com/x":                    "",
		"nonsense":                                      "",
	} {
		got, local, err := services.Route(endpoint)
		if got != want || (err == nil) != (want != "") || local != (want != "" && want != "https://fcm.googleapis.com") {
			t.Errorf("%s goes to %q, local %v, %v", endpoint, got, local, err)
		}
	}
}
