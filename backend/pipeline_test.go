//go:build cgo

package backend_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
	"github.com/zibrato/zibrato/subscriber"
)

// patience is how long a test waits for what has to happen. Nothing waits that long unless the test fails.
const patience = time.Minute

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func forward(t testing.TB) *forwarder.Forwarder {
	t.Helper()
	f, err := forwarder.Start(forwarder.Config{In: "tcp://127.0.0.1:0", Out: "tcp://127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func publish(t testing.TB, rec *zibrato.Recorder, f *forwarder.Forwarder) *publisher.Publisher {
	t.Helper()
	p, err := publisher.Start(publisher.Config{Recorder: rec, Endpoint: f.InAddr()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// pipeline is a backend behind a forwarder, that knows up to where each process was heard.
type pipeline struct {
	*subscriber.Subscriber
	backend *backend.Backend

	mu      sync.Mutex
	marks   map[string]int64             // totals of the counter "mark", by recorder and level
	learned map[string]*metric.Aggregate // of all windows, by level, name and process
}

func receive(t testing.TB, f *forwarder.Forwarder, d metric.Detail, levels ...metric.Level) *pipeline {
	t.Helper()
	sub, err := subscriber.Start(subscriber.Config{From: f.OutAddr(), Levels: levels, Detail: d})
	if err != nil {
		t.Fatal(err)
	}
	p := &pipeline{Subscriber: sub, marks: make(map[string]int64), learned: make(map[string]*metric.Aggregate)}
	if p.backend, err = backend.Start(backend.Config{From: p, Sinks: []backend.Sink{keeper{p}}, Interval: time.Hour}); err != nil {
		sub.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() { p.backend.Close() })
	return p
}

func (p *pipeline) Receive(ctx context.Context, deliver func(*metric.Batch)) error {
	return p.Subscriber.Receive(ctx, func(b *metric.Batch) {
		deliver(b)
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, e := range b.Entries {
			if e.Series.Name == "mark" {
				p.marks[b.Process.Recorder.String()+string(b.Level)] = e.After.Sum.Int()
			}
		}
	})
}

// awaitMark waits until the mark of every recorder has come on every level.
func (p *pipeline) awaitMark(t *testing.T, mark int64, recs []*zibrato.Recorder, levels ...metric.Level) {
	t.Helper()
	await(t, fmt.Sprint("everything up to mark ", mark, " has come"), func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, rec := range recs {
			for _, l := range levels {
				if p.marks[rec.ID().String()+string(l)] < mark {
					return false
				}
			}
		}
		return true
	})
}

// finish ends the backend and returns what all its windows say.
func (p *pipeline) finish(t *testing.T) map[string]*metric.Aggregate {
	t.Helper()
	if err := p.backend.Shutdown(within(t)); err != nil {
		t.Fatal(err)
	}
	return p.learned
}

// keeper is a sink that adds windows up, without what recorders say of themselves.
type keeper struct{ *pipeline }

func (k keeper) Write(_ context.Context, w *metric.Window) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, a := range w.Series {
		if strings.HasPrefix(a.Name, "zibrato.") || a.Name == "mark" {
			continue
		}
		key := string(a.Level) + " " + a.Name + a.Tag("process")
		sum := k.learned[key]
		if sum == nil {
			sum = &metric.Aggregate{Series: a.Series}
			k.learned[key] = sum
		}
		sum.Count += a.Count
		sum.Sum += a.Sum
		sum.IntSum += a.IntSum
		sum.Detail.Merge(&a.Detail)
	}
	return nil
}

func (keeper) Close(context.Context) error { return nil }

// oracle is what was called in all processes, by level, name and process.
type oracle struct {
	mu     sync.Mutex
	series map[string]*called
}

type called struct {
	kind   metric.Kind
	values []float64 // in units; of counters and up-down counters, what was added
	ints   int64
	last   float64
}

func (o *oracle) call(key string, k metric.Kind, v float64, i int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := o.series[key]
	if c == nil {
		c = &called{kind: k}
		o.series[key] = c
	}
	c.values, c.ints, c.last = append(c.values, v), c.ints+i, v
}

var bothLevels = []metric.Level{metric.Info, metric.Debug}

// play calls instruments of all kinds at random, as one goroutine of a process.
func play(rec *zibrato.Recorder, process int, r *rand.Rand, o *oracle) {
	tag := strconv.Itoa(process)
	for range 3000 {
		l := bothLevels[r.IntN(2)]
		z := rec.With(zibrato.AtLevel(l))
		key, which := string(l)+" ", strconv.Itoa(r.IntN(3))
		switch r.IntN(7) {
		case 0, 1:
			d := time.Duration(math.Exp(r.NormFloat64()*3 + 13)) // 200 ns to 10 ms and beyond, for the most part
			z.Observe("timer"+which, d)
			o.call(key+"timer"+which, metric.Timer, float64(d)/1e9, int64(d))
		case 2:
			n := r.Int64N(1000)
			z.Count("counter"+which, n)
			o.call(key+"counter"+which, metric.Counter, float64(n), n)
		case 3:
			n := r.Int64N(21) - 10
			z.NewUpDown("updown" + which).Add(n)
			o.call(key+"updown"+which, metric.UpDown, float64(n), n)
		case 4:
			v := r.NormFloat64()
			rec.With(zibrato.AtLevel(l), zibrato.Tag("process", tag)).Set("gauge"+which, v)
			o.call(key+"gauge"+which+tag, metric.Gauge, v, 0)
		case 5:
			v := float64(r.IntN(1 << r.IntN(20))) // whole numbers add up without rounding, in any order
			z.Record("distribution"+which, v)
			o.call(key+"distribution"+which, metric.Distribution, v, 0)
		case 6:
			z.Time("real")()
			o.call(key+"real", metric.Timer, math.NaN(), 0)
		}
		if r.IntN(200) == 0 {
			time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond) // so that there are many batches
		}
	}
}

func TestSamplesAndSummariesComeToTheSame(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { testAgreement(t, seed) })
	}
}

func testAgreement(t *testing.T, seed uint64) {
	fwd := forward(t)
	single, folded := receive(t, fwd, subscriber.Samples, bothLevels...), receive(t, fwd, subscriber.Summaries, bothLevels...)
	all := &oracle{series: make(map[string]*called)}
	var recs []*zibrato.Recorder
	var pubs []*publisher.Publisher
	var calling sync.WaitGroup
	for n := range 3 {
		rec := zibrato.New(zibrato.Config{Source: "test", SummaryEvery: 50 * time.Millisecond})
		pub := publish(t, rec, fwd)
		await(t, "both backends subscribe", func() bool { s := pub.Stats(); return s.SamplesTopics == 2 && s.SummariesTopics == 2 })
		calling.Go(func() { play(rec, n, rand.New(rand.NewPCG(seed, uint64(n))), all) })
		recs, pubs = append(recs, rec), append(pubs, pub)
	}
	calling.Wait()
	mark(t, recs, pubs)
	single.awaitMark(t, 1, recs, bothLevels...)
	folded.awaitMark(t, 1, recs, bothLevels...)
	samples, summaries := single.finish(t), folded.finish(t)

	for d, p := range map[metric.Detail]*pipeline{subscriber.Samples: single, subscriber.Summaries: folded} {
		if st := p.backend.Stats(); st.LostBatches+st.LostSamples+st.Duplicates != 0 || (st.Samples == 0) != (d == subscriber.Summaries) || (st.Summaries == 0) != (d == subscriber.Samples) {
			t.Errorf("%v: %+v", d, st)
		}
	}
	if len(samples) != len(all.series) || len(summaries) != len(all.series) {
		t.Errorf("%d series in samples, %d in summaries; %d were called", len(samples), len(summaries), len(all.series))
	}
	for key, c := range all.series {
		a, b := samples[key], summaries[key]
		if a == nil || b == nil {
			t.Errorf("%s is missing", key)
			continue
		}
		c.check(t, key+" in samples", a)
		c.check(t, key+" in summaries", b)
		if a.Count != b.Count || a.IntSum != b.IntSum || a.Kind == metric.Distribution && a.Sum != b.Sum {
			t.Errorf("%s: %d, %d, %g in samples, %d, %d, %g in summaries", key, a.Count, a.IntSum, a.Sum, b.Count, b.IntSum, b.Sum)
		}
		if c.kind == metric.Timer || c.kind == metric.Distribution {
			x, y := a.Detail, b.Detail
			x.Last, y.Last = 0, 0 // of whichever process was heard last
			if diff := cmp.Diff(x, y, cmp.AllowUnexported(metric.Histogram{}), cmpopts.EquateApprox(1e-9, 0), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s (-samples +summaries):\n%s", key, diff)
			}
		}
	}
}

// mark makes every process send what it has, and after that the counter "mark".
func mark(t *testing.T, recs []*zibrato.Recorder, pubs []*publisher.Publisher) {
	t.Helper()
	for i, pub := range pubs {
		for _, l := range bothLevels {
			recs[i].With(zibrato.AtLevel(l)).Inc("mark")
		}
		if err := pub.Flush(within(t)); err != nil {
			t.Fatal(err)
		}
	}
}

// check compares what a backend learned with what was called.
func (c *called) check(t *testing.T, what string, a *metric.Aggregate) {
	t.Helper()
	if a.Count != uint64(len(c.values)) {
		t.Errorf("%s: count %d, %d calls were made", what, a.Count, len(c.values))
	}
	if a.Kind == metric.Counter {
		if a.IntSum != c.ints || a.HasDetail() {
			t.Errorf("%s: sum %d, want %d, without detail", what, a.IntSum, c.ints)
		}
		return
	}
	d := &a.Detail
	if c.kind == metric.UpDown { // one value for each drain; the last is that of all processes together
		if d.Count == 0 || d.Last != float64(c.ints) {
			t.Errorf("%s: last %g of %d, want %d", what, d.Last, d.Count, c.ints)
		}
		return
	}
	if d.Count != a.Count {
		t.Errorf("%s: %d of %d calls in detail", what, d.Count, a.Count)
	}
	if math.IsNaN(c.values[0]) {
		return // nobody knows how long these took
	}
	raw := slices.Sorted(slices.Values(c.values))
	slack := 0
	switch c.kind {
	case metric.Timer:
		if a.IntSum != c.ints {
			t.Errorf("%s: sum %d ns, want %d", what, a.IntSum, c.ints)
		}
	case metric.Distribution:
		sum := 0.0
		for _, v := range raw {
			sum += v
		}
		if a.Sum != sum {
			t.Errorf("%s: sum %g, want %g", what, a.Sum, sum)
		}
	case metric.Gauge:
		if d.Last != c.last {
			t.Errorf("%s: last %g, want %g", what, d.Last, c.last)
		}
		slack = 2 // for its last value a recorder gives up another
	}
	if slack == 0 && (d.Min != raw[0] || d.Max != raw[len(raw)-1]) {
		t.Errorf("%s: %g to %g, want %g to %g", what, d.Min, d.Max, raw[0], raw[len(raw)-1])
	}
	for _, q := range []float64{0, 0.01, 0.25, 0.5, 0.9, 0.99, 1} {
		rank := max(int(math.Ceil(q*float64(len(raw)))), 1) - 1
		low, high := raw[max(rank-slack, 0)], raw[min(rank+slack, len(raw)-1)]
		if got := d.Quantile(q); got < low-0.011*math.Abs(low) || got > high+0.011*math.Abs(high) {
			t.Errorf("%s: quantile %g is %g, want %g to %g within 1.1 %%", what, q, got, low, high)
		}
	}
}
