package backendtest

import (
	"math"
	"slices"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// series is a series and what was recorded of it in one window. It becomes an aggregate for the sink and, by other
// arithmetic than metric.Summary's, the point that should arrive.
type series struct {
	metric.Series
	calls []metric.Value // in the order they were made
	lost  int            // so many of the first calls left no detail: they are in count and sum alone
	more  uint64         // calls beside these, of a kind whose detail shows values at certain times and not calls
}

func timer(name string, nanoseconds ...int64) series {
	return series{Series: metric.Series{Kind: metric.Timer, Level: metric.Info, Name: name, Source: "backendtest", Unit: "s"}, calls: ints(nanoseconds)}
}

func counter(name string, grew ...int64) series {
	return series{Series: metric.Series{Kind: metric.Counter, Level: metric.Info, Name: name, Source: "backendtest"}, calls: ints(grew)}
}

func upDown(name string, values ...int64) series {
	return series{Series: metric.Series{Kind: metric.UpDown, Level: metric.Info, Name: name, Source: "backendtest"}, calls: ints(values)}
}

func gauge(name string, values ...float64) series {
	return series{Series: metric.Series{Kind: metric.Gauge, Level: metric.Info, Name: name, Source: "backendtest"}, calls: floats(values)}
}

func distribution(name string, values ...float64) series {
	return series{Series: metric.Series{Kind: metric.Distribution, Level: metric.Info, Name: name, Source: "backendtest", Unit: "By"}, calls: floats(values)}
}

func ints(values []int64) (vs []metric.Value) {
	for _, v := range values {
		vs = append(vs, metric.IntValue(v))
	}
	return vs
}

func floats(values []float64) (vs []metric.Value) {
	for _, v := range values {
		vs = append(vs, metric.FloatValue(v))
	}
	return vs
}

// aggregate is what a backend makes of the calls. Nothing in it is shared with s or another aggregate.
func (s *series) aggregate() metric.Aggregate {
	own := s.Series
	own.Tags = slices.Clone(s.Tags)
	a := metric.Aggregate{Series: &own, Count: uint64(len(s.calls)) + s.more}
	for i, v := range s.calls {
		switch s.Kind {
		case metric.Timer, metric.Counter:
			a.IntSum += v.Int()
		case metric.Distribution:
			a.Sum += v.Float()
		}
		if s.Kind != metric.Counter && i >= s.lost {
			a.Detail.Add(s.Kind.InUnits(v))
		}
	}
	switch s.Kind {
	case metric.Timer, metric.Counter:
		a.Sum = s.Kind.InUnits(metric.IntValue(a.IntSum))
	case metric.Gauge, metric.UpDown:
		a.Sum = a.Detail.Sum
	}
	return a
}

// point is what should arrive of the calls.
func (s *series) point(start time.Time) Point {
	p := Point{Time: start, Kind: s.Kind, Level: s.Level, Name: s.Name, Source: s.Source, Tags: slices.Clone(s.Tags), Unit: s.Unit, Help: s.Help}
	p.Count = pointer(float64(uint64(len(s.calls)) + s.more))
	var all, known []float64
	var whole int64
	for i, v := range s.calls {
		all = append(all, s.Kind.InUnits(v))
		if i >= s.lost {
			known = append(known, s.Kind.InUnits(v))
		}
		whole += v.Int()
	}
	switch {
	case s.Kind == metric.Timer:
		p.Sum = pointer(float64(whole) / 1e9)
	case s.Kind == metric.Counter:
		p.Sum = pointer(float64(whole))
		return p
	case s.Kind == metric.Distribution:
		p.Sum = pointer(sum(all))
	case len(known) > 0:
		p.Sum = pointer(sum(known))
	}
	if len(known) == 0 {
		return p
	}
	p.Min, p.Max, p.Last = pointer(slices.Min(known)), pointer(slices.Max(known)), pointer(known[len(known)-1])
	mean, squares := sum(known)/float64(len(known)), 0.0
	for _, v := range known {
		squares += (v - mean) * (v - mean)
	}
	p.StdDev = pointer(math.Sqrt(squares / float64(len(known))))
	p.Quantiles = make(map[float64]float64)
	slices.Sort(known)
	for _, q := range quantiles {
		rank := int(math.Ceil(q.fraction * float64(len(known))))
		p.Quantiles[q.fraction] = known[max(rank, 1)-1]
	}
	return p
}

func pointer(v float64) *float64 { return &v }

func sum(values []float64) (sum float64) {
	for _, v := range values {
		sum += v
	}
	return sum
}

// content is what one window holds. Every call of window makes the window anew, so that none shares memory with another.
type content struct {
	start  time.Time
	series []series
}

// interval is the flush interval of the backend that the windows pretend to come from.
const interval = 10 * time.Second

// firstStart is where the first window begins: not on the clock's grid, as after the start of a backend.
var firstStart = time.Date(2026, 3, 1, 11, 59, 57, 250e6, time.UTC)

// contents fills the nth window, counting from 0.
func contents(n int, s ...series) content {
	start := firstStart
	if n > 0 {
		start = firstStart.Truncate(interval).Add(time.Duration(n) * interval)
	}
	slices.SortFunc(s, func(a, b series) int { return a.Compare(&b.Series) })
	return content{start, s}
}

func (c *content) window() *metric.Window {
	w := &metric.Window{Start: c.start, End: c.start.Truncate(interval).Add(interval), Interval: interval}
	for i := range c.series {
		w.Series = append(w.Series, c.series[i].aggregate())
	}
	return w
}

// points is what should arrive of the window, as far as the target can express it.
func (c *content) points(h *Harness) (ps []Point) {
	for i := range c.series {
		p, arrives := c.series[i].point(c.start), true
		if h.Express != nil {
			p, arrives = h.Express(p)
		}
		if arrives {
			ps = append(ps, p)
		}
	}
	return ps
}

// scribble overwrites a window and everything in it.
func scribble(w *metric.Window) {
	for i := range w.Series {
		a := &w.Series[i]
		for j := range a.Tags {
			a.Tags[j] = metric.Tag{Key: "scribbled", Value: "scribbled"}
		}
		for _, b := range [...]*metric.Buckets{&a.Detail.Hist.Positive, &a.Detail.Hist.Negative} {
			for j := range b.Counts {
				b.Counts[j] = 1 << 40
			}
		}
		*a.Series = metric.Series{Kind: metric.Gauge, Level: "scribbled", Name: "scribbled", Source: "scribbled", Tags: a.Tags}
		a.Count, a.Sum, a.IntSum = 1<<40, -1, -1
		a.Detail.Count, a.Detail.Sum, a.Detail.M2, a.Detail.Min, a.Detail.Max, a.Detail.Last = 1<<40, -1, -1, -1, -1, -1
	}
	w.Start, w.End = time.Unix(0, 0), time.Unix(1, 0)
}
