package zibrato

import (
	"slices"
	"weak"

	"github.com/zibrato/zibrato/metric"
)

// Level is the unit of subscription, see metric.Level. Any label of [A-Za-z0-9_.-]{1,32} that does not begin with "zs" is one.
type Level = metric.Level

// The standard levels. Unless Config.AlwaysOn says otherwise, LevelInfo and those above it are measured as soon as something
// consumes, and LevelDebug while a consumer asks for it.
const (
	LevelDebug    = metric.Debug
	LevelInfo     = metric.Info
	LevelWarning  = metric.Warning
	LevelError    = metric.Error
	LevelCritical = metric.Critical
)

// level is a level within a recorder.
type level struct {
	label  Level
	on     *atomicFlag // whether it is on. Each instrument and scope has a flag of its own. Written by the recorder under its mutex
	wanted atomicFlag  // wantSamples, wantSummaries. Set before on is, so that what is recorded for a consumer is not drained as unwanted

	// Guarded by the recorder's mutex.
	flags    []*atomicFlag              // of the level's instruments
	scopes   []weak.Pointer[atomicFlag] // of its scopes, which a program may make for each request and forget
	pruned   int                        // how many of these were left when those of forgotten ones were last taken out
	overflow [len(metric.Kinds) + 1]any // the instruments of this level that count on the overflow series, by kind

	out [details]batcher // by metric.Detail; owned by the drain
}

const (
	wantSamples   = 1 << metric.Samples
	wantSummaries = 1 << metric.Summaries

	details = 2 // metric.Samples and metric.Summaries
)

func newLevel(label Level, on *atomicFlag) *level {
	l := &level{label: label, on: on}
	for d := range l.out {
		l.out[d].detail = metric.Detail(d)
	}
	return l
}

// turn sets the flags of the level.
func (l *level) turn(on uint32) {
	if l.on.Load() == on {
		return
	}
	l.on.Store(on)
	for _, f := range l.flags {
		f.Store(on)
	}
	for _, w := range l.scopes {
		if f := w.Value(); f != nil {
			f.Store(on)
		}
	}
}

// addScope lets the level switch a scope for as long as somebody knows it.
func (l *level) addScope(f *atomicFlag) {
	f.Store(l.on.Load())
	if len(l.scopes) >= 2*l.pruned+16 {
		l.scopes = slices.DeleteFunc(l.scopes, func(w weak.Pointer[atomicFlag]) bool { return w.Value() == nil })
		l.pruned = len(l.scopes)
	}
	l.scopes = append(l.scopes, weak.Make(f))
}

// add lets the level switch an instrument.
func (l *level) add(f *atomicFlag) {
	f.Store(l.on.Load())
	l.flags = append(l.flags, f)
}
