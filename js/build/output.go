package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/andybalholm/brotli"
)

// Names before the hash is put in.
const (
	wasmFile = "pushkit.wasm"
	execFile = "wasm_exec.js"
)

// hashLength is in hexadecimal digits: 48 bits tell builds apart.
const hashLength = 12

var hashedName = regexp.MustCompile(fmt.Sprintf(`^(pushkit|wasm_exec)\.[0-9a-f]{%d}\.(wasm|js)(\.br)?$`, hashLength))

// hashed puts the hash of content before name's extension.
func hashed(name string, content []byte) string {
	sum := sha256.Sum256(content)
	extension := filepath.Ext(name)
	return strings.TrimSuffix(name, extension) + "." + hex.EncodeToString(sum[:])[:hashLength] + extension
}

// write brings the folder to hold files, each with its .br, and no hashed file
// of an earlier build. What is there already is not compressed again: brotli takes
// seconds for the WebAssembly.
func write(folder string, files map[string][]byte) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, content := range files {
		file := filepath.Join(folder, name)
		if exists(file+".br") && (inBrotliAlone(name) || same(file, content)) {
			continue
		}
		compressed, err := compress(content)
		if err != nil {
			return err
		}
		// The .br of older content must not stand beside the new should this
		// be interrupted.
		if err := os.Remove(file + ".br"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if !inBrotliAlone(name) {
			if err := os.WriteFile(file, content, 0o644); err != nil {
				return err
			}
		}
		if err := writeWhole(file+".br", compressed); err != nil {
			return err
		}
	}
	return removeStale(folder, files)
}

// inBrotliAlone is for the WebAssembly, which is five times smaller so: what holds
// these files is to stay small, and whoever takes no brotli gets it unpacked.
func inBrotliAlone(name string) bool { return filepath.Ext(name) == ".wasm" }

// writeWhole leaves no part of a file that would be taken for it.
func writeWhole(file string, content []byte) error {
	part := file + ".part"
	if err := os.WriteFile(part, content, 0o644); err != nil {
		return err
	}
	return os.Rename(part, file)
}

func removeStale(folder string, files map[string][]byte) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		_, current := files[strings.TrimSuffix(name, ".br")]
		if current && !inBrotliAlone(name) || !hashedName.MatchString(name) {
			continue
		}
		if err := os.Remove(filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	return nil
}

func compress(content []byte) ([]byte, error) {
	var compressed bytes.Buffer
	writer := brotli.NewWriterLevel(&compressed, brotli.BestCompression)
	if _, err := writer.Write(content); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return compressed.Bytes(), nil
}

func same(file string, content []byte) bool {
	old, err := os.ReadFile(file)
	return err == nil && bytes.Equal(old, content)
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
