package backend

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/internal/logbook"
	"github.com/zibrato/zibrato/metric"
)

// A real file system that is full, and then not, and so on.
func TestARealDiskThatIsFullIsLivedThrough(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=128k"); errors.Is(err, syscall.EPERM) {
		t.Skip("no right to mount a small file system; TestAFullDiskIsLivedThrough plays one")
	} else if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	}()
	ballast := filepath.Join(dir, "ballast")
	synctest.Test(t, func(t *testing.T) {
		w, book, log := &world{r: rand.New(rand.NewPCG(1, 1))}, newLedger(), &logbook.Book{}
		w.born()
		src := newSource()
		b := must(t, Config{
			From: src, Interval: time.Second, Dir: filepath.Join(dir, "store"), Logger: log.Logger(),
			Sinks: []Sink{&clerk{&life{t: t}, "ledger", book, func() bool { return false }}},
		})
		for i := range 200 {
			switch i % 40 {
			case 0:
				if err := os.Remove(ballast); i > 0 && err != nil {
					t.Fatal(err)
				}
			case 20:
				if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
					t.Fatalf("the disk is not full: %v", err)
				}
			}
			src.send(w.work())
			sleep(300 * time.Millisecond)
			if st := b.Stats(); i%40 == 19 && !st.Store.Durable || i%40 == 39 && st.Store.Durable || st.Sinks[0].Dropped > 0 {
				t.Errorf("batch %d: %+v", i, st)
			}
		}
		src.send(w.processes[0].batch(metric.Info, true))
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		book.check(t, "full disk", w.processes...)
		if log.String() == "" {
			t.Error("nothing is logged")
		}
	})
}
