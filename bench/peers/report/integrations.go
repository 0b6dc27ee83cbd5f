package main

import (
	"fmt"
	"strings"
	"time"
)

// integrationsFile is where the results of bench/integrations are kept, below the root, and integrationsPage where they are published.
const (
	integrationsFile = "bench/integrations/results.json"
	integrationsPage = "docs/integrations/README.md"
)

// integrationsPlan takes three minutes.
var integrationsPlan = []step{
	{"bench/integrations", "^Benchmark(Server|ServerBody|Client|UnaryServer|UnaryClient|Exec|Query|Runtime|Log|Expvar|Gather)$", 3 * time.Second, 3},
	{"bench/integrations", "^Benchmark(AddMade|AddOption|AddAttributes|RecordMade)$", 2 * time.Second, 3},
}

// integrationsDone are the pieces of work, with what they are called.
var integrationsDone = []struct{ name, what string }{
	{"Server", "`net/http`: a request is served"},
	{"ServerBody", "`net/http`: a request with a body is served"},
	{"Client", "`net/http`: a request is sent, its response read"},
	{"UnaryServer", "gRPC: a unary call is served"},
	{"UnaryClient", "gRPC: a unary call is made"},
	{"Exec", "`database/sql`: a statement is executed"},
	{"Query", "`database/sql`: a row is queried"},
	{"Runtime", "runtime and process: one reading"},
	{"Log", "`log/slog`: a record is logged as JSON"},
	{"Expvar", "`expvar`: a Map of 100 numbers is read"},
	{"Gather", "client_golang: a registry of 240 series is recorded, or scraped"},
	{"AddMade/on=one", "OpenTelemetry's API: a counter adds, options made before"},
	{"AddMade/on=all", "the same on all cores at once"},
	{"AddOption/on=one", "OpenTelemetry's API: a counter adds, one option made before"},
	{"AddOption/on=all", "the same on all cores at once"},
	{"AddAttributes/on=one", "OpenTelemetry's API: a counter adds, `metric.WithAttributes` in the call"},
	{"AddAttributes/on=all", "the same on all cores at once"},
	{"RecordMade/on=one", "OpenTelemetry's API: a histogram records, options made before"},
	{"RecordMade/on=all", "the same on all cores at once"},
}

// integrationsSection sets the packages beside each other, by the work that they measure.
func integrationsSection(r *Results) string {
	var lines [][]string
	for _, work := range integrationsDone {
		prefix := "bench/integrations:" + work.name + "/lib="
		for _, lib := range r.under(prefix, "") {
			name := lib
			switch lib {
			case ours:
				name = "**Zibrato**"
			case "otel-sdk":
				name = "OpenTelemetry's SDK"
			case "otel-runtime":
				name = "OpenTelemetry's runtime, without the process"
			case "bare":
				name = "not measured"
				if work.name == "Runtime" {
					continue // there is nothing without it
				}
			}
			times := "–"
			own, measured := r.get(prefix+ours, "over-ns/op")
			if x, ok := r.get(prefix+lib, "x-"+ours); ok && measured && own > 0 { // else ours is lost in the noise, and nothing is a multiple of it
				times = ratio(x)
			}
			line := append([]string{work.what, name}, r.cells(prefix+lib, "ns/op", "over-ns/op")...)
			lines = append(lines, append(append(line, times), r.cells(prefix+lib, "allocs/call")...))
		}
	}
	return fmt.Sprintf("Measured on: %s. `go run ./report -only integrations` in `bench/peers` measures it anew, as `make figures` does.\n\n", r.origin()) +
		strings.TrimSpace(table([]string{"work", "package", "ns in all", "ns of measuring", "× Zibrato", "allocations"}, false, lines)) + "\n"
}
