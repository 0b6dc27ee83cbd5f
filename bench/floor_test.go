package bench

import (
	"testing"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/internal/measure"
)

func emptyStop() func() { return func() {} }

// deferred is the cheapest function of the form defer f()(): f returns an empty closure.
func deferred() { defer emptyStop()() }

func nowAndSince() { defer discardSince(time.Now()) }

func discardSince(begun time.Time) { _ = time.Since(begun) }

var word atomic.Int64

var (
	twoTicks = measure.Case{Name: "2-ticks", Run: func(n int) {
		for range n {
			measure.Ticks()
			measure.Ticks()
		}
	}}
	timeNow = measure.Case{Name: "time.Now", Run: func(n int) {
		for range n {
			time.Now()
		}
	}}
	emptyDefer = measure.Case{Name: "defer", Run: func(n int) {
		for range n {
			deferred()
		}
	}}
	atomicAdd = measure.Case{Name: "atomic.Add", Run: func(n int) {
		for range n {
			word.Add(1)
		}
	}}
)

// BenchmarkFloor is what the calls of Zibrato are compared with, on one processor. 2-ticks are two raw readings of the processor's counter.
func BenchmarkFloor(b *testing.B) {
	clock.Calibrate() // as when a consumer comes: clock.Ticks is another clock until then
	begun := time.Now()
	for _, c := range []measure.Case{
		twoTicks,
		timeNow,
		emptyDefer,
		atomicAdd,
		{Name: "call", Run: func(n int) {
			for range n {
				harness.Nothing()
			}
		}},
		{Name: "time.Since", Run: func(n int) {
			for range n {
				time.Since(begun)
			}
		}},
		{Name: "time.Now+Since", Run: func(n int) {
			for range n {
				nowAndSince()
			}
		}},
		{Name: "clock.Ticks", Run: func(n int) {
			for range n {
				clock.Ticks()
			}
		}},
	} {
		b.Run("of="+c.Name, func(b *testing.B) { harness.Report(b, harness.Compare(b, harness.CallSlice(1), 1, c)) })
	}
}
