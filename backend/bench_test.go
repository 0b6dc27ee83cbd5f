package backend

import (
	"fmt"
	"testing"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// BenchmarkFold shows what a received sample costs, by how many samples a batch has of each of its series.
func BenchmarkFold(b *testing.B) {
	for _, per := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("samples=%d", per), func(b *testing.B) {
			const samples = 4096
			f := testFold(Config{})
			p := newProcess(1, time.Now())
			for i := range samples / per {
				p.add(series(metric.Timer, fmt.Sprintf("timer.%d", i)))
			}
			b.ReportAllocs()
			for n := 0; n < b.N; n += samples {
				b.StopTimer()
				for _, s := range p.series {
					for j := range per {
						p.call(s, metric.IntValue(int64(1000+j*977)))
					}
				}
				batch := p.batch(metric.Info, false)
				b.StartTimer()
				f.add(batch, time.Now())
			}
		})
	}
}
