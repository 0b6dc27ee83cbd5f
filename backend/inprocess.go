package backend

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// handOver is how long a recorder in this process may take to hand over what it still has.
const handOver = 900 * time.Millisecond

// InProcess is the source that brings what a recorder of this process measures; nil means the default recorder. It needs
// no ZeroMQ. Without levels it brings all of them. The levels are recorded while the backend runs.
//
// The recorder is not closed with the source. One that is closed before makes Receive fail; one that is closed meanwhile hands over its
// last batches and nothing more comes.
func InProcess(rec *zibrato.Recorder, levels ...metric.Level) Source {
	if rec == nil {
		rec = zibrato.Default()
	}
	return &inProcess{rec: rec, levels: levels}
}

type inProcess struct {
	rec    *zibrato.Recorder
	levels metric.Levels
}

func (s *inProcess) Receive(ctx context.Context, deliver func(*metric.Batch)) error {
	var leaving atomic.Bool // set here, read wherever the recorder drains
	tap, err := s.rec.Attach(func(b *metric.Batch) {
		if leaving.Load() && b.Final {
			// It is the source that ends, not the recorder: what its up-down counters show still holds.
			own := *b
			own.Final = false
			b = &own
		}
		deliver(b)
	})
	if err != nil {
		return fmt.Errorf("in-process: %w", err)
	}
	tap.Watch(s.levels.Include)
	<-ctx.Done()
	leaving.Store(true)
	last, cancel := context.WithTimeout(context.Background(), handOver)
	defer cancel()
	if err := tap.Close(last); err != nil {
		return fmt.Errorf("in-process: %w", err)
	}
	return nil
}

func (s *inProcess) Close() error { return nil }
