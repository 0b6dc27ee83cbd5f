//go:build !zibrato_portable

package clock

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

// clocksource is where the kernel tells by what it keeps time: https://docs.kernel.org/admin-guide/kernel-parameters.html (clocksource=),
// kernel/time/clocksource.c.
const clocksource = "/sys/devices/system/clocksource/clocksource0/current_clocksource"

// kernelTrusts says why the kernel would not keep time by the TSC, if so.
func kernelTrusts() error {
	current, err := os.ReadFile(clocksource)
	if err != nil {
		return errors.New("the kernel does not tell its clock source")
	}
	return sourceTrusts(strings.TrimSpace(string(current)), mapped)
}

// sourceTrusts judges by the clock source in use. The clocks of hypervisors are the TSC with an offset and a scale. A kernel lets programs read them by
// themselves, on whichever processor they run, only where the hypervisor warrants that the TSCs of all processors agree (the flag
// PVCLOCK_TSC_STABLE_BIT of KVM and Xen: arch/x86/kernel/kvmclock.c, arch/x86/xen/time.c; the page of Hyper-V). Whether it would use the bare TSC, too, says less:
// hosts that move their guests or wake them from snapshots tell them not to (tsc=unstable), and such leaps are for the supervisor to see.
// Preferring anything else, such as hpet, does say something: the TSC was found unstable.
func sourceTrusts(current string, mapped func() bool) error {
	switch current {
	case "tsc":
		return nil
	case "kvm-clock", "hyperv_clocksource_tsc_page", "xen":
		if mapped() {
			return nil
		}
		return fmt.Errorf("the kernel keeps time by %s, and does not let programs read it", current)
	}
	return fmt.Errorf("the kernel keeps time by %s", current)
}

// mapped reports whether the kernel lets programs read its clock by themselves: then that costs less than asking the kernel does.
func mapped() bool {
	const clockMonotonic = 1 // of clock_gettime(2)
	asked := leastCost(func() int64 {
		var t syscall.Timespec
		syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&t)), 0)
		return t.Nsec
	})
	return 4*leastCost(nanotime) < 3*asked
}
