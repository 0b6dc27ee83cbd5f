package sinks

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// calls is how many a timer has in a window.
const calls = 100

// windowOf returns a window of n series, every other one a timer, whose calls take exponentially distributed times from a millisecond on.
func windowOf(n int) *metric.Window {
	random := rand.New(rand.NewPCG(1, 1))
	start := time.Now().Truncate(time.Minute) // what is old some receivers refuse
	w := &metric.Window{Start: start, End: start.Add(10 * time.Second), Interval: 10 * time.Second}
	for i := range n {
		s := &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: fmt.Sprintf("many.%04d", i/10), Source: "bench", Tags: []metric.Tag{{Key: "shard", Value: fmt.Sprint(i % 10)}}}
		a := metric.Aggregate{Series: s, Count: 1, IntSum: 5, Sum: 5}
		if i%2 == 0 {
			s.Kind, s.Unit = metric.Timer, "s"
			a.Count, a.IntSum = calls, 0
			for range calls {
				ns := int64(1e6 + random.ExpFloat64()*1e7)
				a.IntSum += ns
				a.Detail.Add(float64(ns) / 1e9)
			}
			a.Sum = float64(a.IntSum) / 1e9
		}
		w.Series = append(w.Series, a)
	}
	slices.SortFunc(w.Series, func(a, b metric.Aggregate) int { return a.Series.Compare(b.Series) })
	return w
}

// advance makes the window the one after it, with the same content.
func advance(w *metric.Window) { w.Start, w.End = w.End, w.End.Add(w.Interval) }
