package main

import (
	"os"
	"testing"
)

func TestGeneratedTypeScriptIsUpToDate(t *testing.T) {
	want, err := generate("..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../../js/src/wire.gen.ts")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Fatal("js/src/wire.gen.ts is not what package wire says: run make generate")
	}
}
