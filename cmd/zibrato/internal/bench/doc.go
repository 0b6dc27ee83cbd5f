// Package bench is `zibrato bench`: what Zibrato costs on the machine that it runs on. [Run] measures what one call of each kind costs, beside
// reading the clock, and what share of a core 100,000 timers a second take, from the call to the backend's window:
//
//	child: work, recorder, publisher ──> forwarder ──> subscriber ──> backend
//	                                     └───────────── in the parent ─────┘
//
// The child is the same program, started again to run [Child], so that each side's processor time can be told. It ends when its stdin does, and so
// never outlives its parent. [Report] is what comes out, for people and for programs.
package bench
