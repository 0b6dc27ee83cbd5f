//go:build cgo && linux

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	kept "github.com/zibrato/zibrato/backend/store"
	"github.com/zibrato/zibrato/metric"
)

// Living publishers repeat their totals, and so hide what a log that is gone too early costs. Ended ones do not.
func TestLogStaysUntilTheStateDoesWithoutIt(t *testing.T) {
	dir := t.TempDir()
	steps := 0
	s, err := kept.Open(kept.Config{Dir: dir, Fault: func(step string) error {
		b, err := os.ReadFile(filepath.Join(dir, "state"))
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		st, err := kept.DecodeState(b)
		if err != nil {
			t.Errorf("before %q: %v", step, err)
			return nil
		}
		steps++
		if _, err := os.Stat(filepath.Join(dir, "log."+strconv.FormatUint(st.Generation, 10))); err != nil {
			t.Errorf("before %q the state goes on with a log that is not there: %v", step, err)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Unix(1e9, 0)
	for range 3 {
		s.NextLog().Begin(now)
		w := &metric.Window{Start: now, End: now.Add(time.Second), Interval: time.Second, Series: []metric.Aggregate{
			{Series: &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: "n", Source: "s"}, Count: 1, Sum: 1, IntSum: 1},
		}}
		s.Commit(&kept.State{At: now, Start: now}, w)
		now = now.Add(time.Second)
	}
	if steps < 10 {
		t.Errorf("looked at %d steps only", steps)
	}
}
