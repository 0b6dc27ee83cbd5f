package zruntime

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"
)

// userHz is the unit of /proc/self/stat, the same on all architectures that Go knows.
const userHz = 100

// The fields of /proc/self/stat, counted from the state, which follows the name in parentheses.
//
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
const fieldStart = 19

// statFields returns the fields of /proc/self/stat from the state on; nil if it cannot be read.
func statFields(text []byte) [][]byte {
	i := bytes.LastIndexByte(text, ')') // the name may hold anything
	if i < 0 {
		return nil
	}
	fields := bytes.Fields(text[i+1:])
	if len(fields) <= fieldStart {
		return nil
	}
	return fields
}

func number(field []byte) int64 {
	n, err := strconv.ParseInt(string(field), 10, 64)
	if err != nil {
		return unknown
	}
	return n
}

// openFiles returns how many there are. Since version 6.2 Linux tells by the directory's size, which was 0 before.
func openFiles() int64 {
	const path = "/proc/self/fd"
	if dir, err := os.Stat(path); err == nil && dir.Size() > 0 {
		return dir.Size()
	}
	return entries(path)
}

// readProc asks where the answer costs least: /proc/self/stat has all of it, and adds up all threads' times for it.
//
// https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html
func (u *usage) readProc() {
	var line [128]byte
	if f := bytes.Fields(line[:readOnce("/proc/self/statm", line[:])]); len(f) >= 2 {
		u.virtual, u.resident = bytesOf(f[0]), bytesOf(f[1])
	}
	u.threads = directories("/proc/self/task")
}

// readOnce reads what the kernel gives at once, with half the system calls of os.ReadFile. It returns how much that was.
func readOnce(path string, to []byte) int {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer syscall.Close(fd)
	n, err := syscall.Read(fd, to)
	if err != nil {
		return 0
	}
	return n
}

// bytesOf returns the size of so many pages.
func bytesOf(pages []byte) int64 {
	if n := number(pages); n != unknown {
		return n * int64(os.Getpagesize())
	}
	return unknown
}

// directories returns how many there are in a directory: each has a link to it, as has its parent, and itself.
func directories(path string) int64 {
	var s syscall.Stat_t
	if syscall.Stat(path, &s) != nil || s.Nlink < 2 {
		return unknown
	}
	return int64(s.Nlink) - 2
}

// startOf returns when the process started: so long after the system as /proc/self/stat says.
func startOf() time.Time {
	text, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return loaded
	}
	system, err := os.ReadFile("/proc/stat")
	if err != nil {
		return loaded
	}
	fields := statFields(text)
	_, rest, ok := bytes.Cut(system, []byte("\nbtime "))
	if fields == nil || !ok {
		return loaded
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	booted, ticks := number(line), number(fields[fieldStart])
	if booted == unknown || ticks == unknown {
		return loaded
	}
	return time.Unix(booted, 0).Add(time.Duration(ticks) * (time.Second / userHz))
}
