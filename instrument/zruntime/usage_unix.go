//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package zruntime

import (
	"math"
	"os"
	"syscall"
)

func (u *usage) read() {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) == nil {
		u.user, u.system = r.Utime.Nano(), r.Stime.Nano()
		u.minorFaults, u.majorFaults = int64(r.Minflt), int64(r.Majflt)
		u.voluntary, u.involuntary = int64(r.Nvcsw), int64(r.Nivcsw)
	}
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil && uint64(limit.Cur) < math.MaxInt64 { // the largest means that there is none
		u.filesLimit = int64(limit.Cur)
	}
	if dir, err := os.Open(openFiles); err == nil {
		defer dir.Close()
		if names, err := dir.Readdirnames(-1); err == nil {
			u.files = int64(len(names)) - 1 // without dir
		}
	}
	u.readProc()
}
