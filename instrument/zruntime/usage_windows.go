package zruntime

import (
	"syscall"
	"time"
)

// times are the process's own, see GetProcessTimes.
type times struct{ created, exited, kernel, user syscall.Filetime }

func processTimes() (t times, ok bool) {
	self, err := syscall.GetCurrentProcess()
	if err != nil {
		return t, false
	}
	return t, syscall.GetProcessTimes(self, &t.created, &t.exited, &t.kernel, &t.user) == nil
}

// span is a Filetime that says how long, in units of 100 ns.
func span(f syscall.Filetime) int64 { return (int64(f.HighDateTime)<<32 | int64(f.LowDateTime)) * 100 }

func (u *usage) read() {
	if t, ok := processTimes(); ok {
		u.user, u.system = span(t.user), span(t.kernel)
	}
}

func startOf() time.Time {
	if t, ok := processTimes(); ok {
		return time.Unix(0, t.created.Nanoseconds())
	}
	return loaded
}
