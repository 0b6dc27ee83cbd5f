// Command assembly has regions that are functions in assembly, with faults and without. What is wanted stands in the line.
package main

// t has the layout of T in regions.go, as far as it is read here.
type t [96]byte

func good(x *t)
func goodTail(x *t)
func goodClock(x *t)
func badClock(x *t)
func badClockTwo(x *t)
func badNil(x *t)
func badIndex(x *t)
func badOffset(x *t)
func badUnpublished(x *t)
func badOrder(x *t)
func badLoop(x *t)
func badCall(x *t)
func badLock(x *t)
func badDivision(x *t)
func badStack(x *t)

func other(*t) {}

func main() {
	for _, f := range []func(*t){good, goodTail, goodClock, badClock, badClockTwo, badNil, badIndex, badOffset, badUnpublished, badOrder, badLoop, badCall, badLock, badDivision, badStack} {
		f(nil)
	}
}
