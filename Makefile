# pushkit. `make` lists the targets. Building and running needs Go and a C
# compiler; the tests need Node, browsers and PostgreSQL besides, which `make test`
# installs where it may.

SHELL := /bin/bash
GO ?= go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GOVULNCHECK := $(GO) run golang.org/x/vuln/cmd/govulncheck@v1.1.4
SQLC := CGO_ENABLED=0 $(GO) run github.com/sqlc-dev/sqlc/cmd/sqlc@v1.31.1
STORES := server/sqlite server/postgres
ADDR ?= 127.0.0.1:8080

.DEFAULT_GOAL := help
.PHONY: help tools build client run test check test-go test-wasm test-js test-browser sizes breaks package examples generate lint audit pictures bench bench-memory bench-dispatch bench-http bench-click bench-init audit-pages crash soak release clean deps node_modules

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

tools:
	@command -v $(GO) >/dev/null || { echo "pushkit needs Go $$(awk '/^go /{print $$2}' go.mod) or newer: https://go.dev/doc/install" >&2; exit 1; }
	@command -v $${CC:-cc} >/dev/null || { echo "pushkit needs a C compiler for SQLite (Debian: sudo apt-get install gcc libc6-dev)" >&2; exit 1; }

client: tools ## build the client's files into js/dist
	$(GO) run ./js/build -out js/dist

build: client ## build everything into build/pushkit, one binary
	$(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o build/pushkit ./server/cmd/pushkit

# SQLite is C, linked statically: the program runs on any Linux of its architecture.
# Another one needs its C compiler: make release ARCH=arm64 CC=aarch64-linux-gnu-gcc.
RELEASES = build/release
ARCH ?= $(shell $(GO) env GOHOSTARCH)
RELEASE = pushkit_$(patsubst v%,%,$(VERSION))_linux_$(ARCH)
TAR = tar --sort=name --mode=u+rwX,go+rX,go-w --owner=0 --group=0 --numeric-owner --mtime=@$$(git log -1 --format=%ct)

release: client ## the archive that people download, for Linux, into build/release
	rm -rf $(RELEASES)/$(RELEASE) && mkdir -p $(RELEASES)/$(RELEASE)
	CGO_ENABLED=1 GOARCH=$(ARCH) $(GO) build -trimpath -tags netgo,osusergo,sqlite_omit_load_extension \
	  -ldflags "-s -w -X main.version=$(VERSION) -linkmode external -extldflags -static" -o $(RELEASES)/$(RELEASE)/pushkit ./server/cmd/pushkit
	cp README.md CHANGELOG.md LICENSE $(RELEASES)/$(RELEASE)
	git archive HEAD:examples deploy | tar -x -C $(RELEASES)/$(RELEASE) --exclude='*_test.go' --exclude=Dockerfile --exclude=Dockerfile.dockerignore
	GOARCH= $(GO) run ./server/internal/release -ref $$(git rev-parse HEAD) $(RELEASES)/$(RELEASE)
	$(TAR) -C $(RELEASES) -cf - $(RELEASE) | gzip -9n >$(RELEASES)/$(RELEASE).tar.gz
	rm -r $(RELEASES)/$(RELEASE)
	cd $(RELEASES) && sha256sum *.tar.gz >SHA256SUMS && cat SHA256SUMS

run: build ## build and serve a demo site, with a push service of its own beside
	build/pushkit serve --addr $(ADDR) --emulator --vapid-subject https://github.com/pushkit/pushkit

test: deps build check test-go test-wasm test-js test-browser sizes ## pass all tests

check: ## vet, formatting and generated code
	$(GO) vet ./...
	GOOS=js GOARCH=wasm $(GO) vet ./wasm/... ./examples/go
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "not gofmt'ed:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	@for store in $(STORES); do (cd $$store && $(SQLC) diff) || exit 1; done

test-go: ## the Go tests, with the race detector
	$(GO) test -race -timeout 15m ./...

test-wasm: deps build ## the WebAssembly's tests, in Firefox
	GOOS=js GOARCH=wasm $(GO) test -exec "$(CURDIR)/js/test/wasm/exec.sh" ./wasm/...

package: tools node_modules ## the npm package into build/npm, and packed beside
	$(GO) run ./js/build -package build/npm
	npm pack --silent --pack-destination build ./build/npm

# They are built with npm's modules of their own, by their lock files.
EXAMPLES = examples/react examples/workbox examples/vite-pwa

examples: $(EXAMPLES:%=%/node_modules/.package-lock.json) ## build the examples that a bundler makes
	@for example in $(EXAMPLES); do (cd $$example && npm run --silent build -- --logLevel warn) || exit 1; done

examples/%/node_modules/.package-lock.json: examples/%/package-lock.json | package
	cd examples/$* && npm ci --no-audit --no-fund
	@touch $@

test-js: node_modules client examples ## the types and unit tests of loader, worker and npm package
	cd js && npm run --silent check && npm run --silent unit

test-browser: deps build examples ## the whole path, in Firefox, Chromium and WebKit
	cd js && npm run --silent browser

breaks: ## take the client's repairs away one by one, and see a test fail by each
	$(GO) run ./wasm/client/internal/breaks

sizes: ## the client's sizes as served; fails over budget
	$(GO) run ./js/build -out js/dist -sizes

generate: ## write the generated code anew
	$(GO) generate ./server/wire ./server/api/openapi
	@for store in $(STORES); do (cd $$store && $(SQLC) generate) || exit 1; done

lint: ## golangci-lint, if it is installed
	golangci-lint run ./...

# Both ask databases on the internet. Where those are out of reach nothing was
# looked at, which is said and is no failure.
audit: tools ## look for known vulnerabilities of dependencies, where their databases can be reached
	@if curl -fsS -m 20 -o /dev/null https://vuln.go.dev/index/db.json 2>/dev/null; then $(GOVULNCHECK) ./...; \
	else echo "audit: vuln.go.dev cannot be reached: Go's dependencies were not looked at"; fi
	@if command -v npm >/dev/null && (cd js && npm audit --json 2>/dev/null | grep -q auditReportVersion); then cd js && npm audit; \
	else echo "audit: npm or its registry's audit cannot be reached: npm's dependencies were not looked at"; fi

pictures: deps build ## take the docs' screenshots; some: make pictures PICTURES=portraits (or demo, elements)
	cd js && npm run --silent pictures -- $(PICTURES)

BENCH = $(GO) build -o build/bench ./server/webpush/internal/bench && build/bench

bench: tools node_modules ## the sender beside webpush-go and npm web-push, a core each for it and the push service
	$(BENCH) $(BENCH_FLAGS)

bench-memory: tools node_modules ## a million messages in a row, and the sender's memory meanwhile
	$(BENCH) -soak 1000000 $(BENCH_FLAGS)

bench-dispatch: build ## the whole server with a million subscribers, and several nodes, against the targets
	$(GO) build -o build/bench-dispatch ./server/dispatch/internal/bench && build/bench-dispatch $(BENCH_FLAGS)

crash: build ## kill server and database in the middle of broadcasts, on both stores
	$(GO) run ./server/dispatch/internal/crash $(CRASH_FLAGS)

soak: build ## 30 minutes with all faults on: counts, memory and database have to stay right
	$(GO) run ./server/dispatch/internal/soak $(SOAK_FLAGS)

bench-http: build ## the server's HTTP face against its targets, with wrk
	$(GO) build -o build/bench-http ./server/api/internal/bench && build/bench-http $(BENCH_FLAGS)

bench-click: deps build ## from click to stored, in a warm Firefox
	cd js && npm run --silent bench-click

bench-init: deps build ## what pushkit.init() costs the page's main thread, in Chromium and Firefox
	cd js && npm run --silent bench-init

# Lighthouse is large: it is installed for this alone, by its own lock file.
audit-pages: deps build js/test/lighthouse/node_modules/.package-lock.json ## Lighthouse's audits of the demo and of the elements' page
	node js/test/lighthouse/audit.mjs

js/test/lighthouse/node_modules/.package-lock.json: js/test/lighthouse/package-lock.json
	cd js/test/lighthouse && npm ci --no-audit --no-fund
	@touch $@

clean: ## remove what was built
	rm -rf build js/node_modules js/test/lighthouse/node_modules $(EXAMPLES:%=%/node_modules) $(EXAMPLES:%=%/dist) examples/react/public
	find js/dist -type f ! -name .gitignore -delete

# What the tests need besides Go.
deps: node_modules
	@js/test/deps.sh

node_modules: js/node_modules/.package-lock.json

js/node_modules/.package-lock.json: js/package-lock.json
	@command -v npm >/dev/null || js/test/deps.sh
	cd js && npm ci --no-audit --no-fund
	@touch $@
