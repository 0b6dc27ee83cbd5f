package zruntime

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// userHz is the unit of /proc/self/stat, the same on all architectures that Go knows.
const userHz = 100

// The fields of /proc/self/stat, counted from the state, which follows the name in parentheses.
//
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
const (
	fieldThreads  = 17
	fieldStart    = 19
	fieldVirtual  = 20
	fieldResident = 21 // pages
)

// statFields returns the fields of /proc/self/stat from the state on; nil if it cannot be read.
func statFields(text []byte) [][]byte {
	i := bytes.LastIndexByte(text, ')') // the name may hold anything
	if i < 0 {
		return nil
	}
	fields := bytes.Fields(text[i+1:])
	if len(fields) <= fieldResident {
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

func (u *usage) readProc() {
	text, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return
	}
	if f := statFields(text); f != nil {
		u.threads, u.virtual = number(f[fieldThreads]), number(f[fieldVirtual])
		if pages := number(f[fieldResident]); pages != unknown {
			u.resident = pages * int64(os.Getpagesize())
		}
	}
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
