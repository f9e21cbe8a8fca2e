package permissions_test

import (
	"context"
	"fmt"

	"github.com/pushkit/pushkit/wasm/permissions"
)

func ExampleQuery() {
	state, err := permissions.Query(context.Background(), permissions.Descriptor{Name: "notifications"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(state)
	// Output: granted
}

// A person may take the permission back in the browser's settings.
func ExampleStatus_OnChange() {
	status, err := permissions.QueryStatus(context.Background(), permissions.Descriptor{Name: "notifications"})
	if err != nil {
		fmt.Println(err)
		return
	}
	remove, err := status.OnChange(func() { fmt.Println("it is", status.State(), "now") })
	if err != nil {
		fmt.Println(err)
		return
	}
	defer remove()
	fmt.Println(status.State())
	// Output: granted
}
