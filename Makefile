# Two targets do everything on a fresh machine with Go, git and make: demo and test. "make help" lists all.

SHELL := /bin/sh
GO ?= go
TIMEOUT ?= 10m
BENCHTIME ?= 1s
BENCHCOUNT ?= 1
FUZZTIME ?= 10s
SEED ?= 1

# The modules; ./... does not reach from one into the other.
MODULES := $(shell sed -n 's/^\t\(\.[^ ]*\)$$/\1/p' go.work)
# Those that programs elsewhere build from: not what only measures and tests.
PUBLIC := $(filter-out ./bench/% ./servers ./examples,$(MODULES))
# Where the parts that need no ZeroMQ must build, besides here.
PLATFORMS := linux/arm64 linux/386 windows/amd64 darwin/arm64

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/\1	\2/p' $(MAKEFILE_LIST) | expand -t 16

.PHONY: setup
setup: ## install what is missing: a C compiler, pkg-config, libzmq, python3-zmq
	@sh scripts/setup.sh

.PHONY: demo
demo: build ## see it work: a search service in several processes, measured
	@bin/zibrato demo

.PHONY: build
build: setup ## build bin/zibrato
	@$(GO) build -o bin/zibrato ./cmd/zibrato

.PHONY: release
release: setup ## an archive of the program for this platform, in dist/
	@sh scripts/release.sh

.PHONY: test
test: check race nocgo cross ## the whole gate

.PHONY: check
check: setup ## formatting, vet, zibratovet, module files
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt -w these:"; echo "$$unformatted"; exit 1; }
	@$(GO) build -o bin/zibratovet ./vet/cmd/zibratovet
	@set -e; for m in $(MODULES); do (cd $$m && $(GO) vet ./... && $(GO) vet -vettool=$(CURDIR)/bin/zibratovet ./...); done
	@$(GO) mod verify >/dev/null
	@# The root module must do without the workspace, as it does for its importers.
	@GOWORK=off $(GO) vet -mod=readonly ./...

.PHONY: race
race: setup ## the tests, with the race detector
	@set -e; for m in $(MODULES); do (cd $$m && $(GO) test -race -timeout $(TIMEOUT) ./...); done

.PHONY: nocgo
nocgo: ## vet and tests of what needs no ZeroMQ, without cgo
	@set -e; for m in $(MODULES); do (cd $$m && CGO_ENABLED=0 $(GO) vet ./... && CGO_ENABLED=0 $(GO) test -timeout $(TIMEOUT) ./...); done

.PHONY: cross
cross: ## vet and builds for other platforms; the tests for 386 where they can run, and of the portable implementation
	@set -e; for p in $(PLATFORMS); do for m in $(PUBLIC); do \
		echo "$$m for $$p"; \
		(cd $$m && export CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} && $(GO) vet ./... && $(GO) build ./...); \
	done; done
	@CGO_ENABLED=0 $(GO) test -tags zibrato_portable -timeout $(TIMEOUT) . ./ring ./internal/clock
	@# Some kernels run no 32-bit programs.
	@export CGO_ENABLED=0 GOOS=linux GOARCH=386; \
	if $(GO) test -run='^$$' ./internal/clock >/dev/null 2>&1; then $(GO) test -timeout $(TIMEOUT) ./...; \
	else echo "linux/386: this machine does not run such programs, so their tests are built only"; $(GO) test -exec=true ./... >/dev/null; fi

.PHONY: test-servers
test-servers: setup ## the sinks' tests against the real receiving programs, which it brings; the first time 10 minutes
	@sh scripts/servers.sh
	@cd servers && $(GO) test -count=1 -timeout $(TIMEOUT) ./...

.PHONY: models
models: ## model checking: the ring, GOMAXPROCS, sleep and wake-up, the totals, and mutants that must be rejected; 4 minutes
	@sh scripts/setup.sh spin
	@sh models/check.sh
	@$(GO) run ./models/totals
	@$(GO) test -count=1 -timeout 1h -run Real ./models/totals -real 60

.PHONY: conserve
conserve: setup ## the conservation harness: ten minutes of faults, then the books must balance
	@$(GO) run ./conservation -for 10m -seed $(SEED)

.PHONY: conserve-short
conserve-short: setup ## the same for half a minute
	@$(GO) run ./conservation -for 30s -seed $(SEED)

.PHONY: conserve-ci
conserve-ci: setup ## the same for two minutes, with a seed of its own each day: what continuous integration runs
	@$(GO) run ./conservation -for 2m -seed $$(date +%Y%m%d)

.PHONY: attacks
attacks: setup ## attack a forwarder in every way that the tests know, and see whom it hurts; 4 minutes
	@$(GO) run ./forwarder/internal/hostile

.PHONY: mutants
mutants: setup ## let one deliberate bug after the other into a copy of the tree, and see which test notices; 20 minutes
	@$(GO) run ./conservation/mutants

.PHONY: bench
bench: setup ## what a call costs, and throughput
	@$(GO) test -run='^$$' -bench=. -benchmem -benchtime=$(BENCHTIME) -count=$(BENCHCOUNT) -timeout 60m ./...

.PHONY: figures
figures: setup ## measure everything beside the rivals, and make the published tables and plots of it; 20 minutes
	@cd bench/peers && $(GO) run ./report

.PHONY: fuzz
fuzz: setup ## each fuzz target for FUZZTIME
	@# Making every find smaller takes up to a minute each by default, which is better spent on looking for more.
	@set -e; for p in $$(for m in $(MODULES); do (cd $$m && $(GO) list ./...); done); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
			$(GO) test -run='^$$' -fuzz="^$$f\$$" -fuzztime=$(FUZZTIME) -fuzzminimizetime=10x $$p; \
		done; \
	done
