package backend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// handOver is how long a recorder in this process may take to hand over what it still has.
const handOver = 900 * time.Millisecond

// InProcess is the source that brings what a recorder of this process measures; nil means the default recorder. It needs
// no ZeroMQ. Without levels it brings all of them. The levels are recorded from before Start returns until the backend closes.
//
// It brings summaries, which cost the process least. They come once in zibrato.Config.SummaryEvery, a second by default, so that a
// window may begin with what happened that long before; what [InProcessSamples] brings is at most zibrato.Config.Latency old.
//
// The recorder is not closed with the source. With one that is closed already Start fails; one that is closed meanwhile hands over its
// last batches, and nothing more comes. A source is for one backend: with one that had a backend already, or with a level that is none, Start fails, too.
func InProcess(rec *zibrato.Recorder, levels ...metric.Level) Source {
	return newInProcess(rec, metric.Summaries, levels)
}

// InProcessSamples is [InProcess] with single samples instead of summaries. Windows come out the same.
func InProcessSamples(rec *zibrato.Recorder, levels ...metric.Level) Source {
	return newInProcess(rec, metric.Samples, levels)
}

func newInProcess(rec *zibrato.Recorder, detail metric.Detail, levels metric.Levels) Source {
	if rec == nil {
		rec = zibrato.Default()
	}
	return &inProcess{rec: rec, detail: detail, levels: levels}
}

// opener is a source that can begin to deliver before Receive is called, so that nothing is missed that happens after Start.
type opener interface {
	open(deliver func(*metric.Batch)) error
}

type inProcess struct {
	rec     *zibrato.Recorder
	detail  metric.Detail
	levels  metric.Levels
	taken   atomic.Bool  // by a backend, for good
	tap     *zibrato.Tap // nil: not attached
	leaving atomic.Bool  // set by Receive, read wherever the recorder drains
}

// Levels returns the levels that it brings.
func (s *inProcess) Levels() metric.Levels { return s.levels }

func (s *inProcess) recorder() metric.RecorderID { return s.rec.ID() }

func (s *inProcess) open(deliver func(*metric.Batch)) error {
	for _, l := range s.levels {
		if !l.Valid() {
			return fmt.Errorf("in-process: %q is no level", l)
		}
	}
	if s.taken.Swap(true) {
		return errors.New("in-process: the source had a backend already; make another")
	}
	tap, err := s.rec.Attach(func(b *metric.Batch) {
		if b.Final && s.leaving.Load() {
			// It is the source that ends, not the recorder: what its up-down counters show still holds.
			own := *b
			own.Final = false
			b = &own
		}
		deliver(b)
	})
	if err != nil {
		s.taken.Store(false)
		return fmt.Errorf("in-process: %w", err)
	}
	if s.detail == metric.Summaries {
		tap.Watch(nil, s.levels.Include)
	} else {
		tap.Watch(s.levels.Include, nil)
	}
	s.tap = tap
	return nil
}

func (s *inProcess) Receive(ctx context.Context, deliver func(*metric.Batch)) error {
	if s.tap == nil {
		if err := s.open(deliver); err != nil {
			return err
		}
	}
	<-ctx.Done()
	s.leaving.Store(true)
	last, cancel := context.WithTimeout(context.Background(), handOver)
	defer cancel()
	if err := s.tap.Close(last); err != nil {
		return fmt.Errorf("in-process: %w", err)
	}
	return nil
}

// Close has nothing to do after Receive, whose end detached.
func (s *inProcess) Close() error { return nil }
