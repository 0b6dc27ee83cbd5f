package prometheus

import (
	"github.com/zibrato/zibrato/metric"
)

// ownSeries is what the sink says about itself.
type ownSeries struct{ windows, series, refused, start *series }

// addOwn takes the names of the sink's own series before anybody else can.
func (s *Sink) addOwn() {
	add := func(kind metric.Kind, name, unit, help string) *series {
		id := familyID{kind, name, unit}
		f := newFamily(id, s.claim(id), nil)
		f.help = help
		s.families = append(s.families, f)
		return f.add("", 1, nil, s.now().UnixNano())
	}
	s.own = ownSeries{
		windows: add(metric.Counter, "zibrato.exporter.windows", "", "Windows that this endpoint was told."),
		series:  add(metric.Gauge, "zibrato.exporter.series", "", "Series whose totals are kept, stale ones included."),
		refused: add(metric.Counter, "zibrato.exporter.series.refused", "", "Times that a window had a series for which there was no room."),
		start:   add(metric.Gauge, "zibrato.exporter.window.start.timestamp", "seconds", "When the last window began that this endpoint was told."),
	}
	s.sort()
}

// update tells of a window.
func (o *ownSeries) update(w *metric.Window, series, refused int) {
	o.windows.grow(1)
	o.refused.grow(int64(refused))
	o.series.value = float64(series)
	o.start.value = float64(w.Start.UnixNano()) / 1e9
}
