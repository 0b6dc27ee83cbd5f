package zibrato

import (
	"fmt"
	"slices"

	"github.com/zibrato/zibrato/metric"
)

type misuse int

const (
	misuseNegative  misuse = iota // a negative count or duration
	misuseNotFinite               // NaN or an infinity
	misuseArity                   // a vector was asked with too few or too many values
	misuseName                    // a name, source or tag was made legal
	misuseLevel                   // a level was made legal, or was one too many
	misuseTags                    // too many tags
	misusePanic                   // a gauge's function or a consumer panicked
	misuseSlow                    // a gauge's function did not answer in time
	misuseSummary                 // a summary that cannot be one of its series
	misuses
)

var misuseReasons = [misuses]string{"negative", "not_finite", "arity", "name", "level", "tags", "panic", "slow", "summary"}

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

func (r *Recorder) consumerPanicked(fault any) {
	text := clip(fmt.Sprint(fault)) // may call the fault's methods
	r.mu.Lock()
	defer r.mu.Unlock()
	r.illegal(misusePanic, "a consumer panicked: %s", text)
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

// illegal counts something that was made legal, or replaced, and says so the first times. The caller holds mu.
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

// takeNotices returns what is to be logged, once.
func (r *Recorder) takeNotices() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.notices
	r.notices = nil
	return n
}

// maxNotices bounds what waits to be logged.
const maxNotices = 16

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
