package bench

import (
	"runtime"
	"testing"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/ring"
)

// A stall fills a recorder's ring while its drain stands still, and empties it again.
type stall struct {
	c       *harness.Consumer
	record  func(n int)
	release func() // nil: the drain runs
}

// begin stops the drain and fills the ring on every processor, so that whatever is recorded finds no room.
func (s *stall) begin() {
	if s.release != nil {
		return
	}
	s.release = s.c.StopDrain(func() { s.record(1) })
	const records = ring.DefaultBytes / 16
	procs := runtime.GOMAXPROCS(0)
	harness.OnAll(func(int) { s.record(2 * records / procs) })
	s.record(records) // the others' processors may have been fewer
}

// end lets the drain run, and waits until the ring is empty.
func (s *stall) end() {
	if s.release != nil {
		s.release()
		s.release = nil
	}
	s.c.Flush()
}

// BenchmarkFull measures calls while the drain stands still and the ring is full, so that they can leave no record, beside the same calls
// with room in the ring: x-room is what the lack of room makes of the cost. lost-% is the share of detail that the stalls cost, to show that they did; totals
// stay exact.
func BenchmarkFull(b *testing.B) {
	r := zibrato.Default()
	c := harness.Consume(b, r)
	x := newInstruments(r.With(zibrato.Tag("scope", "1")))
	for _, call := range append(byName(), x.calls()...) {
		switch call.Name {
		case "Time", "Timer.Start+Stop", "Timer.Start+Stop,deferred", "Gauge.Set", "Distribution.Record", "Counter.Inc":
		default:
			continue
		}
		for _, w := range harness.Workers {
			b.Run("call="+call.Name+"/"+w.Name, func(b *testing.B) {
				c.Reset()
				s := &stall{c: c, record: func(n int) {
					for range n {
						x.distribution.Record(1)
					}
				}}
				full, room := call, call
				full.Name, full.Before = "full", s.begin
				room.Name, room.Before = "room", s.end
				results := harness.Compare(b, harness.CallSlice(w.N), w.N, full, room)
				s.end()
				harness.Report(b, results)
				b.ReportMetric(100*c.Lost(), "lost-%")
			})
		}
	}
}

// BenchmarkEmptyBlock measures what a timer reports of a block that does nothing: what its readings are too long by. Rivals are in bench/peers.
func BenchmarkEmptyBlock(b *testing.B) {
	r := zibrato.New(zibrato.Config{})
	c := harness.Consume(b, r)
	x := newInstruments(&r.Scope)
	for _, call := range x.calls() {
		switch call.Name {
		case "Scope.Time", "Timer.Start+Stop", "Timer.Start+Stop,deferred":
		default:
			continue
		}
		b.Run("call="+call.Name, func(b *testing.B) {
			call.Before = c.Flush
			c.Reset()
			results := harness.Compare(b, harness.CallSlice(1), 1, call)
			harness.Report(b, results)
			b.ReportMetric(c.MeanNanos(), "reported-ns")
		})
	}
}
