package backend

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/zibrato/zibrato/metric"
)

func testFold(c Config) *fold {
	c.From, c.Sinks = newSource(), []Sink{&fakeSink{}}
	c, err := c.withDefaults()
	if err != nil {
		panic(err)
	}
	return newFold(c, time.Now())
}

// truth is what was called in all processes, by name.
type truth struct {
	kind     metric.Kind
	calls    []metric.Value
	arrived  []float64 // of the samples whose batch was delivered
	count    uint64    // as the windows say
	intSum   int64
	sum      float64
	detailed uint64
}

// TestCountsAndSumsAreExactWhateverIsLost plays processes that are born before and after the backend, whose batches
// get lost and come twice, and compares the sum of all windows with the raw calls.
func TestCountsAndSumsAreExactWhateverIsLost(t *testing.T) {
	for seed := range uint64(120) {
		d := details[seed%2]
		t.Run(fmt.Sprint(d, " ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { playLoss(t, rand.New(rand.NewPCG(seed, 1)), d) })
		})
	}
}

func playLoss(t *testing.T, r *rand.Rand, d metric.Detail) {
	f := testFold(Config{})
	all := map[string]*truth{}
	var processes []*process
	kinds := []metric.Kind{metric.Timer, metric.Counter, metric.Gauge, metric.Distribution}
	for n := range 3 {
		p := newProcess(byte(n+1), time.Now(), d)
		for _, k := range kinds {
			for i := range 3 {
				name := fmt.Sprintf("%s.%d", k, i)
				p.add(series(k, name))
				all[name] = &truth{kind: k}
			}
		}
		processes = append(processes, p)
	}
	lost, twice := uint64(0), uint64(0)
	collect := func(last bool) {
		for _, a := range f.take(time.Now(), last) {
			tr := all[a.Name]
			tr.count += a.Count
			tr.intSum += a.IntSum
			tr.sum += a.Sum
			tr.detailed += a.Detail.Count
		}
	}
	for range 200 {
		time.Sleep(time.Duration(r.IntN(1000)) * time.Millisecond)
		p := processes[r.IntN(len(processes))]
		type made struct {
			tr *truth
			v  float64
		}
		var calls []made
		for range r.IntN(20) {
			s := p.series[r.IntN(len(p.series))]
			v := metric.IntValue(r.Int64N(1e9))
			if !s.series.Kind.Integer() {
				v = metric.FloatValue(float64(r.IntN(1000))) // whole numbers add up without rounding, in any order
			}
			p.call(s, v)
			tr := all[s.series.Name]
			tr.calls = append(tr.calls, v)
			calls = append(calls, made{tr, s.series.Kind.InUnits(v)})
		}
		b := p.batch(metric.Info, false)
		switch r.IntN(4) {
		case 0:
			lost++
			continue
		case 1:
			f.add(b, time.Now())
			twice++
		}
		f.add(b, time.Now())
		for _, c := range calls {
			c.tr.arrived = append(c.tr.arrived, c.v)
		}
		if r.IntN(10) == 0 {
			collect(false)
		}
	}
	for _, p := range processes {
		f.add(p.batch(metric.Info, true), time.Now())
	}
	st := f.snapshot()
	collect(true)
	unseen := uint64(0)
	for name, tr := range all {
		intSum, sum := int64(0), 0.0
		for _, v := range tr.calls {
			if tr.kind.Integer() {
				intSum += v.Int()
			} else {
				sum += v.Float()
			}
		}
		if tr.count != uint64(len(tr.calls)) {
			t.Errorf("%s: count %d, %d calls were made", name, tr.count, len(tr.calls))
		}
		if tr.intSum != intSum || tr.kind == metric.Distribution && tr.sum != sum {
			t.Errorf("%s: sum %d, %g; want %d, %g", name, tr.intSum, tr.sum, intSum, sum)
		}
		if tr.kind == metric.Counter {
			continue
		}
		if tr.detailed != uint64(len(tr.arrived)) {
			t.Errorf("%s: %d samples, %d arrived", name, tr.detailed, len(tr.arrived))
		}
		unseen += uint64(len(tr.calls) - len(tr.arrived))
	}
	if st.LostBatches != lost || st.Duplicates != twice || st.LostSamples != unseen {
		t.Errorf("lost %d batches, %d samples, %d duplicates; want %d, %d, %d", st.LostBatches, st.LostSamples, st.Duplicates, lost, unseen, twice)
	}
}

func TestDetailIsThatOfTheSamplesOfAllProcesses(t *testing.T) {
	for _, d := range details {
		t.Run(d.String(), func(t *testing.T) { testDetail(t, d) })
	}
}

func testDetail(t *testing.T, detail metric.Detail) {
	f := testFold(Config{})
	r := rand.New(rand.NewPCG(7, 7))
	var raw []float64
	for n := range 3 {
		p := newProcess(byte(n+1), time.Now(), detail)
		s := p.add(series(metric.Timer, "db.query"))
		for range 50 {
			for range 40 {
				ns := int64(math.Exp(r.NormFloat64()*2 + 14))
				p.call(s, metric.IntValue(ns))
				raw = append(raw, float64(ns)/1e9)
			}
			f.add(p.batch(metric.Info, false), time.Now())
		}
	}
	w := f.take(time.Now(), true)
	if len(w) != 1 {
		t.Fatalf("%d series, want one of all processes", len(w))
	}
	d := &w[0].Detail
	last := raw[len(raw)-1]
	slices.Sort(raw)
	if d.Count != uint64(len(raw)) || d.Min != raw[0] || d.Max != raw[len(raw)-1] || d.Last != last {
		t.Errorf("count %d min %g max %g last %g; want %d %g %g %g", d.Count, d.Min, d.Max, d.Last, len(raw), raw[0], raw[len(raw)-1], last)
	}
	for _, q := range []float64{0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1} {
		want := raw[max(int(math.Ceil(q*float64(len(raw)))), 1)-1]
		if got := d.Quantile(q); math.Abs(got-want) > 0.011*want {
			t.Errorf("quantile %g is %g, want %g within 1.1 %%", q, got, want)
		}
	}
	var mean, m2 float64
	for _, v := range raw {
		mean += v / float64(len(raw))
	}
	for _, v := range raw {
		m2 += (v - mean) * (v - mean)
	}
	if want := math.Sqrt(m2 / float64(len(raw))); math.Abs(d.StdDev()-want) > 1e-9*want {
		t.Errorf("deviation %g, want %g", d.StdDev(), want)
	}
}

func TestLateBackendTakesABaseline(t *testing.T) {
	for _, d := range details {
		t.Run(d.String(), func(t *testing.T) { testBaseline(t, d) })
	}
}

func testBaseline(t *testing.T, d metric.Detail) {
	synctest.Test(t, func(t *testing.T) {
		p := newProcess(1, time.Now(), d)
		old, young := p.add(series(metric.Counter, "old")), p.add(series(metric.Counter, "young"))
		p.call(old, metric.IntValue(100))
		p.batch(metric.Info, false) // nobody hears it
		time.Sleep(time.Minute)
		f := testFold(Config{})
		time.Sleep(time.Second)
		p.call(young, metric.IntValue(7))
		p.call(old, metric.IntValue(1))
		p.batch(metric.Info, false) // lost
		p.call(young, metric.IntValue(1))
		p.call(old, metric.IntValue(2))
		f.add(p.batch(metric.Info, false), time.Now())
		w := f.take(time.Now(), false)
		// What the old series did since the backend came and before it first heard of it cannot be told from history.
		if a := find(w, "old"); a.IntSum != 2 || a.Count != 1 {
			t.Errorf("old series grew by %d in %d calls, want 2 in 1", a.IntSum, a.Count)
		}
		if a := find(w, "young"); a.IntSum != 8 || a.Count != 2 {
			t.Errorf("series born since grew by %d in %d calls, want 8 in 2", a.IntSum, a.Count)
		}
		if n := f.snapshot().LostBatches; n != 0 {
			t.Errorf("%d batches lost, want none: what came before the first that was heard is history", n)
		}
	})
}

func TestRepeatedTotalsMakeNoSeriesAppear(t *testing.T) {
	for _, d := range details {
		t.Run(d.String(), func(t *testing.T) { testRepeated(t, d) })
	}
}

func testRepeated(t *testing.T, d metric.Detail) {
	f := testFold(Config{})
	p := newProcess(1, time.Now(), d)
	for _, k := range metric.Kinds {
		p.call(p.add(series(k, k.String())), metric.Value(0))
	}
	f.add(p.batch(metric.Info, false), time.Now())
	if n := len(f.take(time.Now(), false)); n != len(metric.Kinds) {
		t.Fatalf("%d series, want %d", n, len(metric.Kinds))
	}
	f.add(p.batch(metric.Info, true), time.Now())
	if w := f.take(time.Now(), false); len(w) != 0 {
		t.Errorf("%d series appear although nothing happened, first %s", len(w), w[0].Name)
	}
}

func TestUpDownCountersAddUpOverLivingProcesses(t *testing.T) {
	for _, d := range details {
		t.Run(d.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testUpDown(t, d) })
		})
	}
}

func testUpDown(t *testing.T, detail metric.Detail) {
	f := testFold(Config{})
	p, q := newProcess(1, time.Now(), detail), newProcess(2, time.Now(), detail)
	a, b := p.add(series(metric.UpDown, "conns")), q.add(series(metric.UpDown, "conns"))
	p.call(a, metric.IntValue(5))
	f.add(p.batch(metric.Info, false), time.Now())
	q.call(b, metric.IntValue(3))
	q.call(b, metric.IntValue(2))
	f.add(q.batch(metric.Info, false), time.Now())
	want := func(what string, count uint64, values ...float64) {
		t.Helper()
		w := f.take(time.Now(), false)
		if len(w) != 1 {
			t.Fatalf("%s: %d series", what, len(w))
		}
		var s metric.Summary
		for _, v := range values {
			s.Add(v)
		}
		got := metric.Aggregate{Count: w[0].Count, Sum: w[0].Sum, Detail: w[0].Detail}
		if d := cmp.Diff(metric.Aggregate{Count: count, Sum: s.Sum, Detail: s}, got, cmp.AllowUnexported(metric.Histogram{}), cmpopts.EquateApprox(0, 1e-9), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	want("two processes", 3, 5, 8, 7)

	p.call(a, metric.IntValue(9))
	lost := p.batch(metric.Info, false)
	lost.Samples, lost.Summaries = nil, nil
	f.add(lost, time.Now())
	want("without detail", 1, 11)

	q.call(b, metric.IntValue(4))
	last := q.batch(metric.Info, false)
	last.Final = true
	f.add(last, time.Now())
	want("one process ends", 1, 13, 9)

	time.Sleep(DefaultExpire + time.Second)
	want("the other is silent", 0, 0)
	f.add(p.batch(metric.Info, true), time.Now())
	want("it is back", 0, 9)
}

func TestTextSamplesAreCallsOneEach(t *testing.T) {
	f := testFold(Config{})
	for _, m := range []string{"info|Timer|q|0.25|1700000000|web", "info|timers|q|0.75|1700000000|web", "info|Counter|c|3|1700000000|web", "info|Counter|c|4|1700000000|web", "info|Gauge|g|-2.5|1700000000|web"} {
		var b metric.Batch
		if err := metric.DecodeText([]byte(m), &b); err != nil {
			t.Fatal(err)
		}
		f.add(&b, time.Now())
	}
	w := f.take(time.Now(), false)
	if q := find(w, "q"); q.Count != 2 || q.IntSum != 1e9 || q.Sum != 1 || q.Detail.Max != 0.75 {
		t.Errorf("timer: %+v", q)
	}
	if c := find(w, "c"); c.Count != 2 || c.IntSum != 7 || c.Sum != 7 || c.HasDetail() {
		t.Errorf("counter: %+v", c)
	}
	if g := find(w, "g"); g.Count != 1 || g.Sum != -2.5 || g.Detail.Last != -2.5 {
		t.Errorf("gauge: %+v", g)
	}
}

func TestApartKeepsHostsAndProcessesApart(t *testing.T) {
	for apart, want := range map[Apart][]string{
		None:      {""},
		ByHost:    {"hosta", "hostb"},
		ByProcess: {"hosta:26", "hostb:1", "hostb:27"},
	} {
		f := testFold(Config{Apart: apart})
		for _, n := range []byte{1, 26, 27} { // hosts b, a and b again
			f.add(counted(n, 1), time.Now())
		}
		var got []string
		for _, a := range f.take(time.Now(), false) {
			got = append(got, a.Tag(apart.String()))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%v (-want +got):\n%s", apart, d)
		}
	}
}

func TestSeriesAreBoundedAndMadeUpForLater(t *testing.T) {
	f := testFold(Config{MaxSeries: 2, MaxSeriesEach: 2})
	for _, name := range []string{"x", "y"} {
		var b metric.Batch
		if err := metric.DecodeText([]byte("info|Counter|"+name+"|1|1700000000|web"), &b); err != nil {
			t.Fatal(err)
		}
		f.add(&b, time.Now())
	}
	p := newProcess(1, time.Now(), metric.Samples)
	s := p.add(series(metric.Counter, "jobs"))
	p.call(s, metric.IntValue(5))
	f.add(p.batch(metric.Info, false), time.Now())
	if w := f.take(time.Now(), false); len(w) != 2 || f.snapshot().Overflow != 1 {
		t.Errorf("%d series, %d left out; want 2 and 1", len(w), f.snapshot().Overflow)
	}
	p.call(s, metric.IntValue(1))
	f.add(p.batch(metric.Info, false), time.Now())
	if a := find(f.take(time.Now(), false), "jobs"); a == nil || a.IntSum != 6 || a.Count != 2 {
		t.Errorf("%+v, want what was left out too", a)
	}
	for n := range byte(10) {
		f.add(counted(10+n, 1), time.Now())
	}
	if st := f.snapshot(); st.Known > 2 || st.Processes > 2 {
		t.Errorf("%d series and %d processes are remembered, want 2 at most", st.Known, st.Processes)
	}
}

func TestForgottenProcessIsNotCountedTwice(t *testing.T) {
	for _, d := range details {
		t.Run(d.String(), func(t *testing.T) { testForgotten(t, d) })
	}
}

func testForgotten(t *testing.T, d metric.Detail) {
	synctest.Test(t, func(t *testing.T) {
		f := testFold(Config{})
		p := newProcess(1, time.Now(), d)
		s := p.add(series(metric.Counter, "jobs"))
		p.call(s, metric.IntValue(5))
		f.add(p.batch(metric.Info, false), time.Now())
		f.take(time.Now(), false)
		time.Sleep(remember + time.Second)
		f.take(time.Now(), false)
		if st := f.snapshot(); st.Known != 0 || st.Processes != 0 {
			t.Fatalf("%d series of %d processes are still known", st.Known, st.Processes)
		}
		p.call(s, metric.IntValue(2))
		f.add(p.batch(metric.Info, false), time.Now())
		if a := find(f.take(time.Now(), false), "jobs"); a.IntSum != 2 {
			t.Errorf("grew by %d, want 2", a.IntSum)
		}
	})
}
