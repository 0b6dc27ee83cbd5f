package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/zibrato/zibrato/internal/seldom"
	"github.com/zibrato/zibrato/metric"
)

// DefaultBytes is the default of Config.Bytes.
const DefaultBytes = 256 << 20

// maxBad is how many files that could not be read are kept.
const maxBad = 16

// ErrLocked says that another backend works in the directory.
var ErrLocked = errors.New("another backend works in this directory")

// Config says where a store is. Dir is required; the zero of every other field is its default.
type Config struct {
	// Dir is made, with its parents, if it is not there. Only its owner can look into it.
	Dir string
	// Bytes bounds the windows, which get three quarters of it, and the log, which gets the rest; 0 means DefaultBytes. The state, about 30 bytes
	// a series and process, is not counted.
	Bytes int64
	// Logger hears of damage and of a disk that does not work. Nil discards.
	Logger *slog.Logger
	// Fault, if set, is called before every step that changes the directory, with what is about to be done, by whatever goroutine does it. An error makes the step
	// fail. It is for tests.
	Fault func(step string) error
}

// Store is the directory of one backend. Its methods may be called from any goroutine, Commit, NextLog and Close by one at a time.
type Store struct {
	cfg  Config
	lock *os.File

	// Owned by the goroutine that commits.
	next     uint64 // number of the next window
	number   uint64 // of the next log
	logs     []uint64
	oldBytes int64           // of the logs that were found
	hurt     map[uint64]bool // logs that are damaged
	log      *Log            // in use, or about to be
	old      *Log            // in use until then; nil: none is
	state    *State          // as found

	mu      sync.Mutex
	windows []stored          // oldest first
	bytes   int64             // of windows
	taken   map[string]uint64 // by sink, the last window that it has taken
	stats   Stats
	trouble seldom.Line
	full    seldom.Line
	closed  bool
}

// Stats is what a store has done since it was opened, and what it holds now.
type Stats struct {
	Windows  int    // on disk, wanted by some sink
	Bytes    int64  // that they take
	Durable  bool   // the last checkpoint is on disk: a kill now loses nothing
	Replayed uint64 // batches that were read from the log at the start
	Unlogged uint64 // batches that were received and not logged: a kill before the next flush loses their detail
	Torn     uint64 // logs that ended in the middle of a record, as after a kill
	Damaged  uint64 // files and records that could not be read, or hold less than was written
	Failures uint64 // steps that the disk refused
	Evicted  uint64 // windows removed, oldest first, to keep within the bound
	Orphaned uint64 // windows removed since the sink that wanted them is not configured any more, counted for each such sink
	Unfit    uint64 // series that were left out of the windows on disk since they hold what no decoder takes
}

// Open locks the directory, reads what a backend left there, and sets aside what cannot be read. An error says that the
// directory cannot be used: damage is none.
func Open(cfg Config) (*Store, error) {
	if cfg.Bytes == 0 {
		cfg.Bytes = DefaultBytes
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Store{cfg: cfg, next: 1, number: 1, hurt: make(map[uint64]bool), taken: make(map[string]uint64)}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	var err error
	if s.lock, err = lock(filepath.Join(cfg.Dir, "lock")); err != nil {
		return nil, fmt.Errorf("store: %s: %w", cfg.Dir, err)
	}
	if err := s.survey(); err != nil {
		s.lock.Close()
		return nil, fmt.Errorf("store: %w", err)
	}
	return s, nil
}

// survey finds out what is there.
func (s *Store) survey() error {
	entries, err := os.ReadDir(s.cfg.Dir)
	if err != nil {
		return err
	}
	s.state = read(s, "state", DecodeState)
	if taken := read(s, "sinks", DecodeSinks); taken != nil {
		s.taken = taken
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasSuffix(name, ".tmp") {
			s.check(s.remove(name))
		} else if n, ok := numbered(name, "log."); ok {
			s.surveyLog(name, n, e)
		} else if n, ok := numbered(name, "window."); ok {
			s.surveyWindow(name, n, e)
		}
	}
	slices.Sort(s.logs)
	slices.SortFunc(s.windows, func(a, b stored) int { return int(min(max(int64(a.number-b.number), -1), 1)) })
	for _, n := range s.taken { // or windows to come would seem to have been taken
		s.next = max(s.next, n+1)
	}
	if s.state != nil {
		s.stats.Durable = true
		s.next, s.number = max(s.next, s.state.Next), max(s.number, s.state.Generation+1)
	}
	s.pruneBad()
	return nil
}

// surveyLog keeps the logs that the state does not cover. Without a state they say nothing: how much of them is in windows cannot be known.
func (s *Store) surveyLog(name string, n uint64, e os.DirEntry) {
	s.number = max(s.number, n+1)
	switch {
	case s.state == nil:
		s.setAside(name, errors.New("there is no state that it could continue"))
	case n < s.state.Generation:
		s.check(s.remove(name))
	default:
		s.logs = append(s.logs, n)
		if info, err := e.Info(); err == nil {
			s.oldBytes += info.Size()
		}
	}
}

// surveyWindow keeps the windows that were committed. Without a state that is all of them: what is in them is nowhere else.
func (s *Store) surveyWindow(name string, n uint64, e os.DirEntry) {
	if s.state != nil && n >= s.state.Next {
		s.check(s.remove(name))
		return
	}
	info, err := e.Info()
	if err != nil {
		s.check(err)
		return
	}
	s.next = max(s.next, n+1)
	s.windows = append(s.windows, stored{n, info.Size()})
	s.bytes += info.Size()
}

// read returns what a file holds, nil if it is not there, or is damaged and set aside.
func read[T any](s *Store, name string, decode func([]byte) (T, error)) (v T) {
	b, err := os.ReadFile(filepath.Join(s.cfg.Dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return v
	}
	if err == nil {
		if v, err = decode(b); err == nil {
			return v
		}
	}
	s.setAside(name, err)
	var none T
	return none
}

func numbered(name, prefix string) (uint64, bool) {
	digits, ok := strings.CutPrefix(name, prefix)
	n, err := strconv.ParseUint(digits, 10, 63)
	return n, ok && err == nil && strconv.FormatUint(n, 10) == digits
}

func logName(n uint64) string { return "log." + strconv.FormatUint(n, 10) }

// setAside renames what cannot be read, for people to look at.
func (s *Store) setAside(name string, why error) {
	bad := filepath.Join(s.cfg.Dir, name+".bad")
	s.mu.Lock()
	s.stats.Damaged++
	s.mu.Unlock()
	err := s.fault("set aside " + name)
	if err == nil {
		err = os.Rename(filepath.Join(s.cfg.Dir, name), bad)
	}
	s.check(err)
	s.cfg.Logger.Error("store: a file cannot be used and is set aside", "file", bad, "error", why)
}

// pruneBad removes the oldest of the files that were set aside.
func (s *Store) pruneBad() {
	type aged struct {
		name string
		at   time.Time
	}
	var bad []aged
	names, _ := filepath.Glob(filepath.Join(s.cfg.Dir, "*.bad"))
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			bad = append(bad, aged{filepath.Base(name), info.ModTime()})
		}
	}
	slices.SortFunc(bad, func(a, b aged) int { return a.at.Compare(b.at) })
	for len(bad) > maxBad {
		s.check(s.remove(bad[0].name))
		bad = bad[1:]
	}
}

// check counts and logs a step that the disk refused.
func (s *Store) check(err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	s.stats.Failures++
	since, due := s.trouble.Due(s.stats.Failures, time.Minute, time.Now())
	s.mu.Unlock()
	if due {
		s.cfg.Logger.Error("store: the disk does not take what it should", "dir", s.cfg.Dir, "error", err, "times", since)
	}
}

// unlogged counts a batch that is not in the log.
func (s *Store) unlogged(why error) {
	s.mu.Lock()
	s.stats.Unlogged++
	since, due := uint64(0), false
	if why == errFull {
		since, due = s.full.Due(s.stats.Unlogged, time.Minute, time.Now())
	}
	s.mu.Unlock()
	switch {
	case due:
		s.cfg.Logger.Warn("store: batches are not logged, and a kill before the next flush would lose their detail", "batches", since, "error", why)
	case why != errFull:
		s.check(why)
	}
}

// State returns what the backend knew at the last checkpoint, nil if there is none.
func (s *Store) State() *State { return s.state }

// Replay calls f with each batch that was received since the checkpoint, and the time of that. To be called before the first commit.
func (s *Store) Replay(f func(b *metric.Batch, at time.Time)) {
	for _, n := range s.logs {
		s.replay(n, f)
	}
}

func (s *Store) replay(n uint64, f func(b *metric.Batch, at time.Time)) {
	path := filepath.Join(s.cfg.Dir, logName(n))
	file, err := os.Open(path)
	if err != nil {
		s.check(err)
		return
	}
	defer file.Close()
	got, err := ReadLog(file, f)
	s.mu.Lock()
	s.stats.Replayed += uint64(got.Batches)
	s.stats.Damaged += uint64(got.Skipped)
	if got.Torn {
		s.stats.Torn++
	}
	s.mu.Unlock()
	switch {
	case err != nil || got.Skipped > 0:
		s.hurt[n] = true
		s.cfg.Logger.Error("store: a log is damaged: what could be read of it counts, and the file will be set aside",
			"file", path, "batches", got.Batches, "damaged", got.Skipped, "error", err)
	case got.Torn:
		s.cfg.Logger.Warn("store: the last batch of a log was not written whole and is left out", "file", path, "batches", got.Batches)
	}
}

// NextLog returns the log that the fold is to switch to when it takes the next window. Called again before that, it returns the same.
func (s *Store) NextLog() *Log {
	if s.log != nil && !s.log.begun() {
		return s.log
	}
	l := &Log{store: s, number: s.number, limit: s.cfg.Bytes/4 - s.oldBytes}
	s.number++
	err := s.fault("create " + logName(l.number))
	if err == nil {
		l.file, err = os.OpenFile(filepath.Join(s.cfg.Dir, logName(l.number)), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	}
	if err == nil {
		if _, err = l.file.WriteAt([]byte(logMagic), 0); err != nil {
			l.close()
		}
		l.size = int64(len(logMagic))
		s.logs = append(s.logs, l.number)
	}
	s.check(err)
	s.old, s.log = s.log, l
	return l
}

// Commit makes durable a window, if there is one, and the state of the moment in which it was taken and the last log that NextLog returned was begun. It returns the window's number, whether
// it is on disk, and the numbers of older ones that had to make room.
//
// When the state cannot be written, the old one is removed: it would bring back what is in windows that were sent. A kill before a later
// commit succeeds then costs the window at hand and all that was known.
func (s *Store) Commit(st *State, w *metric.Window) (n uint64, onDisk bool, evicted []uint64) {
	if w != nil {
		n = s.next
		s.next++
		onDisk, evicted = s.put(n, w)
	}
	if s.old != nil {
		s.old.end()
		s.old = nil
	}
	st.Generation, st.Next = s.log.number, s.next
	err := s.replace("state", AppendState(nil, st), true)
	s.mu.Lock()
	was := s.stats.Durable
	s.stats.Durable = err == nil
	again := err == nil && !was && s.stats.Failures > 0
	s.mu.Unlock()
	if again {
		s.cfg.Logger.Info("store: the disk works again", "dir", s.cfg.Dir)
	}
	if err == nil {
		s.oldBytes = 0
		s.dropLogs(s.log.number)
		return n, onDisk, evicted
	}
	s.check(err)
	if err := s.remove("state"); err != nil {
		s.check(err)
		s.cfg.Logger.Error("store: the old state cannot be removed: remove it before the next start, or windows may count twice", "file", filepath.Join(s.cfg.Dir, "state"), "error", err)
	}
	s.log.end()
	s.dropLogs(s.log.number + 1)
	return n, onDisk, evicted
}

// dropLogs removes the logs before that number, and sets aside those that are damaged.
func (s *Store) dropLogs(before uint64) {
	s.logs = slices.DeleteFunc(s.logs, func(n uint64) bool {
		if n >= before {
			return false
		}
		if s.hurt[n] {
			s.setAside(logName(n), errors.New("parts of it could not be read"))
		} else {
			s.check(s.remove(logName(n)))
		}
		return true
	})
}

// Stats returns what the store has done so far.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Windows, st.Bytes = len(s.windows), s.bytes
	return st
}

// Close gives the directory back. What sinks take later changes nothing in it. It is idempotent.
func (s *Store) Close() error {
	s.mu.Lock()
	was := s.closed
	s.closed = true
	s.mu.Unlock()
	if was {
		return nil
	}
	for _, l := range []*Log{s.old, s.log} {
		if l != nil {
			l.end()
		}
	}
	if err := s.lock.Close(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}
