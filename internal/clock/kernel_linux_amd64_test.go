//go:build !zibrato_portable

package clock

import "testing"

func TestTheKernelsClockSourceDecides(t *testing.T) {
	for _, c := range []struct {
		current, available string
		trusted            bool
	}{
		{"tsc\n", "tsc hpet acpi_pm \n", true},
		{"tsc", "tsc", true},
		{"kvm-clock\n", "kvm-clock tsc acpi_pm \n", true},
		{"kvm-clock\n", "kvm-clock acpi_pm \n", false}, // found unstable
		{"hyperv_clocksource_tsc_page\n", "hyperv_clocksource_tsc_page tsc hyperv_clocksource_msr acpi_pm\n", true},
		{"hyperv_clocksource_tsc_page\n", "hyperv_clocksource_tsc_page hyperv_clocksource_msr acpi_pm\n", false},
		{"xen\n", "xen tsc hpet acpi_pm \n", true},
		{"xen\n", "xen tsc-early hpet acpi_pm \n", false},
		{"hpet\n", "hpet acpi_pm \n", false},
		{"hpet\n", "tsc hpet acpi_pm \n", false}, // so somebody wants it
		{"hyperv_clocksource_msr\n", "hyperv_clocksource_msr tsc acpi_pm\n", false},
		{"tsc-early\n", "tsc-early hpet \n", false},
		{"", "", false},
	} {
		if err := sourceTrusts(c.current, c.available); err == nil != c.trusted {
			t.Errorf("%q of %q: %v", c.current, c.available, err)
		}
	}
}
