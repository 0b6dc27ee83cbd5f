package backend

import (
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestAWindowOfAFullDiskIsStoredOnceThereIsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full, src := false, newSource()
		cfg := Config{From: src, Sinks: []Sink{&fakeSink{write: down}}, Interval: time.Second, Dir: t.TempDir()}
		cfg.fault = func(step string) error {
			if full && !strings.HasPrefix(step, "remove") {
				return syscall.ENOSPC
			}
			return nil
		}
		b := must(t, cfg)
		full = true
		src.send(counted(1, 5))
		sleep(1500 * time.Millisecond) // the window is taken, in memory only
		full = false
		src.send(counted(2, 5))
		sleep(10 * time.Second) // in which the sink's tries end at times and the window is put back
		src.send(counted(3, 5))
		sleep(2 * time.Second)
		defer b.Close()
		st := b.Stats()
		if s := st.Sinks[0]; !st.Store.Durable || s.Dropped != 0 || s.Stored != 3 {
			t.Errorf("of %d windows that wait %d are on disk, though there is room and Durable is %v", s.Queued, s.Stored, st.Store.Durable)
		}
	})
}
