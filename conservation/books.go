//go:build cgo && linux

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// unsettled compares the store with what living publishers say of themselves, while all is quiet and nobody has ended yet.
func (h *harness) unsettled() (wrong []string) {
	for _, backend := range []string{"kept", "plain"} {
		known := h.store.sum(backend)
		for _, l := range h.living() {
			for i, p := range plan {
				if p.level == metric.Debug {
					continue
				}
				e := &l.truth.series[i]
				s := p.of(l.source)
				f := known[s]
				if f.Count != uint64(e.done.Load()) || !p.timed && f.Sum != e.doneSum.Load() {
					wrong = append(wrong, fmt.Sprintf("%s: %v: count and sum are %d and %d, recorded were %d and %d",
						backend, s, f.Count, f.Sum, e.done.Load(), e.doneSum.Load()))
				}
			}
		}
	}
	return wrong
}

// String shows a series as people read it.
func (s series) String() string {
	return fmt.Sprintf("%s %v %s%s of %s", s.Level, s.Kind, s.Name, s.Tags, s.Source)
}

// balance compares all books after everybody has ended.
func (h *harness) balance() error {
	r := h.report
	journals := map[string]map[batchID][]told{} // of publishers, by source
	for _, l := range h.lives {
		j, err := h.balancePublisher(l)
		if err != nil {
			return err
		}
		journals[l.source] = j
	}
	for _, name := range []string{"kept", "plain", "late"} {
		if name == "late" && h.late == nil {
			continue
		}
		a, err := readAccount(h.file(name + ".journal"))
		if err != nil {
			return err
		}
		h.balanceBackend(name, a, journals)
	}
	for _, c := range h.store.conflict[:min(len(h.store.conflict), 10)] {
		r.wrong("the same key came with something else: %s", c)
	}
	r.Windows, r.Again = h.store.windows, h.store.again
	return nil
}

// balancePublisher compares what a publisher recorded with what its recorder handed to consumers, which it returns.
func (h *harness) balancePublisher(l *life) (map[batchID][]told, error) {
	r := h.report
	handed := map[series]told{}
	batches := map[batchID][]told{}
	l.born = map[series]time.Time{}
	var owed []batchID // handed on long enough before a kill
	err := readJournal(l.files.Journal, func(n *line) {
		id := batchID{stream{n.Recorder, n.Level, n.Detail}, n.Seq}
		batches[id] = n.Entries
		for _, e := range n.Entries {
			if _, ok := handed[e.Series]; !ok {
				l.born[e.Series] = time.UnixMilli(n.At)
			}
			handed[e.Series] = e
		}
		if !l.killed.IsZero() && !l.excused && n.At < l.killed.Add(-500*time.Millisecond).UnixMilli() {
			owed = append(owed, id)
		}
	})
	l.owed = owed
	for i, p := range plan {
		e := &l.truth.series[i]
		r.Recorded += uint64(e.done.Load())
		if p.level == metric.Debug {
			continue
		}
		s := p.of(l.source)
		t := handed[s]
		switch {
		case int64(t.Count) > e.begun.Load():
			r.wrong("%v: the recorder handed on %d calls of %d", s, t.Count, e.begun.Load())
		case l.killed.IsZero() && (int64(t.Count) != e.done.Load() || s.additive() && !p.timed && t.Sum != e.doneSum.Load()):
			r.wrong("%v: the recorder handed on %d and %d, recorded were %d and %d", s, t.Count, t.Sum, e.done.Load(), e.doneSum.Load())
		}
	}
	return batches, err
}

// balanceBackend compares what a backend was handed with what publishers handed on, and with what the store knows.
func (h *harness) balanceBackend(name string, a *account, journals map[string]map[batchID][]told) {
	r, known := h.report, h.store.sum(name)
	var stats backendStats
	if err := readJSON(h.file(name+".stats"), &stats); err != nil {
		r.wrong("%s: %v", name, err)
		return
	}
	bySource := map[string]*life{}
	for _, l := range h.lives {
		bySource[l.source] = l
	}
	for id, entries := range a.batches {
		for _, e := range entries {
			if said, ok := journals[e.Series.Source][id]; ok && !tells(said, e) {
				r.wrong("%s: %v, batch %d: it came as %+v, and was not sent so", name, e.Series, id.seq, e)
			}
		}
	}
	var count, detail uint64
	told := uint64(0) // what the backend told the store of samples that were lost
	for s, f := range known {
		if s.ofBackend() {
			if s.Name == "zibrato.backend.samples.lost" {
				told += uint64(f.Sum)
			}
			continue
		}
		b, l := a.totals[s], bySource[s.Source]
		if b == nil || l == nil && s.Source != textSource {
			r.wrong("%s: %v: nobody recorded it", name, s)
			continue
		}
		from := uint64(0)
		if name == "late" {
			// Births are told by age at the time of sending: a batch that was long on its way, through partitions that came one after the other, makes
			// them look later by that.
			const about, underway = 2 * time.Second, 15 * time.Second
			if l == nil {
				continue
			}
			born, known := l.born[s]
			if !known { // the publisher's journal has no level that is not always on
				born = l.begun
			}
			switch {
			case known && born.After(a.begun.Add(about)): // it counts from zero, also when it missed the first batch
			case born.After(h.lateAt.Add(-underway)) && b.before > 0:
				continue // born while it came, or perhaps after that: either is right
			default:
				from = b.before
			}
		}
		if w := b.agrees(s, f, from, l == nil); w != "" {
			r.wrong("%s: %v: %s", name, s, w)
		}
		if l == nil && int64(f.Count) > h.texter.sent.Load() {
			r.wrong("%s: %v: count is %d, sent were %d", name, s, f.Count, h.texter.sent.Load())
		}
		if l != nil && s.Kind != metric.Counter && s.Kind != metric.UpDown {
			count, detail = count+f.Count, detail+f.Detail
		}
		r.Series++
	}
	for s := range a.totals {
		if _, ok := known[s]; !ok && a.totals[s].count > a.totals[s].before && name != "late" {
			r.wrong("%s: %v: the store does not know it", name, s)
		}
	}
	if name != "late" {
		h.balanceLives(name, known, a)
	}
	if name == "plain" {
		r.Detail, r.Lost = detail, count-detail
		if stats.LostSamples != count-detail {
			r.wrong("plain: the backend counted %d samples as lost, the store misses %d of %d", stats.LostSamples, count-detail, count)
		}
		if told < stats.LostSamples { // what came late after all was told of already
			r.wrong("plain: the backend counted %d samples as lost, and told the store of %d", stats.LostSamples, told)
		}
	}
	for _, s := range stats.Sinks {
		if s.Dropped > 0 || s.Queued > 0 {
			r.wrong("%s: the sink dropped %d windows, and %d wait", name, s.Dropped, s.Queued)
		}
	}
	r.LostBatches += a.lost
	r.Duplicates += uint64(a.duplicates)
}

// balanceLives compares what publishers say of themselves with what the store knows.
func (h *harness) balanceLives(name string, known map[series]figures, a *account) {
	for _, l := range h.lives {
		for i, p := range plan {
			e := &l.truth.series[i]
			s := p.of(l.source)
			f := known[s]
			switch {
			case int64(f.Count) > e.begun.Load():
				h.report.wrong("%s: %v: count is %d, recorded were %d", name, s, f.Count, e.begun.Load())
			case p.level == metric.Debug || !l.killed.IsZero():
			case f.Count != uint64(e.done.Load()) || s.additive() && !p.timed && f.Sum != e.doneSum.Load():
				h.report.wrong("%s: %v: count and sum are %d and %d, recorded were %d and %d", name, s, f.Count, f.Sum, e.done.Load(), e.doneSum.Load())
			}
		}
		if name != "kept" {
			continue
		}
		for _, id := range l.owed {
			if a.last[id.stream] < id.seq {
				h.report.wrong("%s was killed while all was well, and its batch %d of %s, handed on half a second before, did not come", l.source, id.seq, id.level)
			}
		}
	}
}

// tells reports whether a batch says the same of a series.
func tells(entries []told, e told) bool {
	for _, o := range entries {
		if o.Series == e.Series {
			return o == e
		}
	}
	return false
}

// short cuts a text to what fits a line.
func short(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s[:min(len(s), 100)]
}
