package store

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strconv"

	"github.com/zibrato/zibrato/metric"
)

// stored is a window on disk. Every sink takes windows in the order of their numbers, so one number a sink says which it has taken.
type stored struct {
	number uint64
	size   int64
}

func windowName(n uint64) string { return "window." + strconv.FormatUint(n, 10) }

// put writes a window's file. It is not wanted by anybody before the state is written.
func (s *Store) put(n uint64, w *metric.Window) (onDisk bool, evicted []uint64) {
	file, unfit := AppendWindow(nil, w)
	if unfit > 0 {
		s.mu.Lock()
		s.stats.Unfit += uint64(unfit)
		s.mu.Unlock()
		s.cfg.Logger.Error("store: series hold what no decoder takes and are not kept on disk", "series", unfit, "window", w.Start)
	}
	size := int64(len(file))
	if size > s.limit() {
		s.check(errors.New("a window is larger than all that windows may take: see Config.Bytes"))
		return false, nil
	}
	evicted = s.evict(s.limit() - size)
	return s.write(n, file), evicted
}

// limit is what windows may take.
func (s *Store) limit() int64 { return s.cfg.Bytes - s.cfg.Bytes/4 }

// write writes a window's file, and reports whether it is there.
func (s *Store) write(n uint64, file []byte) bool {
	if err := s.replace(windowName(n), file, true); err != nil {
		s.check(err)
		s.check(s.remove(windowName(n))) // in case that only the last step failed
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at, _ := s.find(n)
	s.windows = slices.Insert(s.windows, at, stored{n, int64(len(file))})
	s.bytes += int64(len(file))
	return true
}

// find returns where the window is, or would be. The caller holds the mutex.
func (s *Store) find(n uint64) (at int, ok bool) {
	return slices.BinarySearchFunc(s.windows, n, func(w stored, n uint64) int { return cmp.Compare(w.number, n) })
}

// Keep puts a window on disk that [Store.Commit] could not, and reports whether it is there now. It belongs before the next Commit, whose
// state takes it for told. No other makes room for it.
func (s *Store) Keep(n uint64, w *metric.Window) bool {
	file, _ := AppendWindow(nil, w) // what is unfit was counted
	s.mu.Lock()
	_, there := s.find(n)
	fits := s.bytes+int64(len(file)) <= s.limit()
	s.mu.Unlock()
	if there || !fits {
		return there
	}
	return s.write(n, file)
}

// evict removes windows, oldest first, until they take no more than that.
func (s *Store) evict(limit int64) (evicted []uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.bytes > limit {
		evicted = append(evicted, s.windows[0].number)
		s.stats.Evicted++
		s.drop(0)
	}
	return evicted
}

// drop removes the window at i. The caller holds the mutex.
func (s *Store) drop(i int) {
	if err := s.remove(windowName(s.windows[i].number)); err != nil {
		s.stats.Failures++ // a file that stays is offered again, under the same key
	}
	s.bytes -= s.windows[i].size
	s.windows = slices.Delete(s.windows, i, i+1)
}

// Register says which sinks there are, and returns the numbers of the windows that each still wants, oldest first. A sink that is new here wants
// none of them; one that is gone gives up what it wanted.
func (s *Store) Register(names []string) [][]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := len(s.taken) > 0 // else nothing is known of who has taken what, and everybody gets everything
	taken := make(map[string]uint64)
	wanted := make([][]uint64, len(names))
	for i, name := range names {
		name = short(name)
		from, ok := s.taken[name]
		if !ok && known {
			from = s.next - 1
		}
		taken[name] = from
		wanted[i] = s.after(from)
	}
	for name, from := range s.taken {
		if _, ok := taken[name]; ok {
			continue
		}
		if n := len(s.after(from)); n > 0 {
			s.stats.Orphaned += uint64(n)
			s.cfg.Logger.Error("store: windows wait for a sink that is not configured any more: they are dropped", "sink", name, "windows", n)
		}
	}
	s.taken = taken
	s.release()
	s.writeSinks()
	return wanted
}

func short(name string) string { return name[:min(len(name), 255)] }

// after returns the numbers of the windows after that one. The caller holds the mutex.
func (s *Store) after(n uint64) (numbers []uint64) {
	for _, w := range s.windows {
		if w.number > n {
			numbers = append(numbers, w.number)
		}
	}
	return numbers
}

// release removes the windows that nobody wants any more. The caller holds the mutex.
func (s *Store) release() {
	least := uint64(math.MaxUint64)
	for _, n := range s.taken {
		least = min(least, n)
	}
	for len(s.windows) > 0 && s.windows[0].number <= least {
		s.drop(0)
	}
}

// writeSinks notes how far the sinks have come. What a kill or a failure makes of that costs no more than a window that comes twice. The caller holds the mutex.
func (s *Store) writeSinks() {
	if err := s.replace("sinks", AppendSinks(nil, s.taken), false); err != nil {
		s.stats.Failures++
	}
}

// Done says that a sink is done with a window: it has taken it, or never will.
func (s *Store) Done(sink string, n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sink = short(sink)
	if s.closed || n <= s.taken[sink] {
		return
	}
	s.taken[sink] = n
	s.release()
	if len(s.taken) > 1 { // else the window that is gone says it all
		s.writeSinks()
	}
}

// Load reads a window. One that is damaged is set aside.
func (s *Store) Load(n uint64) (*metric.Window, error) {
	name := windowName(n)
	b, err := s.content(name)
	if err != nil && !errors.Is(err, ErrDamaged) { // it may be read another time
		return nil, err
	}
	var w *metric.Window
	if err == nil {
		w, err = DecodeWindow(b)
	}
	if err == nil {
		return w, nil
	}
	s.mu.Lock()
	i := slices.IndexFunc(s.windows, func(w stored) bool { return w.number == n })
	if i >= 0 {
		s.bytes -= s.windows[i].size
		s.windows = slices.Delete(s.windows, i, i+1)
	}
	s.mu.Unlock()
	if i >= 0 { // the first to find it
		s.setAside(name, err)
	}
	return nil, err
}
