package backend

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/zibrato/zibrato/backend/store"
	"github.com/zibrato/zibrato/metric"
)

// BenchmarkFold shows what a call costs that a batch tells of, by how many of them there are of each of its series, without and with a log.
func BenchmarkFold(b *testing.B) {
	for _, d := range details {
		for _, per := range []int{1, 16, 256} {
			for _, logged := range []bool{false, true} {
				b.Run(fmt.Sprintf("detail=%v/calls=%d/dir=%v", d, per, logged), func(b *testing.B) { benchmarkFold(b, per, d, logged) })
			}
		}
	}
}

func benchmarkFold(b *testing.B, per int, d metric.Detail, logged bool) {
	const calls = 4096
	f := testFold(Config{})
	flush := func() {}
	if logged {
		st := openStore(b, b.TempDir())
		flush = func() {
			_, state := f.checkpoint(time.Now(), false, true, st.NextLog())
			state.Start = time.Now()
			st.Commit(state, nil)
		}
		flush()
		defer func() {
			if s := st.Stats(); s.Unlogged+s.Failures > 0 {
				b.Errorf("%+v", s)
			}
		}()
	}
	p := newProcess(1, time.Now(), d)
	for i := range calls / per {
		p.add(series(metric.Timer, fmt.Sprintf("timer.%d", i)))
	}
	for _, s := range p.series {
		for j := range per {
			p.call(s, metric.IntValue(int64(1000+j*977)))
		}
	}
	batch := p.batch(metric.Info, false)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%256 == 255 { // before the log is full
			b.StopTimer()
			flush()
			b.StartTimer()
		}
		f.add(batch, time.Now())
		batch.Seq++
		for i := range batch.Entries { // the same calls once more
			e := &batch.Entries[i]
			grown := metric.Totals{Count: 2*e.After.Count - e.Before.Count, Sum: 2*e.After.Sum - e.Before.Sum}
			e.Before, e.After = e.After, grown
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/calls, "ns/call")
}

func openStore(b *testing.B, dir string) *store.Store {
	b.Helper()
	st, err := store.Open(store.Config{Dir: dir, Bytes: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	return st
}

// BenchmarkCheckpoint shows how long a flush of so many series holds up those who deliver batches, and how long it takes until window and state are on
// disk, and how large these are.
func BenchmarkCheckpoint(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("series=%d", n), func(b *testing.B) { benchmarkCheckpoint(b, n) })
	}
}

func benchmarkCheckpoint(b *testing.B, n int) {
	f := testFold(Config{MaxSeries: n, MaxSeriesEach: n})
	st := openStore(b, b.TempDir())
	st.Register([]string{"sink"})
	p := newProcess(1, time.Now(), metric.Summaries)
	for i := range n {
		p.add(series(metric.Timer, fmt.Sprintf("some.timer.of.a.program.%d", i)))
	}
	var held, state, window []time.Duration
	var stateBytes, windowBytes int
	for b.Loop() {
		b.StopTimer()
		for _, s := range p.series {
			p.call(s, metric.IntValue(1e6))
		}
		f.add(p.batch(metric.Info, false), time.Now())
		log := st.NextLog()
		b.StartTimer()

		begun := time.Now()
		f.mu.Lock() // what checkpoint does under it
		full := f.end(begun, false)
		know := f.state(begun)
		f.resume(log, begun)
		f.mu.Unlock()
		held = append(held, time.Since(begun))
		know.Start = begun
		begun = time.Now()
		st.Commit(know, nil)
		state = append(state, time.Since(begun))
		w := &metric.Window{Start: begun, End: begun.Add(1), Interval: time.Minute, Series: inOrder(full)}
		begun = time.Now()
		number, _, _ := st.Commit(know, w)
		window = append(window, time.Since(begun))

		b.StopTimer()
		st.Done("sink", number)
		file, _ := store.AppendWindow(nil, w)
		stateBytes, windowBytes = len(store.AppendState(nil, know)), len(file)
		b.StartTimer()
	}
	for name, took := range map[string][]time.Duration{"held": held, "state": state, "state+window": window} {
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2])/1e6, name+"-median-ms")
		b.ReportMetric(float64(took[len(took)-1])/1e6, name+"-max-ms")
	}
	b.ReportMetric(float64(stateBytes)/float64(n), "state-B/series")
	b.ReportMetric(float64(windowBytes)/float64(n), "window-B/series")
}

// BenchmarkMemory shows what a backend holds for a series: for knowing it, and beside that in a window, by the values that its calls have.
func BenchmarkMemory(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 1))
	sign := func() float64 { return float64(2*random.IntN(2) - 1) }
	for _, c := range []struct {
		name  string
		calls int // in each of the ten seconds of a window
		value func() float64
	}{
		{"one", 1, func() float64 { return 1 }},
		{"decade", 100, func() float64 { return math.Pow(10, random.Float64()) }},
		{"all", 1000, func() float64 { return sign() * math.Exp2(1000*random.Float64()-500) }},
	} {
		b.Run("values="+c.name, func(b *testing.B) {
			const n, seconds = 500, 10
			p := newProcess(1, time.Now(), metric.Summaries)
			var frames [][]byte
			for i := range n {
				s := p.add(series(metric.Distribution, fmt.Sprintf("some.series.of.a.program.%d", i)))
				for range seconds {
					for range c.calls {
						p.call(s, metric.FloatValue(c.value()))
					}
					frames = append(frames, metric.AppendBatch(nil, p.batch(metric.Info, false)))
				}
			}
			var known, window float64
			for b.Loop() {
				f := testFold(Config{})
				before := heap()
				var batch metric.Batch
				for _, frame := range frames {
					if err := metric.DecodeBatch(frame, &batch); err != nil {
						b.Fatal(err)
					}
					f.add(&batch, time.Now())
				}
				full := heap()
				f.take(time.Now(), false)
				empty := heap()
				known, window = (empty-before)/n, (full-empty)/n
				runtime.KeepAlive(f)
			}
			b.ReportMetric(known, "known-B/series")
			b.ReportMetric(window, "window-B/series")
		})
	}
}

// heap is the memory that is in use.
func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
