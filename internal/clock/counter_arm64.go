//go:build (linux || darwin) && !zibrato_portable

package clock

const counterName = "cntvct"

// CoarseShift turns ticks into the coarse ticks of a record: uint32(ticks >> CoarseShift). The counter runs at 24 MHz to 1 GHz, so
// their units are 5.3 to 0.13 µs; they wrap after 9 minutes or more.
const CoarseShift = 7

// trusted has nothing to ask: the counter has a fixed frequency and is the same on all processors by architecture (Arm ARM DDI 0487,
// chapter "The Generic Timer in AArch64 state"). Linux keeps programs from reading those that are known to be faulty, and emulates them:
// https://docs.kernel.org/arch/arm64/silicon-errata.html. They are then too dear.
func trusted() error { return nil }
