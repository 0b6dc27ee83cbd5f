package backend

import (
	"os"
	"path/filepath"

	"github.com/zibrato/zibrato/metric"
)

// What a backend tells of itself, in windows that have something else in them, too, and in which it has something to tell. All are counters at level info, from the program that the backend is in,
// with the tag host.
const (
	lostSamplesSeries = "zibrato.backend.samples.lost"      // calls that the totals know, and of which nothing else came; recorders tell of their own part, zibrato.samples.lost
	lostBatchesSeries = "zibrato.backend.batches.lost"      // by the gaps in their numbers
	duplicatesSeries  = "zibrato.backend.batches.duplicate" // that came again, or too late
	refusedSeries     = "zibrato.backend.series.refused"    // times that there was no room for a series
	droppedSeries     = "zibrato.backend.windows.dropped"   // in the windows of the sinks that are left

	owns = 5
)

// own is what a fold tells of its backend, and has told so far.
type own struct {
	series [owns]*metric.Series
	told   [owns]uint64
	before [owns]uint64 // what happened in the open window before a kill, and statistics know no more
}

func newOwn() *own {
	host, _ := os.Hostname()
	tag, _ := metric.LegalTag(metric.Tag{Key: "host", Value: host})
	source := "zibrato"
	if len(os.Args) > 0 {
		source, _ = metric.LegalName(filepath.Base(os.Args[0]))
	}
	o := new(own)
	for i, name := range [owns]string{lostSamplesSeries, lostBatchesSeries, duplicatesSeries, refusedSeries, droppedSeries} {
		o.series[i] = &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: name, Source: source, Tags: []metric.Tag{tag}}
	}
	return o
}

// happened is what there is to tell of. The caller holds the mutex.
func (f *fold) happened() [owns]uint64 {
	return [owns]uint64{uint64(max(f.lost, 0)), f.stats.LostBatches, f.stats.Duplicates, f.stats.Overflow, f.dropped}
}

// tell puts what is new into the open window, which it has room for in any case. The caller holds the mutex.
func (f *fold) tell() {
	if f.own == nil || len(f.open) == 0 {
		return
	}
	for i, n := range f.happened() {
		n += f.own.before[i]
		if n <= f.own.told[i] { // of what counted as lost, some came after all
			continue
		}
		s := f.own.series[i]
		f.open[s.Key()] = &metric.Aggregate{Series: s, Count: 1, IntSum: int64(n - f.own.told[i])}
		f.own.told[i] = n
	}
}

// noteDropped says how many windows the sinks have dropped so far.
func (f *fold) noteDropped(n uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dropped = n
}
