package store

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxBad is how many files that could not be read are kept.
const maxBad = 16

// survey finds out what is there.
func (s *Store) survey() error {
	entries, err := os.ReadDir(s.cfg.Dir)
	if err != nil {
		return err
	}
	if s.state, err = read(s, "state", DecodeState); err != nil {
		return err
	}
	taken, err := read(s, "sinks", DecodeSinks)
	if err != nil {
		return err
	}
	if taken != nil {
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
	slices.SortFunc(s.windows, func(a, b stored) int { return cmp.Compare(a.number, b.number) })
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

// surveyLog keeps the logs that the state does not cover. Without a state they say nothing: how much of them is in windows cannot be known. One that holds nothing may
// be there without a state after a kill in the very first start.
func (s *Store) surveyLog(name string, n uint64, e os.DirEntry) {
	s.number = max(s.number, n+1)
	info, err := e.Info()
	if err != nil {
		s.check(err)
		return
	}
	switch {
	case s.state == nil && info.Size() > int64(len(logMagic)):
		s.setAside(name, errors.New("there is no state that it could continue"))
	case s.state == nil || n < s.state.Generation:
		s.check(s.remove(name))
	default:
		s.logs = append(s.logs, n)
		s.oldBytes += info.Size()
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

// read returns what a file holds, nil if it is not there, or is damaged and set aside. That it may not be read is an error: it is somebody else's.
func read[T any](s *Store, name string, decode func([]byte) (T, error)) (v T, err error) {
	b, err := s.content(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return v, nil
	case errors.Is(err, os.ErrPermission):
		return v, err
	case err == nil:
		if v, err = decode(b); err == nil {
			return v, nil
		}
	}
	s.setAside(name, err)
	var none T
	return none, nil
}

func numbered(name, prefix string) (uint64, bool) {
	digits, ok := strings.CutPrefix(name, prefix)
	n, err := strconv.ParseUint(digits, 10, 63)
	return n, ok && err == nil && strconv.FormatUint(n, 10) == digits
}

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
