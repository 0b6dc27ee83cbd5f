//go:build cgo && linux

package main

import (
	"fmt"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// account is what a backend was handed, by its journal: what its store has to know. It is the rules of the wire once more, as
// plain as can be.
type account struct {
	begun      time.Time // when the first batch came
	totals     map[series]*balance
	last       map[stream]uint64 // sequence number of the last batch that was new
	batches    map[batchID][]told
	unsure     map[batchID]bool // a kill came between the two lines of the journal
	duplicates int
	lost       uint64 // batches, by the gaps between those that came
}

type stream struct {
	recorder string
	level    metric.Level
	detail   metric.Detail
}

type batchID struct {
	stream
	seq uint64
}

// balance is what is known of a series. Of what came last it may not be sure.
type balance struct {
	before       uint64 // its count before the first batch
	count        uint64
	sum          int64
	detail       uint64
	unsureDetail uint64 // of this, what may be missing
	or           []told // totals that may be missing, too: what they were before, since the last that is sure
}

// readAccount reads a backend's journal.
func readAccount(path string) (*account, error) {
	a := &account{totals: map[series]*balance{}, last: map[stream]uint64{}, batches: map[batchID][]told{}, unsure: map[batchID]bool{}}
	var open *line // announced, and not yet taken
	err := readJournal(path, func(l *line) {
		if a.begun.IsZero() {
			a.begun = time.UnixMilli(l.At)
		}
		if l.Taken {
			if open != nil {
				a.take(open, true)
			}
			open = nil
			return
		}
		if open != nil {
			a.take(open, false)
		}
		open = l
	})
	if open != nil {
		a.take(open, false)
	}
	return a, err
}

func (a *account) take(l *line, sure bool) {
	if l.Recorder == "" {
		for _, e := range l.Entries {
			b := a.balance(e)
			b.before = 0
			b.detail++
			if !sure {
				b.unsureDetail++
			}
			b.count, b.sum = b.count+1, b.sum+e.Sum
		}
		return
	}
	id := batchID{stream{l.Recorder, l.Level, l.Detail}, l.Seq}
	last := a.last[id.stream]
	if l.Seq <= last {
		if a.unsure[id] && sure { // it came again, and has been taken now if it was not before
			delete(a.unsure, id)
			a.settle(l)
		}
		a.duplicates++
		return
	}
	if last > 0 {
		a.lost += l.Seq - last - 1
	}
	a.last[id.stream], a.batches[id] = l.Seq, l.Entries
	if !sure {
		a.unsure[id] = true
	}
	for _, e := range l.Entries {
		b := a.balance(e)
		if sure {
			b.or = nil
		} else {
			b.or = append(b.or, told{Count: b.count, Sum: b.sum})
			b.unsureDetail += e.Detail
		}
		b.count, b.sum = e.Count, e.Sum
		b.detail += e.Detail
	}
}

// settle makes sure what was not.
func (a *account) settle(l *line) {
	for _, e := range l.Entries {
		b := a.balance(e)
		b.unsureDetail -= e.Detail
		if e.Count == b.count {
			b.or = nil
		}
	}
}

func (a *account) balance(e told) *balance {
	b := a.totals[e.Series]
	if b == nil {
		b = &balance{before: e.Before}
		a.totals[e.Series] = b
	}
	return b
}

// agrees reports how what the store knows differs from the balance, "" if it does not. From is what the backend counts from.
func (b *balance) agrees(s series, f figures, from uint64, text bool) string {
	switch {
	case text:
		if f.Count > b.count || f.Count < b.count-b.unsureDetail {
			return fmt.Sprintf("count is %d, want %d", f.Count, b.count)
		}
		return ""
	case !b.allows(f.Count+from, f.Sum, from > 0 || s.own() && !s.Kind.Integer() || !s.additive()):
		return fmt.Sprintf("count and sum are %d and %d, want %d and %d", f.Count, f.Sum, b.count-from, b.sum)
	case s.Kind == metric.Counter || s.Kind == metric.UpDown: // the one has none, the other has the values that others leave behind, too
		return ""
	case f.Detail > b.detail || f.Detail < b.detail-b.unsureDetail:
		return fmt.Sprintf("detail is of %d calls, want %d", f.Detail, b.detail)
	}
	return ""
}

// allows reports whether totals are what came, as far as that is sure.
func (b *balance) allows(count uint64, sum int64, countOnly bool) bool {
	if count == b.count && (countOnly || sum == b.sum) {
		return true
	}
	for _, t := range b.or {
		if count == t.Count && (countOnly || sum == t.Sum) {
			return true
		}
	}
	return false
}
