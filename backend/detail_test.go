package backend

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// A source may bring a level in both details, each with a sequence of its own. Counts and sums come from the totals of both, histograms from
// the detail that came first.
func TestBothDetailsOfALevelCountOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := testFold(Config{})
		p := newProcess(1, time.Now(), metric.Summaries)
		timer, open := p.add(series(metric.Timer, "q")), p.add(series(metric.UpDown, "open"))
		r := rand.New(rand.NewPCG(5, 5))
		var calls, ns int64
		for range 100 {
			for range r.IntN(5) {
				v := r.Int64N(1e6)
				calls, ns = calls+1, ns+v
				p.call(timer, metric.IntValue(v))
			}
			p.call(open, metric.IntValue(r.Int64N(10)))
			b := p.batch(metric.Info, false)
			other := *b
			other.Detail, other.Summaries, other.Samples = metric.Samples, nil, nil
			for _, s := range b.Summaries { // as many as there were, of whatever value
				for range s.Count {
					other.Samples = append(other.Samples, metric.Sample{Entry: s.Entry, Value: metric.IntValue(1e9)})
				}
			}
			f.add(b, time.Now())
			f.add(&other, time.Now())
			if r.IntN(4) == 0 {
				f.add(&other, time.Now())
			}
		}
		st := f.snapshot()
		if st.Samples != 0 || st.Summaries == 0 || st.LostBatches != 0 || st.LostSamples != 0 || st.Duplicates == 0 {
			t.Errorf("%+v", st)
		}
		w := f.take(time.Now(), true)
		if q := find(w, "q"); q.Count != uint64(calls) || q.IntSum != ns || q.Detail.Count != q.Count || q.Detail.Max >= 1 {
			t.Errorf("timer: %d calls, %d ns, %d in detail, max %g; want %d, %d", q.Count, q.IntSum, q.Detail.Count, q.Detail.Max, calls, ns)
		}
		if o := find(w, "open"); o.Count != 100 || o.Detail.Count != 100 || o.Detail.Last != float64(open.totals.Sum.Int()) {
			t.Errorf("up-down counter: %d calls, %d in detail, last %g", o.Count, o.Detail.Count, o.Detail.Last)
		}
	})
}

func TestBatchesOfADetailFromTheFutureAreLeftOut(t *testing.T) {
	f := testFold(Config{})
	b := counted(1, 5)
	b.Detail = metric.Summaries + 1
	f.add(b, time.Now())
	if w := f.take(time.Now(), true); len(w) != 0 {
		t.Errorf("%d series", len(w))
	}
}

// What one process' values do to the sum over all is what they would do one by one.
func TestSummariesOfUpDownCountersMoveWithTheOtherProcesses(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 1))
	for range 200 {
		spread, by := int64(1)<<r.IntN(20), float64(r.Int64N(2000)-1000)
		var s, want metric.Summary
		var raw []float64
		for range 1 + r.IntN(50) {
			v := float64(r.Int64N(2*spread+1) - spread)
			s.Add(v)
			want.Add(v + by)
			raw = append(raw, v)
		}
		got := shifted(&s, by)
		if got.Count != want.Count || got.Sum != want.Sum || got.Min != want.Min || got.Max != want.Max || got.Last != want.Last || math.Abs(got.M2-want.M2) > 1e-6*(1+want.M2) {
			t.Fatalf("by %g: got %+v, want %+v", by, got, want)
		}
		slices.Sort(raw)
		for _, q := range []float64{0, 0.25, 0.5, 0.9, 1} {
			v := raw[max(int(math.Ceil(q*float64(len(raw)))), 1)-1]
			// As far off as the bucket that the value lay in and the bucket that it was moved to.
			if off := math.Abs(got.Quantile(q) - (v + by)); off > 0.011*math.Abs(v)+0.011*math.Abs(v+by)*1.011+0.5 {
				t.Errorf("values to %d, by %g: quantile %g is %g, want %g", spread, by, q, got.Quantile(q), v+by)
			}
		}
		if s.Hist.Count() != s.Count {
			t.Error("the summary that was shifted changed")
		}
	}
}
