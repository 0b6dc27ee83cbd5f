package demo

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ownThreadTime returns the processor time that the calling thread has used, or 0 when the system does not say.
func ownThreadTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_THREAD, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// threadTime returns the processor time that those threads of this process have used whose names begin so. Threads that
// have ended are not counted.
//
// https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
func threadTime(prefix string) (used time.Duration) {
	tasks, err := filepath.Glob("/proc/self/task/*")
	if err != nil {
		return 0
	}
	for _, task := range tasks {
		name, err := os.ReadFile(filepath.Join(task, "comm"))
		if err != nil || !strings.HasPrefix(string(name), prefix) {
			continue
		}
		stat, err := os.ReadFile(filepath.Join(task, "schedstat"))
		if err != nil {
			continue
		}
		// Nanoseconds on a processor, nanoseconds waiting for one, slices.
		onCPU, _, _ := strings.Cut(string(stat), " ")
		if ns, err := strconv.ParseInt(onCPU, 10, 64); err == nil {
			used += time.Duration(ns)
		}
	}
	return used
}
