// Package real starts receiving programs for tests: each as a process of its own, in a scratch directory, on ports of loopback that the
// kernel chose. A start returns when the program answers, and the end of the test ends the program, by its process id. What it said is in the
// test's log when the test fails.
package real
