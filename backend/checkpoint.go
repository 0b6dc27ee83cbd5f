package backend

import (
	"time"

	"github.com/zibrato/zibrato/backend/store"
	"github.com/zibrato/zibrato/metric"
)

// checkpoint is take for a backend with a store: in one step it ends the window, tells what the fold knows now, and goes on in the next log, so
// that every batch is in that state or in that log, and in no case in both. The state is nil if there is nothing that is worth to be stored.
func (f *fold) checkpoint(now time.Time, last, always bool, next *store.Log) ([]metric.Aggregate, *store.State) {
	f.mu.Lock()
	full := f.end(now, last)
	if len(full) == 0 && !f.touched && !last && !always {
		f.mu.Unlock()
		return nil, nil
	}
	st := f.state(now)
	f.resume(next, now)
	f.mu.Unlock()
	return inOrder(full), st
}

// resume goes on in a log. The caller holds the mutex.
func (f *fold) resume(log *store.Log, now time.Time) {
	log.Begin(now)
	f.log, f.touched = log, false
}

// state tells what the fold knows beside the open window. The caller holds the mutex.
func (f *fold) state(now time.Time) *store.State {
	st := &store.State{At: now, Apart: uint8(f.apart), Coverage: f.coverage, Forgotten: f.forgotten, Streams: make([]store.Stream, 0, len(f.streams))}
	members := make([]store.Member, 0, f.members) // of all streams
	for id, s := range f.streams {
		first := len(members)
		for n, m := range s.members {
			own := store.Member{ID: n, Known: m.known}
			if m.present {
				own.Series, own.Value = m.series, m.value
			}
			members = append(members, own)
		}
		st.Streams = append(st.Streams, store.Stream{
			Recorder: id.recorder, Level: id.level, Seq: s.seq, Detail: s.detail, Final: s.final,
			Heard: s.heard, Start: s.start, Coverage: s.coverage, Uptime: s.uptime, Forgotten: s.forgotten, Members: members[first:len(members):len(members)],
		})
	}
	return st
}

// restore makes the fold know what a state tells. What it was told of levels that nobody listens to any more is forgotten: what happens to them
// meanwhile is not to be learned later.
func (f *fold) restore(st *store.State, levels metric.Levels) {
	f.forgotten = st.Forgotten
	for i := range st.Streams {
		was := &st.Streams[i]
		if !levels.Include(was.Level) {
			continue
		}
		s := &stream{
			seq: was.Seq, detail: was.Detail, final: was.Final, heard: was.Heard, start: was.Start, coverage: was.Coverage, uptime: was.Uptime, forgotten: was.Forgotten,
			members: make(map[uint32]*member, len(was.Members)),
		}
		f.streams[streamID{was.Recorder, was.Level}] = s
		f.members += len(was.Members)
		f.counts[was.Recorder] += len(was.Members)
		for j := range was.Members {
			m := &member{known: was.Members[j].Known}
			s.members[was.Members[j].ID] = m
			if series := was.Members[j].Series; series != nil && st.Apart == uint8(f.apart) {
				m.series, m.key = series, series.Key()
				f.stand(m, was.Members[j].Value)
			}
		}
	}
}

// awake ends a restoration, with the time up to which it goes. Until then all times are those of the clock on the wall; from now on they
// are distances from this process' own clock, which nobody sets. The time in between is no silence of anybody's. A clock that
// was set back in between took none.
func (f *fold) awake(until, now time.Time) {
	down := max(now.Round(0).Sub(until), 0)
	convert := func(t *time.Time, more time.Duration) {
		if !t.IsZero() {
			*t = now.Add(t.Sub(until) - more)
		}
	}
	convert(&f.coverage.Rest, down)
	for l, t := range f.coverage.Levels {
		convert(&t, down)
		f.coverage.Levels[l] = t
	}
	convert(&f.forgotten.Start, down)
	convert(&f.forgotten.Birth, down)
	for _, s := range f.streams {
		convert(&s.heard, 0)
		convert(&s.start, down)
		convert(&s.coverage, down)
	}
	if f.own != nil {
		f.own.before = f.happened()
	}
	f.stats, f.lost = Stats{}, 0 // of this start
}

// only ends all recorders but one: those of the processes that had the directory before.
func (f *fold) only(r metric.RecorderID) {
	for id, s := range f.streams {
		if id.recorder != r {
			s.final = true
			f.leave(s)
		}
	}
}
