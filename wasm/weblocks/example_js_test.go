package weblocks_test

import (
	"context"
	"fmt"

	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/weblocks"
)

// Of all tabs of a site, one at a time subscribes.
func ExampleRequest() {
	err := weblocks.Request(context.Background(), "subscribe", func(dom.Context) error {
		fmt.Println("alone")
		return nil
	})
	fmt.Println(err)
	// Output:
	// alone
	// <nil>
}
