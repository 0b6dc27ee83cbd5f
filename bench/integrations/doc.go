// Package integrations sets Zibrato's packages for what programs already use (net/http, gRPC, database/sql, log/slog, expvar, client_golang, OpenTelemetry's API) beside the established packages for the same
// job, each used the way its own documentation recommends, at the same work, in the same run, in turns of a few milliseconds.
//
//	go test -run '^$' -bench . ./...
//
// It is a module of its own, since these packages bring many others. "go run ./report -only integrations" in bench/peers makes the
// published table of it.
//
// What is fair: every package records the duration and number, what is under way, and sizes, where it can; nothing is exported or scraped while it is
// measured, but for Zibrato's drain, which encodes; the handler, the round trip, the call and the driver that are measured do nothing, so that the figures are
// those of measuring. otelgrpc is a stats.Handler: what gRPC does only where there is one is done for it, and counts.
package integrations
