//go:build cgo && linux

package main

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"github.com/zibrato/zibrato/metric"
	"go.uber.org/atomic"
)

// planned is a series that every publisher has.
type planned struct {
	kind  metric.Kind
	level metric.Level
	name  string
	timed bool // by Start and Stop: the clock knows the sum, we do not
}

// of returns the series as a publisher has it.
func (p *planned) of(source string) series {
	return series{Kind: p.kind, Level: p.level, Name: p.name, Source: source}
}

// Levels beside debug are always on. What is recorded at debug depends on who listens.
var plan = [...]planned{
	{kind: metric.Timer, level: metric.Info, name: "timer"},
	{kind: metric.Timer, level: metric.Warning, name: "timer"},
	{kind: metric.Timer, level: metric.Info, name: "stopwatch", timed: true},
	{kind: metric.Counter, level: metric.Info, name: "counter"},
	{kind: metric.Counter, level: metric.Error, name: "counter"},
	{kind: metric.UpDown, level: metric.Info, name: "updown"},
	{kind: metric.Distribution, level: metric.Info, name: "distribution"},
	{kind: metric.Gauge, level: metric.Info, name: "gauge"},
	{kind: metric.Timer, level: metric.Debug, name: "timer"},
	{kind: metric.Counter, level: metric.Debug, name: "counter"},
}

// entry is what a publisher says of one series. Sums are integers of the series' own: nanoseconds of a timer, whole numbers of a
// distribution, the present value of an up-down counter or gauge.
type entry struct {
	begun, begunSum atomic.Int64 // before the calls
	done, doneSum   atomic.Int64 // after them
}

// truth is shared by a publisher and the harness, through a file that outlives both.
type truth struct {
	// Written by the harness.
	quiet  atomic.Uint64 // not zero: stop recording
	procs  atomic.Uint64 // what GOMAXPROCS shall be; zero: as it is
	bursts atomic.Uint64 // so many bursts are asked for

	// Written by the publisher.
	started  atomic.Uint64 // not zero: it records
	heard    atomic.Uint64 // not zero: all have subscribed
	silent   atomic.Uint64 // not zero: it has stopped
	flipped  atomic.Uint64 // how often GOMAXPROCS was set
	bursted  atomic.Uint64 // bursts done
	overflow atomic.Uint64 // calls in them

	series [len(plan)]entry
}

// openTruth maps the file, which is made where it is not there.
func openTruth(path string) (*truth, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size := int(unsafe.Sizeof(truth{}))
	if err := f.Truncate(int64(size)); err != nil {
		return nil, err
	}
	mem, err := syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping %s: %w", path, err)
	}
	return (*truth)(unsafe.Pointer(&mem[0])), nil // mapped until the process ends
}
