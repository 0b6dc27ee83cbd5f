//go:build unix

package measure

import (
	"syscall"
	"time"
)

// CPUTime returns the processor time that this process has used, in its own code and in the kernel's, or 0 when the
// system does not say.
func CPUTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
