package zibrato

import (
	"math"
	"time"

	"github.com/zibrato/zibrato/internal/line"
	"github.com/zibrato/zibrato/metric"
	"go.uber.org/atomic"
)

// atomicFlag is read by every call and hardly ever written. Its type matters for inlining: Uint32 is cheaper than Bool.
type atomicFlag = atomic.Uint32

// series is one series of a recorder.
type series struct {
	_    [line.Stored]byte
	last atomic.Uint64 // a gauge's last value. On amd64 it is alone on its cache line: a series begins with one as long as it has at most 512 bytes

	r      *Recorder
	id     uint32
	kind   metric.Kind
	level  *level
	desc   metric.Series // its Source is empty where it is the recorder's
	handle any           // the instrument

	// Guarded by the mutex of the recorder's merges.
	merging *merging // what was merged and waits for the drain; nil: nothing
	merged  uint64   // calls that were merged, ever

	// Owned by the drain.
	wire    *metric.Series // desc as it is handed on; nil until it is first
	total   metric.Totals
	inCells metric.Totals // the part of total that was read from cells
	birth   time.Duration
	born    bool
	entry   [details]int       // index in the level's batch of each detail, -1: not in it
	folded  metric.Accumulator // what goes into the next summary
	burst   *burst             // what is to be folded; nil until it is lean first
	seen    uint64             // number of the last pass that changed total
	lean    uint64             // number of the last stretch in which nothing but its summary was wanted of it, a timer, which it has entered
	changed time.Duration      // uptime of the last change of total
	repeat  time.Duration      // uptime at which the totals go out again
	sent    metric.Value       // a gauge's last sample in the last batch that had one
}

// fold adds calls to the totals. A sum that has no room in its type stays at its limit: receivers take what shrinks or is not
// finite for a broken message.
func (s *series) fold(calls uint64, sum metric.Value) {
	s.total.Count += calls
	switch {
	case s.kind == metric.UpDown:
		s.total.Sum = metric.IntValue(s.total.Sum.Int() + sum.Int())
	case s.kind.Integer():
		s.total.Sum = metric.IntValue(saturate(s.total.Sum.Int(), sum.Int()))
	case s.kind == metric.Distribution:
		if t := s.total.Sum.Float() + sum.Float(); finite(t) {
			s.total.Sum = metric.FloatValue(t)
		}
	}
}

// saturate adds what is not negative.
func saturate(a, b int64) int64 {
	if a+b < a {
		return math.MaxInt64
	}
	return a + b
}

// entered reports whether the series is in all batches of its level that somebody wants.
func (s *series) entered() bool {
	wanted := s.level.wanted.Load()
	return (wanted&wantSamples == 0 || s.entry[metric.Samples] >= 0) && (wanted&wantSummaries == 0 || s.entry[metric.Summaries] >= 0)
}
