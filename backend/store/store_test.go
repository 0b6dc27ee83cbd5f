package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/internal/logbook"
)

func TestASecondBackendInADirectoryIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "here")
	s := open(t, Config{Dir: dir})
	if _, err := Open(Config{Dir: dir}); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), dir) {
		t.Errorf("the second: %v", err)
	}
	if err := s.Close(); err != nil || s.Close() != nil {
		t.Fatal(err)
	}
	open(t, Config{Dir: dir})
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory is %v, %v; want it closed to others", info.Mode(), err)
	}
}

func TestADirectoryThatCannotBeIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{Dir: file}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file: %v", err)
	}
}

func TestACommitLeavesTheStateItsLogAndWhatWaits(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	s.Register([]string{"a", "b"})
	s.NextLog().Begin(noon)
	s.Commit(&State{At: noon, Start: noon}, nil)
	for seq := range uint64(3) {
		log := s.NextLog()
		if log != s.NextLog() {
			t.Error("asked twice, two logs")
		}
		n, onDisk, evicted := commit(s, someWindow())
		if n != seq+1 || !onDisk || evicted != nil {
			t.Errorf("window %d: %d %v %v", seq+1, n, onDisk, evicted)
		}
		log.Append(someBatch(seq+1), noon)
	}
	s.Done("a", 2)
	s.Done("b", 1)
	if d := cmp.Diff([]string{"log.4", "sinks", "state", "window.2", "window.3"}, names(t, dir)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	s.Close()
	s.Done("b", 3) // too late

	s = open(t, Config{Dir: dir})
	if st := s.State(); st == nil || st.Generation != 4 || st.Next != 4 {
		t.Errorf("state %+v", st)
	}
	if got := replayed(s); !slices.Equal(got, []uint64{3}) {
		t.Errorf("batches %v, want those since the last commit", got)
	}
	if d := cmp.Diff([][]uint64{{2, 3}, {3}}, s.Register([]string{"b", "a"})); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	w, err := s.Load(3)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(someWindow(), w, alike); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if st := s.Stats(); st.Windows != 2 || st.Replayed != 1 || !st.Durable || st.Bytes == 0 {
		t.Errorf("%+v", st)
	}
}

func TestAWindowThatTheStateDoesNotKnowIsRemoved(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	commit(s, someWindow())
	s.Close()
	file, _ := AppendWindow(nil, someWindow())
	put(t, dir, "window.2", file)
	put(t, dir, "state.tmp", []byte("half"))
	open(t, Config{Dir: dir})
	if d := cmp.Diff([]string{"log.1", "state", "window.1"}, names(t, dir)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestAKillInTheVeryFirstStartIsNoDamage(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	s.NextLog()
	s.Close()
	s = open(t, Config{Dir: dir})
	if st := s.Stats(); st != (Stats{}) || len(names(t, dir)) != 0 {
		t.Errorf("%+v, and there are %q", st, names(t, dir))
	}
}

func TestASinkThatIsNewWantsNothingOldAndOneThatIsGoneNothingMore(t *testing.T) {
	dir, log := t.TempDir(), &logbook.Book{}
	s := open(t, Config{Dir: dir, Logger: log.Logger()})
	s.Register([]string{"old", "stays"})
	for range 3 {
		commit(s, someWindow())
	}
	s.Done("old", 1)
	s.Done("stays", 2)
	s.Close()
	s = open(t, Config{Dir: dir, Logger: log.Logger()})
	if d := cmp.Diff([][]uint64{nil, {3}}, s.Register([]string{"new", "stays"})); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if st := s.Stats(); st.Orphaned != 2 || st.Windows != 1 {
		t.Errorf("%+v", st)
	}
	if l := log.String(); !strings.Contains(l, "not configured any more") || !strings.Contains(l, "sink=old windows=2") {
		t.Errorf("logged:\n%s", l)
	}
}

func TestTheOldestWindowsMakeRoom(t *testing.T) {
	file, _ := AppendWindow(nil, someWindow())
	dir := t.TempDir()
	s := open(t, Config{Dir: dir, Bytes: int64(len(file)) * 3}) // of which windows get room for two
	s.Register([]string{"a"})
	var all [][]uint64
	for range 4 {
		_, onDisk, evicted := commit(s, someWindow())
		if !onDisk {
			t.Error("a window is not on disk")
		}
		all = append(all, evicted)
	}
	if d := cmp.Diff([][]uint64{nil, nil, {1}, {2}}, all); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if _, err := s.Load(2); err == nil {
		t.Error("a window that made room can be loaded")
	}
	if st := s.Stats(); st.Windows != 2 || st.Evicted != 2 || st.Bytes != 2*int64(len(file)) {
		t.Errorf("%+v", st)
	}
	small := open(t, Config{Dir: t.TempDir(), Bytes: int64(len(file))})
	if _, onDisk, _ := commit(small, someWindow()); onDisk || !small.Stats().Durable {
		t.Error("a window that is larger than the bound is on disk, or the state is not")
	}
}

func TestALogThatIsFullCountsWhatItLeavesOut(t *testing.T) {
	_, ends := aLog(3)
	dir, log := t.TempDir(), &logbook.Book{}
	cfg := Config{Dir: dir, Bytes: int64(ends[1]) * 4, Logger: log.Logger()}
	s := open(t, cfg)
	commit(s, nil)
	l := s.log
	for seq := range uint64(5) {
		l.Append(someBatch(seq+1), noon)
	}
	if n := s.Stats().Unlogged; n != 3 || strings.Count(log.String(), "are not logged") != 1 {
		t.Errorf("%d are not logged; logged:\n%s", n, log)
	}
	s.Close()
	s = open(t, cfg)
	if got := replayed(s); !slices.Equal(got, []uint64{1, 2}) {
		t.Errorf("batches %v", got)
	}
	s.NextLog().Begin(noon)
	s.log.Append(someBatch(6), noon)
	if n := s.Stats().Unlogged; n != 1 {
		t.Errorf("with a full log behind it another takes %d batches more", 1-n)
	}
}

// Whatever is damaged, the start succeeds, says so, and keeps the file.
func TestDamageNeverStopsAStart(t *testing.T) {
	clean := t.TempDir()
	s := open(t, Config{Dir: clean})
	s.Register([]string{"a", "b"})
	commit(s, someWindow())
	s.log.Append(someBatch(1), noon)
	s.log.Append(someBatch(2), noon)
	s.Close()
	for _, name := range []string{"state", "sinks", "window.1", "log.1"} {
		file, err := os.ReadFile(filepath.Join(clean, name))
		if err != nil {
			t.Fatal(err)
		}
		for n := range len(file) {
			if n > 60 && n%197 != 0 && n < len(file)-10 {
				continue // enough of a long one
			}
			startDamaged(t, clean, name, fmt.Sprintf("cut to %d bytes", n), file[:n], n == 0 || n == len(logMagic))
			flipped := slices.Clone(file)
			flipped[n] ^= 1 << (n % 8)
			startDamaged(t, clean, name, fmt.Sprintf("bit flipped in byte %d", n), flipped, false)
		}
	}
}

// startDamaged opens a copy of a directory in which one file is damaged. An empty log, as a kill may leave it, is none.
func startDamaged(t *testing.T, clean, name, what string, content []byte, empty bool) {
	t.Helper()
	dir, log := t.TempDir(), &logbook.Book{}
	for _, other := range names(t, clean) {
		file, err := os.ReadFile(filepath.Join(clean, other))
		if err != nil {
			t.Fatal(err)
		}
		put(t, dir, other, file)
	}
	put(t, dir, name, content)
	s := open(t, Config{Dir: dir, Logger: log.Logger()})
	defer s.Close()
	batches := replayed(s)
	wanted := s.Register([]string{"a", "b"})[0]
	loaded := 0
	for _, n := range wanted {
		if _, err := s.Load(n); err == nil {
			loaded++
		}
	}
	commit(s, nil)
	st := s.Stats()
	bad := filepath.Join(dir, name+".bad")
	kept, err := os.ReadFile(bad)
	if name == "log.1" {
		if !empty && st.Torn+st.Damaged == 0 {
			t.Errorf("%s %s: nothing is counted", name, what)
		}
		if st.Damaged > 0 && (err != nil || !strings.Contains(log.String(), filepath.Join(dir, name))) {
			t.Errorf("%s %s: %v; logged:\n%s", name, what, err, log)
		}
		if loaded != 1 {
			t.Errorf("%s %s: the window is lost", name, what)
		}
		return
	}
	if st.Damaged == 0 || err != nil || !slices.Equal(kept, content) || !strings.Contains(log.String(), bad) || !strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("%s %s: %+v, %v; logged:\n%s", name, what, st, err, log)
	}
	if name != "window.1" && loaded != 1 {
		t.Errorf("%s %s: the window is lost", name, what)
	}
	if name == "state" != (len(batches) == 0) {
		t.Errorf("%s %s: %d batches", name, what, len(batches))
	}
}

func TestOnlyTheNewestOfWhatCouldNotBeReadIsKept(t *testing.T) {
	dir := t.TempDir()
	for n := range 30 {
		put(t, dir, fmt.Sprintf("window.%d.bad", n), nil)
	}
	open(t, Config{Dir: dir})
	if n := len(names(t, dir)); n != maxBad {
		t.Errorf("%d are kept, want %d", n, maxBad)
	}
}

// A disk that takes nothing leaves nothing that would bring back what sinks have had.
func TestADiskThatFailsLeavesNoOldState(t *testing.T) {
	dir, log := t.TempDir(), &logbook.Book{}
	failing := ""
	s := open(t, Config{Dir: dir, Logger: log.Logger(), Fault: func(step string) error {
		if failing != "" && strings.HasPrefix(step, failing) {
			return syscall.ENOSPC
		}
		return nil
	}})
	s.Register([]string{"a"})
	steps := []string{"create log", "append", "create window", "write window", "sync window", "rename window", "sync directory for window", "create state", "write state", "sync state", "rename state", "sync directory for state"}
	for i, step := range steps {
		failing = step
		n, onDisk, _ := commit(s, someWindow())
		s.log.Append(someBatch(1), noon)
		ofState := strings.HasSuffix(step, "state")
		if n != uint64(2*i+1) || onDisk == strings.HasSuffix(step, "window") || s.Stats().Durable == ofState {
			t.Errorf("%s: window %d, on disk %v, durable %v", step, n, onDisk, s.Stats().Durable)
		}
		if _, err := os.Stat(filepath.Join(dir, "state")); errors.Is(err, os.ErrNotExist) != ofState {
			t.Errorf("%s: the state: %v", step, err)
		}
		for _, name := range names(t, dir) {
			if strings.HasSuffix(name, ".tmp") || ofState && strings.HasPrefix(name, "log.") {
				t.Errorf("%s: %s is left", step, name)
			}
		}
		failing = ""
		if _, onDisk, _ := commit(s, someWindow()); !onDisk || !s.Stats().Durable {
			t.Errorf("after %s: not whole again", step)
		}
		s.log.Append(someBatch(1), noon)
	}
	st := s.Stats()
	if st.Failures == 0 || st.Unlogged == 0 || strings.Count(log.String(), "level=ERROR") != 1 || !strings.Contains(log.String(), "no space left") {
		t.Errorf("%+v; logged:\n%s", st, log)
	}
	s.Close()
	s = open(t, Config{Dir: dir})
	if got := len(s.Register([]string{"a"})[0]); got != st.Windows || len(replayed(s)) != 1 {
		t.Errorf("%d windows are left of %d", got, st.Windows)
	}
}

// As where the directory was made read-only: nothing can be removed, with every window anew.
func TestAnOldStateThatStaysIsNotLoggedWithEveryWindow(t *testing.T) {
	log, readOnly := &logbook.Book{}, false
	s := open(t, Config{Dir: t.TempDir(), Logger: log.Logger(), Fault: func(step string) error {
		if readOnly {
			return syscall.EACCES
		}
		return nil
	}})
	s.Register([]string{"a"})
	commit(s, someWindow())
	readOnly = true
	for range 10 {
		commit(s, someWindow())
	}
	if n := strings.Count(log.String(), "remove it before the next start"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, log)
	}
}

func TestNumbersAreNotUsedAgainWithoutAState(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	s.Register([]string{"a", "b"})
	for range 3 {
		commit(s, someWindow())
	}
	s.Done("a", 3)
	s.Done("b", 2)
	s.Close()
	for _, name := range []string{"state", "window.3"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, Config{Dir: dir})
	s.Register([]string{"a", "b"})
	if n, _, _ := commit(s, someWindow()); n != 4 {
		t.Errorf("the next window is number %d, which a sink seems to have taken", n)
	}
}
