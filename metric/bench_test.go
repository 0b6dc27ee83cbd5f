package metric

import (
	"math"
	"math/rand/v2"
	"testing"
)

// timings are seconds as timers measure them: lognormal, around 3 ms.
func timings(n int) []float64 {
	rng := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, n)
	for i := range values {
		values[i] = math.Round(3e6*math.Exp(0.5*rng.NormFloat64())) / 1e9
	}
	return values
}

func BenchmarkAdd(b *testing.B) {
	values := timings(1 << 14)
	b.Run("to=accumulator", func(b *testing.B) {
		var a Accumulator
		for i := 0; i < b.N; i++ {
			a.Add(values[i&(1<<14-1)])
		}
	})
	b.Run("to=summary", func(b *testing.B) {
		var s Summary
		for i := 0; i < b.N; i++ {
			s.Add(values[i&(1<<14-1)])
		}
	})
	b.Run("to=histogram", func(b *testing.B) {
		var h Histogram
		for i := 0; i < b.N; i++ {
			h.Add(values[i&(1<<14-1)], 1)
		}
	})
	b.Run("to=1000accumulators", func(b *testing.B) {
		a := make([]Accumulator, 1<<10)
		for i := 0; i < b.N; i++ {
			a[(i*7919)&(1<<10-1)].Add(values[i&(1<<14-1)])
		}
	})
}

// BenchmarkSummaries is of messages of 300 timers, about 64 KiB; the entries with their names and totals are part of the cost.
func BenchmarkSummaries(b *testing.B) {
	batch := summarized()
	batch.Summaries = nil
	entry := batch.Entries[0]
	batch.Entries = nil
	var a Accumulator
	for _, v := range timings(1000) {
		a.Add(v)
	}
	for i := range 300 {
		batch.Entries = append(batch.Entries, entry)
		batch.Summaries = append(batch.Summaries, EntrySummary{uint32(i), a.Summary()})
	}
	frame := AppendBatch(nil, batch)
	perSummary := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(batch.Summaries)), "ns/summary")
		b.ReportMetric(float64(len(frame))/300, "B/summary")
	}
	b.Run("do=encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			frame = AppendBatch(frame[:0], batch)
		}
		perSummary(b)
	})
	b.Run("do=decode", func(b *testing.B) {
		var got Batch
		b.ReportAllocs()
		for b.Loop() {
			if err := DecodeBatch(frame, &got); err != nil {
				b.Fatal(err)
			}
		}
		perSummary(b)
	})
	b.Run("do=merge", func(b *testing.B) {
		var s Summary
		b.ReportAllocs()
		for b.Loop() {
			for i := range batch.Summaries {
				s.Merge(&batch.Summaries[i].Summary)
			}
		}
		perSummary(b)
	})
	b.Run("do=entries", func(b *testing.B) { // decoding without the summaries
		batch.Summaries = nil
		frame := AppendBatch(nil, batch)
		var got Batch
		b.ReportAllocs()
		for b.Loop() {
			if err := DecodeBatch(frame, &got); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*300), "ns/entry")
	})
}
