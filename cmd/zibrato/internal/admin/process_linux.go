package admin

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// usage reads what the process takes; see proc(5).
func usage() (u used, ok bool) {
	var r syscall.Rusage
	var limit syscall.Rlimit
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil || syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return u, false
	}
	u.cpu = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	u.maxFiles = uint64(limit.Cur)
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return u, false
	}
	fields := strings.Fields(string(statm)) // size resident ..., in pages
	if len(fields) < 2 {
		return u, false
	}
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return u, false
	}
	u.resident = pages * uint64(os.Getpagesize())
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return u, false
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return u, false
	}
	u.files = len(names) - 1 // dir is one of them
	return u, true
}
