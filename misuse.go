package zibrato

import (
	"fmt"
	"slices"

	"github.com/zibrato/zibrato/metric"
)

// What a recorder says about itself, at level info.
const (
	misuseName_  = "zibrato.misuse"         // counter, tag reason: calls that were wrong, and what was made legal
	overflowName = "zibrato.overflow"       // one series of each kind: the calls that found no series of their own
	refusedName  = "zibrato.series.refused" // counter: look-ups that found no room for a series
	lostName     = "zibrato.samples.lost"   // counter: samples whose count and sum were kept, but not they themselves
)

type misuse int

const (
	misuseNegative  misuse = iota // a negative count or duration
	misuseNotFinite               // NaN or an infinity
	misuseArity                   // a vector was asked with too few or too many values
	misuseName                    // a name, source or tag was made legal
	misuseLevel                   // a level was made legal
	misuseTags                    // too many tags
	misusePanic                   // a gauge's function panicked
	misuseSlow                    // a gauge's function did not answer in time
	misuses
)

var misuseReasons = [misuses]string{"negative", "not_finite", "arity", "name", "level", "tags", "panic", "slow"}

func (r *Recorder) misuse(m misuse, s *series) { r.misuseOf(m, s.desc.Name) }

// misuseOf counts a wrong call, and says so the first times.
func (r *Recorder) misuseOf(m misuse, name string) {
	if !worthNotice(r.misused[m].Inc()) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.noticeLocked("wrong call (%s) of %q is ignored", misuseReasons[m], clip(name))
}

// worthNotice picks the 1st, 2nd, 4th, 8th … of a kind: neither silence nor a flood.
func worthNotice(n int64) bool { return n&(n-1) == 0 }

// countIllegal counts what had to be made legal in a new series. The caller holds mu.
func (r *Recorder) countIllegal(name string, a attributes, d *metric.Series) {
	if _, ok := metric.LegalName(name); !ok {
		r.illegal(misuseName, "name %q is not legal and is called %q", clip(name), d.Name)
	}
	if _, ok := metric.LegalName(a.source); !ok && a.source != "" {
		r.illegal(misuseName, "source %q is not legal and is called %q", clip(a.source), d.Source)
	}
	keys := map[string]bool{}
	for _, t := range a.tags {
		legal, ok := metric.LegalTag(t)
		if !ok {
			r.illegal(misuseName, "tag %q=%q is not legal and is called %q=%q", clip(t.Key), clip(t.Value), legal.Key, legal.Value)
		}
		keys[legal.Key] = true
	}
	if len(keys) > metric.MaxTags {
		r.illegal(misuseTags, "%q has %d tags: all but %d are dropped", clip(d.Name), len(keys), metric.MaxTags)
	}
}

// illegal counts something that was made legal, and says so the first times. The caller holds mu.
func (r *Recorder) illegal(m misuse, format string, args ...any) {
	if worthNotice(r.misused[m].Inc()) {
		r.noticeLocked(format, args...)
	}
}

// noticeLocked keeps something for the logs of those who consume. The caller holds mu.
func (r *Recorder) noticeLocked(format string, args ...any) {
	n := fmt.Sprintf(format, args...)
	if len(r.notices) < maxNotices && !slices.Contains(r.notices, n) {
		r.notices = append(r.notices, n)
	}
}

// maxNotices bounds what waits to be logged.
const maxNotices = 16

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}

// addOwnSeries adds the series that the recorder keeps about itself. The caller holds mu.
func (r *Recorder) addOwnSeries() {
	info := r.levels[LevelInfo]
	add := func(k metric.Kind, name, help string, read func() int64, tags ...metric.Tag) *series {
		d := metric.Series{Kind: k, Level: LevelInfo, Name: name, Help: help, Tags: tags}
		if k == metric.Timer {
			d.Unit = "s"
		}
		s := r.addSeries(d.Key(), d, info)
		s.read = read
		r.own++
		return s
	}
	for _, k := range metric.Kinds {
		r.overflow[k] = add(k, overflowName, "calls that found no series of their own", nil)
	}
	for m := range misuses {
		add(metric.Counter, misuseName_, "wrong calls of instruments, and names that were made legal", r.misused[m].Load, metric.Tag{Key: "reason", Value: misuseReasons[m]})
	}
	add(metric.Counter, refusedName, "look-ups that found no room for a series", r.overflowed.Load)
	r.lostAt = add(metric.Counter, lostName, "samples of which only count and sum were kept", r.lost.Load)
}

func newHandle(r *Recorder, s *series, l *level) any {
	i := instrument{l.on, r, s}
	switch s.kind {
	case metric.Timer:
		return &Timer{i}
	case metric.Counter:
		return &Counter{i}
	case metric.UpDown:
		return &UpDown{i}
	case metric.Gauge:
		return &Gauge{i}
	default:
		return &Distribution{i}
	}
}
