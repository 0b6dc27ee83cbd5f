package clock

import (
	"testing"
	"time"
)

var sink int64

// The counter itself is the floor of Ticks.
func BenchmarkCounter(b *testing.B) {
	for b.Loop() {
		sink = counter()
	}
}

func BenchmarkTicks(b *testing.B) {
	b.Logf("%s %s", Source(), Reason())
	for b.Loop() {
		sink = Ticks()
	}
}

func BenchmarkNanotime(b *testing.B) {
	for b.Loop() {
		sink = nanotime()
	}
}

func BenchmarkTimeNow(b *testing.B) {
	for b.Loop() {
		sink = time.Now().UnixNano()
	}
}

func BenchmarkNanos(b *testing.B) {
	n := int64(0)
	for b.Loop() {
		n += 26
		sink = Nanos(n)
	}
}

func BenchmarkWall(b *testing.B) {
	ticks, now := Ticks(), time.Now()
	for b.Loop() {
		sink = int64(Wall(uint32(ticks>>CoarseShift)-1000, ticks, now).Nanosecond())
	}
}

func BenchmarkSuperviseEarly(b *testing.B) {
	for b.Loop() {
		Supervise()
	}
}

// What a turn of Supervise reads.
func BenchmarkSuperviseReadings(b *testing.B) {
	for b.Loop() {
		sink = tightest().ticks
	}
}
