package backend

import (
	"time"

	"github.com/zibrato/zibrato/metric"
)

// remember is how long totals of a silent process are remembered while there is room. A process that was cut off for
// less comes back without a gap in its counts.
const remember = 24 * time.Hour

// stream is what one recorder says on one level. Its batches of one detail come in order, or not at all.
type stream struct {
	seq     [2]uint64     // of the last batch, by detail
	detail  metric.Detail // that of the first batch; of others only the totals count
	heard   time.Time
	start   time.Time // of the recorder
	final   bool
	members map[uint32]*member

	coverage time.Time // series born since then count from zero
	// Two uptimes of the recorder, which no way that a message took makes older or younger.
	uptime    time.Duration // in the last batch
	forgotten time.Duration // series born before it were known, and are no more; 0: none
}

type streamID struct {
	recorder metric.RecorderID
	level    metric.Level
}

// member is a series in one process.
type member struct {
	series  *metric.Series // as the windows know it; nil: not heard of since the backend was started
	key     string
	known   metric.Totals
	value   int64 // of an up-down counter, as it stands in the sum
	present bool  // it does stand there
}

// standing is the sum of an up-down counter's present values over the processes that have it.
type standing struct {
	sum       int64
	processes int
}

// accept returns the stream that the batch belongs to, nil if the batch is to be left out.
func (f *fold) accept(b *metric.Batch, now time.Time) *stream {
	id := streamID{b.Process.Recorder, b.Level}
	s := f.streams[id]
	if s == nil {
		if len(f.streams) >= f.max {
			f.stats.Overflow += uint64(len(b.Entries))
			return nil
		}
		start := now.Add(-b.Uptime)
		s = &stream{detail: b.Detail, start: start, members: make(map[uint32]*member), coverage: f.covered(b.Level, start, now)}
		f.streams[id] = s
	}
	s.heard = now
	last := &s.seq[b.Detail]
	switch {
	case b.Seq <= *last:
		f.stats.Duplicates++
		return nil
	case *last > 0 || s.covers(b, 0, now):
		f.stats.LostBatches += b.Seq - *last - 1
	}
	*last = b.Seq
	s.uptime = max(s.uptime, b.Uptime)
	s.final = false
	return s
}

// covers reports whether what began at that uptime of the batch's recorder began under the eyes of this backend. Only
// monotonic clocks take part: the recorder's, and the backend's own.
func (s *stream) covers(b *metric.Batch, uptime time.Duration, now time.Time) bool {
	return !now.Add(uptime - b.Uptime).Before(s.coverage)
}

// member returns the entry's series in its process, nil if there is no room for it. One seen for the first time counts from zero if it
// was born since the backend's coverage began and cannot have been forgotten, else from what the sender had before this batch.
func (f *fold) member(s *stream, b *metric.Batch, e *metric.Entry, now time.Time) *member {
	m := s.members[e.ID]
	if m == nil {
		if f.members >= f.max || f.counts[b.Process.Recorder] >= f.each {
			f.stats.Overflow++
			return nil
		}
		m = &member{}
		if !s.covers(b, e.Birth, now) || e.Birth < s.forgotten {
			m.known = e.Before
		}
		s.members[e.ID] = m
		f.members++
		f.counts[b.Process.Recorder]++
	}
	if m.series == nil {
		m.series = keepApart(e.Series, &b.Process, f.apart)
		m.key = m.series.Key()
	}
	return m
}

// stand makes v the present value of an up-down counter in one process and returns the sum over all.
func (f *fold) stand(m *member, v int64) float64 {
	st := f.standing[m.key]
	if st == nil {
		st = &standing{}
		f.standing[m.key] = st
	}
	if !m.present {
		m.present = true
		st.processes++
	}
	st.sum += v - m.value
	m.value = v
	return float64(st.sum)
}

// leave takes the present values of a process that is gone out of the sums. The open window sees them go.
func (f *fold) leave(s *stream) {
	for _, m := range s.members {
		if !m.present {
			continue
		}
		st := f.standing[m.key]
		if m.value != 0 {
			st.sum -= m.value
			if a := f.aggregate(m.key, m.series); a != nil {
				a.Detail.Add(float64(st.sum))
			}
		}
		m.value, m.present = 0, false
		if st.processes--; st.processes == 0 {
			delete(f.standing, m.key)
		}
	}
}

// sweep lets go what was not heard of for long. To forget totals is to forget how much of them was counted: should their process
// come back they must not be counted from zero. One that said that it ends comes back only where its publisher is
// started again: its series are forgotten soon, and what remains, where there is much room, is that it was there.
func (f *fold) sweep(now time.Time) {
	full := f.members >= f.max || len(f.streams) >= f.max
	for id, s := range f.streams {
		silent := now.Sub(s.heard)
		if silent <= f.expire {
			continue
		}
		f.leave(s)
		gone := full || silent > remember || s.final && len(f.streams) > f.max/2
		if !s.final && !gone {
			continue
		}
		f.members -= len(s.members)
		if f.counts[id.recorder] -= len(s.members); f.counts[id.recorder] <= 0 {
			delete(f.counts, id.recorder)
		}
		s.members = make(map[uint32]*member)
		s.forgotten = s.uptime + 1
		if gone {
			f.forget(s)
			delete(f.streams, id)
		}
	}
}
