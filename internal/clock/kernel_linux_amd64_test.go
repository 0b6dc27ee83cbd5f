//go:build !zibrato_portable

package clock

import (
	"os"
	"strings"
	"testing"
)

func TestTheKernelsClockSourceDecides(t *testing.T) {
	const never, mapped, always = "never", "where programs may read it", "always"
	for source, when := range map[string]string{
		"tsc":                         always,
		"kvm-clock":                   mapped,
		"hyperv_clocksource_tsc_page": mapped,
		"xen":                         mapped,
		"hpet":                        never,
		"acpi_pm":                     never,
		"hyperv_clocksource_msr":      never,
		"tsc-early":                   never,
		"":                            never,
	} {
		for _, may := range []bool{false, true} {
			err := sourceTrusts(source, func() bool { return may })
			if want := when == always || when == mapped && may; err == nil != want {
				t.Errorf("%q, which programs may read themselves: %t: %v, want it trusted %s", source, may, err, when)
			}
		}
	}
}

// Where the kernel keeps time by the TSC itself, programs read it: so does Go's own clock.
func TestProgramsReadTheTSCWithoutAskingTheKernel(t *testing.T) {
	current, err := os.ReadFile(clocksource)
	if err == nil && strings.TrimSpace(string(current)) == "tsc" && !mapped() {
		t.Error("reading the clock is found to cost as much as a system call")
	}
}
