package fetch_test

import (
	"context"
	"fmt"
	"time"

	"github.com/pushkit/pushkit/wasm/fetch"
)

func ExampleFetch() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	response, err := fetch.Fetch(ctx, "/start", fetch.Init{Headers: map[string]string{"Accept": "application/json"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response.Status, response.Header("Content-Type"))
	// Output: 200 application/json
}
