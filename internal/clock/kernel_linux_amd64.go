//go:build !zibrato_portable

package clock

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// clocksources is where the kernel tells by what it keeps time, and by what it could:
// https://docs.kernel.org/admin-guide/kernel-parameters.html (clocksource=), kernel/time/clocksource.c.
const clocksources = "/sys/devices/system/clocksource/clocksource0/"

// kernelTrusts says why the kernel would not keep time by the TSC, if so.
func kernelTrusts() error {
	current, err := os.ReadFile(clocksources + "current_clocksource")
	if err != nil {
		return errors.New("the kernel does not tell its clock source")
	}
	available, err := os.ReadFile(clocksources + "available_clocksource")
	if err != nil {
		return errors.New("the kernel does not tell its clock sources")
	}
	return sourceTrusts(string(current), string(available))
}

// sourceTrusts judges by the clock source in use and those that may be. A TSC that the kernel found unstable is no longer among them.
// The clocks of hypervisors are the TSC with an offset and a scale, so that preferring one of them says nothing against it; preferring
// anything else, such as hpet, does.
func sourceTrusts(current, available string) error {
	current = strings.TrimSpace(current)
	switch current {
	case "tsc":
		return nil
	case "kvm-clock", "hyperv_clocksource_tsc_page", "xen":
		if slices.Contains(strings.Fields(available), "tsc") {
			return nil
		}
	}
	return fmt.Errorf("the kernel keeps time by %s, of %s", current, strings.TrimSpace(available))
}
