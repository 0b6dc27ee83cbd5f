// Package measure compares what small operations cost on a machine that others use, too: in short slices of each, turn by turn,
// of which it takes medians. What disturbs the machine for a while then disturbs all operations alike, and a minority of slices.
//
// It serves the benchmarks and the program; the library does not need it.
package measure
