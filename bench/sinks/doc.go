// Package sinks measures what each sink makes of a window of ten thousand series, half of them timers of a hundred calls and the rest counters, and
// what Prometheus' scrapes cost.
//
//	go test -run '^$' -bench . ./...
//
//	Window  a window to a receiver of its kind on this machine, which reads and forgets; of Prometheus' sink, which is asked, into its memory
//	Scrape  a page of what came, by the form that is asked for
//
// It is a module of its own, since the sinks for OTLP and Prometheus are. What is reported:
//
//	series/s       how many series go out in a second, one window after the other, the receiver's work included
//	cpu-ns/series  processor time for each, the receiver's included
//	B/series       what arrives of each, unzipped or not as it travels
//	held-B/series  memory that sink and receiver hold between windows
//	lost-%         over UDP, where nothing holds the sender back (Config.Rate is off), the part that the receiver was too slow to read
package sinks
