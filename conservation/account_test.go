//go:build cgo && linux

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/zibrato/zibrato/metric"
)

var one = series{Kind: metric.Timer, Level: metric.Info, Name: "timer", Source: "p"}

// written returns the account of a journal with these batches: of one series, each with so many calls more than the one before.
func written(t *testing.T, lines ...line) *account {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal")
	j, err := openJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range lines {
		if err := j.write(&lines[i]); err != nil {
			t.Fatal(err)
		}
	}
	j.f.Close()
	a, err := readAccount(path)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// batch is the line of a batch that says that there were so many calls, and tells of detail of them.
func batch(seq, count, detail uint64) line {
	return line{Recorder: "r", Level: metric.Info, Seq: seq, Entries: []told{{Series: one, Count: count, Sum: int64(10 * count), Detail: detail}}}
}

func taken(seq uint64) line { return line{Recorder: "r", Level: metric.Info, Seq: seq, Taken: true} }

func (a *account) judge(count, detail uint64) string {
	return a.totals[one].agrees(one, figures{Series: one, Count: count, Sum: int64(10 * count), Detail: detail}, 0, false)
}

func TestStoreThatKnowsWhatCameIsRight(t *testing.T) {
	a := written(t, batch(1, 5, 5), taken(1), batch(3, 20, 4), taken(3), batch(1, 5, 5), taken(1))
	if w := a.judge(20, 9); w != "" {
		t.Error(w)
	}
	if a.lost != 1 || a.duplicates != 1 {
		t.Errorf("%d lost and %d twice, want one each", a.lost, a.duplicates)
	}
}

func TestStoreThatKnowsAnythingElseIsWrong(t *testing.T) {
	a := written(t, batch(1, 5, 5), taken(1), batch(2, 20, 15), taken(2))
	for _, f := range []struct{ count, detail uint64 }{{19, 19}, {21, 20}, {5, 5}, {20, 19}, {20, 21}, {40, 20}, {0, 0}} {
		if a.judge(f.count, f.detail) == "" {
			t.Errorf("%d calls and detail of %d pass", f.count, f.detail)
		}
	}
}

func TestBatchAtTheInstantOfAKillMayCountOrNot(t *testing.T) {
	a := written(t, batch(1, 5, 5), taken(1), batch(2, 20, 15)) // and then the backend was killed
	for _, f := range []struct{ count, detail uint64 }{{5, 5}, {20, 20}} {
		if w := a.judge(f.count, f.detail); w != "" {
			t.Error(w)
		}
	}
	if a.judge(12, 12) == "" {
		t.Error("half of a batch passes")
	}
	later := written(t, batch(1, 5, 5), taken(1), batch(2, 20, 15), batch(3, 21, 1), taken(3))
	if later.judge(5, 5) == "" {
		t.Error("totals that came again later may be missing")
	}
}

func TestTornEndOfAJournalIsLeftOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	if err := os.WriteFile(path, []byte(`{"r":"x","q":1}`+"\n"+`{"r":"x","q`), 0o600); err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := readJournal(path, func(*line) { n++ }); err != nil || n != 1 {
		t.Errorf("%d lines, %v; want one", n, err)
	}
}

func TestSameKeyWithOtherFiguresIsAConflict(t *testing.T) {
	s := &store{books: map[string]map[series]map[int64]figures{}}
	f := figures{Series: one, Count: 3, Sum: 30, Detail: 3}
	s.take("kept", 1, []figures{f})
	s.take("kept", 1, []figures{f})
	s.take("kept", 2, []figures{f})
	if got := s.sum("kept")[one]; got.Count != 6 || got.Sum != 60 || s.again != 1 || len(s.conflict) != 0 {
		t.Errorf("%+v, %d came again, conflicts: %v", got, s.again, s.conflict)
	}
	f.Count++
	s.take("kept", 1, []figures{f})
	if len(s.conflict) != 1 {
		t.Errorf("conflicts: %v, want one", s.conflict)
	}
}
