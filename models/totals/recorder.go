package main

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// recorder is an instrumented process, as far as the wire shows it.
type recorder struct {
	process  metric.Process
	without  rule
	skew     time.Duration // of its host's clock
	start    time.Duration // in the world's time
	details  []metric.Detail
	seq      [2]uint64
	series   []*series
	attached bool          // it has a publisher; otherwise nothing is recorded
	ended    bool          // it closed, or was killed
	killed   bool          // the latter
	back     time.Duration // when a new publisher comes; 0: it has one
	cut      time.Duration // until when its link is down
	met      bool          // a subscription has reached it
	silent   bool          // it started before the long silence
	arrived  [2]uint64     // the sequence of the last batch that reached the backend, by detail
}

// series is one in one recorder, and what the books say of it.
type series struct {
	desc    *metric.Series
	id      uint32
	born    bool
	birth   time.Duration // uptime
	total   metric.Totals
	changed time.Duration // uptime
	repeat  time.Duration
	topics  [2]topic // by detail

	base      metric.Totals // what it had when the backend began to cover it
	delivered metric.Totals // the largest that reached the backend
	told      uint64        // calls whose samples reached the backend, each topic's once
	forgiven  metric.Totals // what may be missing, since its recorder was silent for longer than it is remembered
}

// topic is what a series has to say on one topic.
type topic struct {
	before  metric.Totals
	samples []metric.Value
	due     bool
}

func newRecorder(number uint64, start, skew time.Duration, without rule, begun time.Time) *recorder {
	r := &recorder{start: start, skew: skew, without: without, attached: true}
	binary.LittleEndian.PutUint64(r.process.Recorder[:], number+1)
	r.process.Host, r.process.Program, r.process.PID = "host", "model", uint32(number)
	r.process.Start = begun.Add(start + skew)
	return r
}

// alive says that something is recorded.
func (r *recorder) alive() bool { return !r.ended && r.attached }

func (r *recorder) add() {
	n := len(r.series)
	r.series = append(r.series, &series{id: uint32(n), desc: &metric.Series{
		Name: fmt.Sprintf("r%d.s%d", r.process.PID, n), Kind: []metric.Kind{metric.Counter, metric.Timer}[n%2],
		Level: metric.Info, Source: "model",
	}})
}

func (r *recorder) call(s *series, v int64, now time.Duration) {
	up := now - r.start
	if !s.born {
		s.born, s.birth = true, up
	}
	s.total.Count++
	s.total.Sum = metric.IntValue(s.total.Sum.Int() + v)
	s.changed, s.repeat = up, up+time.Second
	for _, d := range r.details {
		t := &s.topics[d]
		t.due = true
		t.samples = append(t.samples, metric.IntValue(v))
	}
}

// all makes the totals of every series due.
func (r *recorder) all() {
	for _, s := range r.series {
		for _, d := range r.details {
			s.topics[d].due = s.topics[d].due || s.born
		}
	}
}

// repeatTotals makes those due whose time has come.
func (r *recorder) repeatTotals(now time.Duration) {
	if r.without == repeats {
		return
	}
	up := now - r.start
	for _, s := range r.series {
		if !s.born || s.repeat > up {
			continue
		}
		for _, d := range r.details {
			s.topics[d].due = true
		}
		if age := up - s.changed; age < 32*time.Second {
			s.repeat = up + max(age, time.Second)
		} else {
			s.repeat = up + time.Minute
		}
	}
}

// batch returns what is due on a topic, nil if nothing is.
func (r *recorder) batch(d metric.Detail, now time.Duration, final bool) *metric.Batch {
	b := &metric.Batch{Process: r.process, Level: metric.Info, Detail: d, Uptime: now - r.start, Final: final}
	for _, s := range r.series {
		t := &s.topics[d]
		if !t.due {
			continue
		}
		entry := uint32(len(b.Entries))
		e := metric.Entry{ID: s.id, Series: s.desc, Birth: s.birth, Before: t.before, After: s.total}
		if r.without == birth {
			e.Birth = 0
		}
		b.Entries = append(b.Entries, e)
		if s.desc.Kind == metric.Timer && len(t.samples) > 0 {
			tell(b, entry, s.desc.Kind, t.samples)
		}
		*t = topic{before: s.total, samples: t.samples[:0]}
	}
	if len(b.Entries) == 0 && !final {
		return nil
	}
	r.seq[d]++
	b.Seq = r.seq[d]
	return b
}

// tell adds samples of an entry to a batch, in its detail.
func tell(b *metric.Batch, entry uint32, k metric.Kind, values []metric.Value) {
	if b.Detail == metric.Samples {
		for _, v := range values {
			b.Samples = append(b.Samples, metric.Sample{Entry: entry, Value: v})
		}
		return
	}
	s := metric.EntrySummary{Entry: entry}
	for _, v := range values {
		s.Add(k.InUnits(v))
	}
	b.Summaries = append(b.Summaries, s)
}

// meet is a subscription that reaches a recorder which nobody subscribed to before, or not for long.
func (r *recorder) meet() {
	r.met = true
	for _, s := range r.series {
		for d := range s.topics {
			s.topics[d] = topic{before: s.total}
		}
	}
	r.greet()
}

// greet is a subscription that reaches a recorder.
func (r *recorder) greet() {
	if r.without != welcome {
		r.all()
	}
}
