package backend

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/atomic"
)

func TestAFlushThatHangsIsOverdue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var hang atomic.Bool
		src, sink := newSource(), &fakeSink{}
		b, err := Start(Config{From: src, Sinks: []Sink{sink}, Interval: time.Minute, Dir: t.TempDir(), fault: func(step string) error {
			if hang.Load() && strings.HasPrefix(step, "sync") {
				<-release
			}
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(90 * time.Second) // the first window may be shorter
		synctest.Wait()
		if d := b.Stats().Overdue; d != 0 {
			t.Errorf("overdue by %v while all is well", d)
		}
		src.send(counted(1, 1))
		hang.Store(true)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if d := b.Stats().Overdue; d < time.Minute || d > 2*time.Minute {
			t.Errorf("overdue by %v while the disk has hung for one to two minutes", d)
		}
		hang.Store(false)
		close(release)
		time.Sleep(time.Minute)
		synctest.Wait()
		if d := b.Stats().Overdue; d != 0 {
			t.Errorf("overdue by %v once the disk goes on", d)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		if d := b.Stats().Overdue; d != 0 {
			t.Errorf("overdue by %v after the end", d)
		}
	})
}

func TestABackendWhoseSourceBrokeIsNotOverdue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSource()
		b, err := Start(Config{From: src, Sinks: []Sink{&fakeSink{}}})
		if err != nil {
			t.Fatal(err)
		}
		src.broken <- errors.New("no route to host")
		<-b.Done()
		time.Sleep(time.Hour)
		if d := b.Stats().Overdue; d != 0 {
			t.Errorf("overdue by %v", d)
		}
		_ = b.Close()
	})
}
