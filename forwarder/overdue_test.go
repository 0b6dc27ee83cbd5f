//go:build cgo && linux

package forwarder

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	zmq "github.com/pebbe/zmq4"
)

// hanging is a log handler that does not return from warnings until it may.
type hanging struct {
	slog.Handler
	entered, release chan struct{}
}

func newHanging() hanging {
	return hanging{slog.DiscardHandler, make(chan struct{}, 1), make(chan struct{})}
}

func (h hanging) Enabled(context.Context, slog.Level) bool { return true }

func (h hanging) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		h.entered <- struct{}{}
		<-h.release
	}
	return nil
}

func TestAForwarderThatGoesOnIsNotOverdue(t *testing.T) {
	f := start(t, Config{})
	for range 3 {
		f.Stats()
		eventually(t, "it has answered", func() bool { return f.Stats().Overdue == 0 })
	}
	must(t, f.Close())
	f.Stats()
	if d := f.Stats().Overdue; d != 0 {
		t.Errorf("overdue by %v after the end", d)
	}
}

func TestAForwarderThatHangsIsOverdue(t *testing.T) {
	for name, provoke := range map[string]func(t *testing.T, f *Forwarder){
		"the loop": func(t *testing.T, f *Forwarder) { // a topic that is refused
			subscriber(t, f, strings.Repeat("x", MaxTopicLen+1))
		},
		"the gate": func(t *testing.T, f *Forwarder) { // a connection that is refused
			socket(t, zmq.SUB, f.OutAddr())
			socket(t, zmq.SUB, f.OutAddr())
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHanging()
			f := start(t, Config{MaxConnections: 1, Logger: slog.New(h)})
			provoke(t, f)
			<-h.entered
			f.Stats()
			var last int64
			for range 3 {
				eventually(t, "it is overdue, by more each time", func() bool { return int64(f.Stats().Overdue) > last })
				last = int64(f.Stats().Overdue)
			}
			close(h.release)
			eventually(t, "it goes on", func() bool { return f.Stats().Overdue == 0 })
		})
	}
}
