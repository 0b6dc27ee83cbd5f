//go:build (linux || darwin) && !zibrato_portable

package clock

import "errors"

const counterName = "tsc"

// CoarseShift turns ticks into the coarse ticks of a record: uint32(ticks >> CoarseShift), units of 0.2 to 1 µs. They wrap after 14
// minutes or more.
const CoarseShift = 10

// The leaves of CPUID: Intel SDM vol. 2A, CPUID; AMD APM vol. 3, appendix E.
const (
	leafExtended = 0x80000000 // EAX: the highest extended leaf
	leafPower    = 0x80000007 // EDX bit 8: invariant TSC
	invariantTSC = 1 << 8
)

func cpuid(leaf uint32) (a, d uint32)

// trusted says why the TSC must not be used, if so.
func trusted() error {
	if highest, _ := cpuid(leafExtended); highest < leafPower {
		return errors.New("the processor does not say whether its TSC is invariant")
	}
	if _, d := cpuid(leafPower); d&invariantTSC == 0 {
		return errors.New("the processor's TSC is not invariant")
	}
	return kernelTrusts()
}
