// Package bench measures what Zibrato costs.
//
//	go test -run '^$' -bench Call -cpu 1,2 ./bench       what one call costs, beside what it is compared with
//	go test -run '^$' -bench Pipeline ./bench            records per second through the stages behind the calls
//	go test -run '^$' -bench Forwarder ./bench           the forwarder against libzmq's proxy
//
// Names of sub-benchmarks are key=value pairs, as benchstat (https://golang.org/x/perf/cmd/benchstat) reads them. The go command prints the
// processor, BenchmarkCallBaseline the version of Go. Run them on a machine that does nothing else, more than once (-count 10), and compare medians.
package bench
