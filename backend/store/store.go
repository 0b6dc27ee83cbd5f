package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/zibrato/zibrato/internal/seldom"
	"github.com/zibrato/zibrato/metric"
)

// DefaultBytes is the default of Config.Bytes.
const DefaultBytes = 256 << 20

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
	stuck    seldom.Line     // about an old state that cannot be removed

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
	Durable  bool   // the last checkpoint is on disk: a kill now loses nothing but what is unlogged
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
	file, _, err := s.open(logName(n))
	if err != nil {
		s.hurt[n] = true
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

// Commit makes durable a window, if there is one, and the state of the moment in which it was taken and the last log that NextLog
// returned was begun. It returns the window's number, whether it is on disk, and the numbers of older ones that had to make room.
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
		if _, due := s.stuck.Due(0, time.Minute, time.Now()); due {
			s.cfg.Logger.Error("store: the old state cannot be removed: remove it before the next start, or windows may count twice", "file", filepath.Join(s.cfg.Dir, "state"), "error", err)
		}
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
