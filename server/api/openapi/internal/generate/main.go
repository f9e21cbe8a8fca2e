// Command generate writes openapi.yaml as the JSON that the server holds.
package main

import (
	"fmt"
	"os"

	"github.com/pushkit/pushkit/server/api/openapi/internal/fromyaml"
)

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate() error {
	source, err := os.ReadFile("openapi.yaml")
	if err != nil {
		return err
	}
	text, err := fromyaml.JSON(source)
	if err != nil {
		return fmt.Errorf("openapi.yaml: %w", err)
	}
	return os.WriteFile("openapi.gen.json", append(text, '\n'), 0o666)
}
