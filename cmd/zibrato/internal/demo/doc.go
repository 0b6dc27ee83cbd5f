// Package demo is `zibrato demo`: a code search service over the Go toolchain's own source text, in two processes under
// load from a third, all of them instrumented with Zibrato as any program would be, with a forwarder and a backend
// beside them. Every two seconds a table shows what the backend sees, and at the end what the instrumentation cost.
//
//	service ─┐
//	service ─┼─> forwarder ──> subscriber ──> backend ──> table
//	load ────┘   └───────────── in the parent ──────────────┘
//
// [Run] is the parent. It starts its own program again for the three others, which run [Child]. They speak with their
// parent by lines of JSON on stdin and stdout, and end when their stdin does: none outlives the parent, however that
// ends.
package demo
