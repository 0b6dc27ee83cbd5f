package zibrato_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// checkChain checks what holds between batches of one consumer: sequences and totals without gaps, samples that fit.
func checkChain(t *testing.T, batches []metric.Batch) {
	t.Helper()
	seq := map[metric.Level]uint64{}
	after := map[uint32]metric.Totals{}
	for _, b := range batches {
		if last, ok := seq[b.Level]; ok && b.Seq != last+1 {
			t.Errorf("level %s: batch %d follows %d", b.Level, b.Seq, last)
		}
		seq[b.Level] = b.Seq
		calls := map[uint32]uint64{}
		sums := map[uint32]int64{}
		for _, s := range b.Samples {
			calls[s.Entry]++
			sums[s.Entry] += s.Value.Int()
		}
		in := map[uint32]bool{}
		for i, e := range b.Entries {
			if in[e.ID] {
				t.Errorf("batch %d has series %d twice", b.Seq, e.ID)
			}
			in[e.ID] = true
			if e.Before != after[e.ID] {
				t.Errorf("batch %d, %s: before %+v, but the last one ended with %+v", b.Seq, e.Series.Name, e.Before, after[e.ID])
			}
			after[e.ID] = e.After
			if e.Series.Kind == metric.Timer && e.After.Count-e.Before.Count != calls[uint32(i)] {
				t.Errorf("batch %d, %s: totals grew by %d calls, samples are %d", b.Seq, e.Series.Name, e.After.Count-e.Before.Count, calls[uint32(i)])
			}
			if k := e.Series.Kind; (k == metric.Timer || k == metric.Counter) && e.After.Sum.Int()-e.Before.Sum.Int() != sums[uint32(i)] {
				t.Errorf("batch %d, %s: totals grew by %d, samples add up to %d", b.Seq, e.Series.Name, e.After.Sum.Int()-e.Before.Sum.Int(), sums[uint32(i)])
			}
			if e.Birth > b.Uptime {
				t.Errorf("batch %d, %s: born at %v, after the batch of %v", b.Seq, e.Series.Name, e.Birth, b.Uptime)
			}
		}
	}
}

func TestTotalsOfBatchesChainUp(t *testing.T) {
	r := zibrato.New(zibrato.Config{Latency: 1e6})
	c := consume(t, r, all)
	debug := r.With(zibrato.AtLevel("debug"))
	for i := range 3000 {
		r.Observe(fmt.Sprint("t", i%7), 1000)
		r.Count(fmt.Sprint("c", i%5), int64(i))
		debug.Observe("d", 17)
		r.NewUpDown("u").Add(int64(1 - 2*(i%2)))
		if i%500 == 0 {
			c.flushed(t)
		}
	}
	bs := c.flushed(t)
	checkChain(t, bs)
	if n, sum := totals(bs, "d"); n != 3000 || sum != 3000*17 {
		t.Errorf("debug totals %d and %d, want 3000 and %d", n, sum, 3000*17)
	}
	for _, b := range bs {
		if b.Process.Recorder != r.ID() || b.Process.PID == 0 || b.Process.Start.IsZero() || !b.HasTotals() {
			t.Fatalf("batch of process %+v", b.Process)
		}
		if b.Final {
			t.Errorf("batch %d of %s is final", b.Seq, b.Level)
		}
	}
}

func TestCloseDeliversAFinalBatchWithAllTotals(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	c := consume(t, r, all)
	other := consume(t, r, all)
	for i := range 100 {
		r.Count(fmt.Sprint("c", i), 2)
		r.With(zibrato.AtLevel("debug")).Inc(fmt.Sprint("d", i))
	}
	c.flushed(t)
	r.Count("last", 1)
	c.close(t)
	bs := c.delivered()
	checkChain(t, bs)
	final := map[metric.Level]int{}
	names := map[string]bool{}
	for _, b := range bs {
		if final[b.Level] > 0 {
			t.Errorf("a batch of %s follows the final one", b.Level)
		}
		if b.Final {
			final[b.Level]++
			for _, e := range b.Entries {
				names[e.Series.Name] = true
			}
		}
	}
	if final["info"] != 1 || final["debug"] != 1 {
		t.Errorf("final batches %v, want one of each level", final)
	}
	if len(names) != 201 || !names["last"] {
		t.Errorf("the final batches have %d series, want all 201", len(names))
	}
	for _, b := range other.delivered() {
		if b.Final {
			t.Error("a consumer that stays got a final batch")
		}
	}
	n := len(bs)
	r.Inc("after")
	other.flushed(t)
	if len(c.delivered()) != n {
		t.Error("a batch was delivered after Close")
	}
}

// The last batch is the final one also where a batch is full exactly before it would be.
func TestThereIsAFinalBatchHoweverManySeries(t *testing.T) {
	long := strings.Repeat("n", 240)
	for _, n := range []int{1, 150, 190, 191, 192, 193, 194, 195, 196, 197, 198, 199, 200, 205, 210, 400} {
		r := zibrato.New(zibrato.Config{})
		c := consume(t, r, all)
		for i := range n {
			r.Inc(fmt.Sprintf("%s%05d", long, i))
		}
		c.close(t)
		bs := c.delivered()
		if last := bs[len(bs)-1]; !last.Final || len(last.Entries) == 0 {
			t.Errorf("%d series: the last of %d batches is final %v with %d entries", n, len(bs), last.Final, len(last.Entries))
		}
	}
}

func TestALevelThatBecomesWantedBeginsWithAllTotals(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	c := consume(t, r, nil)
	for i := range 50 {
		r.Count(fmt.Sprint("c", i), 3)
	}
	c.flushed(t)
	if bs := c.delivered(); len(bs) != 0 {
		t.Fatalf("%d batches were delivered to one who wants none", len(bs))
	}
	for round := range 3 {
		before := len(c.delivered())
		c.Watch(only("info"), nil)
		bs := c.flushed(t)[before:]
		names := map[string]int64{}
		for _, b := range bs {
			for _, e := range b.Entries {
				names[e.Series.Name] = e.After.Sum.Int()
			}
		}
		if len(names) != 50 || names["c49"] != 3 {
			t.Errorf("round %d: totals of %d series came, want 50: %v", round, len(names), names)
		}
		c.Watch(nil, nil)
	}
}

func TestBatchesOfManyLongSeriesFitMessages(t *testing.T) {
	r := zibrato.New(zibrato.Config{MaxSeries: 20_000})
	c := consume(t, r, all)
	long := strings.Repeat("名", 80)
	tag := zibrato.Tag("k", strings.Repeat("v", 255))
	z := r.With(tag, zibrato.Source(strings.Repeat("s", 255)))
	for i := range 10_000 {
		z.Observe(fmt.Sprintf("%s%05d", long, i), 1)
	}
	bs := c.flushed(t)
	seen := map[uint32]bool{}
	for i := range bs {
		frame := metric.AppendBatch(nil, &bs[i])
		if len(frame) > 128<<10 {
			t.Errorf("batch %d takes %d bytes", bs[i].Seq, len(frame))
		}
		for _, s := range bs[i].Samples {
			if e := bs[i].Entries[s.Entry]; strings.HasPrefix(e.Series.Name, long) {
				seen[e.ID] = true
			}
		}
	}
	checkChain(t, bs)
	if len(seen) != 10_000 {
		t.Errorf("samples of %d series came, want 10,000", len(seen))
	}
}
