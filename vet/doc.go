// Package vet finds mistakes in the use of Zibrato that compile and measure nothing, or measure at a price. cmd/zibratovet is the program for go vet
// and for the command line, package golangci the plugin for golangci-lint. [All] are the analyzers, for programs that bring several together:
//
//	func main() { multichecker.Main(vet.All()...) }
//
// docs/zibratovet.md has each finding with an example, and says what each leaves alone: an analyzer here rather misses a mistake than calls right code
// wrong.
package vet
