// Package peers sets Zibrato beside the other libraries that a Go program could be measured with, each used the way its own documentation
// recommends, at the same jobs, in the same run, in turns of a few milliseconds.
//
//	go test -run '^$' -bench . ./...
//
// It is a module of its own, so that who uses Zibrato downloads none of them. The program report, beside it, makes the tables and plots that this
// repository publishes.
//
// What is fair: nothing is exported or scraped while others are measured, except that libraries that send (datadog-go, statsd, and Zibrato's drain, which
// encodes) do so, to a socket on loopback that somebody reads. The heap holds 64 MiB, as that of an ordinary service, so that a library that allocates is not
// charged for the many collections of a small heap.
package peers
