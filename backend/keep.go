package backend

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/zibrato/zibrato/backend/store"
	"github.com/zibrato/zibrato/metric"
)

// single is a source of one recorder, which dies with this process.
type single interface{ recorder() metric.RecorderID }

// open brings the backend to where the last one in the same directory was, and returns the schedule. Without a directory it begins anew.
func (b *Backend) open(names []string, now time.Time) (*schedule, error) {
	if b.cfg.Dir == "" {
		b.cfg.Logger.Info("backend: no directory is configured: windows and totals are in memory only, and a kill loses them")
		return newSchedule(b.cfg.Interval, now), nil
	}
	var err error
	if b.store, err = store.Open(store.Config{Dir: b.cfg.Dir, Bytes: b.cfg.DirBytes, Logger: b.cfg.Logger, Fault: b.cfg.fault}); err != nil {
		return nil, fmt.Errorf("backend: Config.Dir: %w", err)
	}
	s := b.restore(now)
	for i, numbers := range b.store.Register(names) {
		b.outlets[i].store = b.store
		for _, n := range numbers {
			b.outlets[i].queue = append(b.outlets[i].queue, waiting{number: n, onDisk: true})
		}
	}
	return s, nil
}

// restore reads the state and the log, and makes sure that there is a state.
func (b *Backend) restore(now time.Time) *schedule {
	f, st := b.fold, b.store.State()
	var levels metric.Levels
	if src, ok := b.cfg.From.(leveled); ok {
		levels = src.Levels()
	}
	if st == nil {
		f.coverage = continued(store.Coverage{}, levels, now)
		s := newSchedule(b.cfg.Interval, now)
		b.begin(s, now)
		return s
	}
	s, until := newSchedule(b.cfg.Interval, st.Start), st.At
	f.coverage = st.Coverage
	f.restore(st, levels)
	b.store.Replay(func(batch *metric.Batch, at time.Time) {
		if !f.touched { // windows in which nothing happened leave no trace
			s.next(at)
		}
		if levels.Include(batch.Level) {
			f.add(batch, at)
		}
		if at.After(until) {
			until = at
		}
	})
	f.awake(until, now)
	f.coverage = continued(f.coverage, levels, now)
	if src, ok := b.cfg.From.(single); ok {
		f.only(src.recorder())
	}
	if st.Clean {
		from := latest(st.Start, now)
		if whole := from.Truncate(time.Second); b.cfg.Interval >= time.Second && whole.Before(from) {
			from = whole.Add(time.Second) // there are services that know no shorter times, and may have had a window of this second
		}
		s = newSchedule(b.cfg.Interval, from)
		b.begin(s, now)
		return s
	}
	f.resume(b.store.NextLog(), now)
	f.touched = true // what was in the log is still to be stored
	return s
}

// begin writes the state that the log goes on from.
func (b *Backend) begin(s *schedule, now time.Time) {
	log := b.store.NextLog()
	st := b.fold.state(now)
	b.fold.resume(log, now)
	st.Start = s.start
	b.store.Commit(st, nil)
}

// stored ends the open window, puts it and what is known into the store, and returns it, ready for the sinks; its window is nil if nothing happened. The
// next window begins at that time.
func (b *Backend) stored(start, end, next time.Time, last bool) waiting {
	now := time.Now()
	series, st := b.fold.checkpoint(now, last, !b.store.Stats().Durable, b.store.NextLog())
	if st == nil {
		return waiting{}
	}
	st.Start, st.Clean = next, last
	b.keepRest()
	w := waiting{window: b.window(start, end, series)}
	var evicted []uint64
	w.number, w.onDisk, evicted = b.store.Commit(st, w.window)
	for _, o := range b.outlets {
		o.evict(evicted)
	}
	return w
}

// keepRest puts the windows on disk that are in memory only, since the disk failed when they were taken.
func (b *Backend) keepRest() {
	rest := make(map[uint64]*metric.Window)
	for _, o := range b.outlets {
		o.inMemoryOnly(rest)
	}
	for _, n := range slices.Sorted(maps.Keys(rest)) {
		if !b.store.Keep(n, rest[n]) {
			continue
		}
		for _, o := range b.outlets {
			o.isOnDisk(n)
		}
	}
}

// window makes a window of series, nil of none.
func (b *Backend) window(start, end time.Time, series []metric.Aggregate) *metric.Window {
	if len(series) == 0 {
		return nil
	}
	return &metric.Window{Start: start, End: end, Interval: b.cfg.Interval, Series: series}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
