package backend

import (
	"fmt"
	"testing"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// BenchmarkFold shows what a call costs that a batch tells of, by how many of them there are of each of its series.
func BenchmarkFold(b *testing.B) {
	for _, d := range details {
		for _, per := range []int{1, 16, 256} {
			b.Run(fmt.Sprintf("detail=%v/calls=%d", d, per), func(b *testing.B) { benchmarkFold(b, per, d) })
		}
	}
}

func benchmarkFold(b *testing.B, per int, d metric.Detail) {
	const calls = 4096
	f := testFold(Config{})
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
	for b.Loop() {
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
