// Package line says how words that all calls need are laid out in cache lines.
package line

const (
	// Size is that of a cache line in bytes, on amd64.
	Size = 64
	// Stored is where in its line a word lies that calls store: at the end. What they load lies before it.
	//
	// To tell whether a load wants what an earlier store, still under way, is about to write, processors compare no more than the lower 12 bits
	// of the two addresses at first, and where these are equal the load waits (AMD, Software Optimization Guide for AMD64 Processors, 25112, 5.5: false
	// dependencies; Intel, VTune Profiler User Guide: 4K aliasing). A call that stored a word makes the next one's load of another word wait so, if the
	// allocator has put them at the same place in their pages, for as long as the program runs: measured in a tenth of all layouts, where a call
	// took 1.3 to 3 times as long. In objects that begin with a line, words at different places in their lines are never at the same place in their pages.
	// What remains, in one layout of hundreds: cells, tables of pointers, and the stack, which may have any place.
	Stored = Size - 8
)
