//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package zruntime

import (
	"io"
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
	u.files = openFiles()
	u.readProc()
}

// entries counts those of a directory of open files, without its own, some at a time: there may be a million.
func entries(path string) int64 {
	dir, err := os.Open(path)
	if err != nil {
		return unknown
	}
	defer dir.Close()
	for n := int64(-1); ; {
		names, err := dir.Readdirnames(1000)
		n += int64(len(names))
		switch {
		case err == io.EOF:
			return n
		case err != nil:
			return unknown
		}
	}
}
