package backend

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// fakeSource is a source whose batches the test sends.
type fakeSource struct {
	rest   func(deliver func(*metric.Batch)) // what is handed over at the end
	broken chan error                        // what is sent here ends Receive
	stuck  chan struct{}                     // not nil: Receive goes on until it is closed

	ready   chan struct{}
	deliver func(*metric.Batch)
	mu      sync.Mutex
	closed  int
}

func newSource() *fakeSource {
	return &fakeSource{ready: make(chan struct{}), broken: make(chan error, 1)}
}

func (s *fakeSource) Receive(ctx context.Context, deliver func(*metric.Batch)) error {
	s.deliver = deliver
	close(s.ready)
	select {
	case err := <-s.broken:
		return err
	case <-ctx.Done():
	}
	if s.stuck != nil {
		<-s.stuck
	}
	if s.rest != nil {
		s.rest(deliver)
	}
	return nil
}

func (s *fakeSource) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed++
	return nil
}

func (s *fakeSource) send(b *metric.Batch) {
	<-s.ready
	s.deliver(b)
}

// fakeSink keeps the windows that write, if set, returned nil or a rejection for.
type fakeSink struct {
	write func(ctx context.Context, w *metric.Window) error
	close func(ctx context.Context) error

	mu      sync.Mutex
	windows []*metric.Window
	tries   []time.Time
	closed  int
}

func (s *fakeSink) Write(ctx context.Context, w *metric.Window) error {
	s.mu.Lock()
	s.tries = append(s.tries, time.Now())
	s.mu.Unlock()
	var err error
	if s.write != nil {
		err = s.write(ctx, w)
	}
	if _, rejected := Rejected(err); err == nil || rejected {
		s.mu.Lock()
		s.windows = append(s.windows, w)
		s.mu.Unlock()
	}
	return err
}

func (s *fakeSink) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed++
	s.mu.Unlock()
	if s.close != nil {
		return s.close(ctx)
	}
	return nil
}

func (s *fakeSink) got() []*metric.Window {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*metric.Window(nil), s.windows...)
}

func hang(ctx context.Context, _ *metric.Window) error {
	<-ctx.Done()
	return ctx.Err()
}

var errDown = errors.New("target is down")

func down(context.Context, *metric.Window) error { return errDown }

// process sends batches as a recorder does, and knows every call that was made.
type process struct {
	p      metric.Process
	detail metric.Detail
	begun  time.Time
	seq    map[metric.Level]uint64
	series []*sent
}

// sent is one series of a process.
type sent struct {
	id      uint32
	series  *metric.Series
	birth   time.Duration
	totals  metric.Totals
	calls   []metric.Value // since the last batch
	before  metric.Totals
	touched bool
}

// details are what every test of merging runs with.
var details = []metric.Detail{metric.Samples, metric.Summaries}

func newProcess(n byte, begun time.Time, d metric.Detail) *process {
	return &process{
		detail: d,
		p:      metric.Process{Recorder: metric.RecorderID{n}, Host: "host" + string('a'+rune(n%26)), Program: "test", PID: uint32(n)},
		begun:  begun,
		seq:    make(map[metric.Level]uint64),
	}
}

func (p *process) add(s *metric.Series) *sent {
	e := &sent{id: uint32(len(p.series)), series: s}
	p.series = append(p.series, e)
	return e
}

// call makes one call. An up-down counter is given its new value.
func (p *process) call(s *sent, v metric.Value) {
	if s.totals == (metric.Totals{}) {
		s.birth = time.Since(p.begun)
	}
	if !s.touched {
		s.before, s.touched = s.totals, true
	}
	s.totals.Count++
	switch s.series.Kind {
	case metric.Timer, metric.Counter:
		s.totals.Sum = metric.IntValue(s.totals.Sum.Int() + v.Int())
	case metric.UpDown:
		s.totals.Sum = v
	case metric.Distribution:
		s.totals.Sum = metric.FloatValue(s.totals.Sum.Float() + v.Float())
	}
	s.calls = append(s.calls, v)
}

// batch makes a level's batch of what was called since the last; all says that the totals of every series are in it.
func (p *process) batch(level metric.Level, all bool) *metric.Batch {
	p.seq[level]++
	b := &metric.Batch{Process: p.p, Level: level, Detail: p.detail, Seq: p.seq[level], Uptime: time.Since(p.begun), Base: time.Now()}
	for _, s := range p.series {
		if s.series.Level != level || !s.touched && !all || s.totals.Count == 0 {
			continue
		}
		if !s.touched {
			s.before = s.totals
		}
		at := uint32(len(b.Entries))
		b.Entries = append(b.Entries, metric.Entry{ID: s.id, Series: s.series, Birth: s.birth, Before: s.before, After: s.totals})
		var sum metric.Summary
		for _, v := range s.calls {
			if p.detail == metric.Samples {
				b.Samples = append(b.Samples, metric.Sample{Entry: at, Value: v})
			}
			sum.Add(s.series.Kind.InUnits(v))
		}
		if p.detail == metric.Summaries && sum.Count > 0 && s.series.Kind != metric.Counter {
			b.Summaries = append(b.Summaries, metric.EntrySummary{Entry: at, Summary: sum})
		}
		s.calls, s.touched = nil, false
	}
	return b
}

func series(kind metric.Kind, name string, tags ...metric.Tag) *metric.Series {
	return &metric.Series{Kind: kind, Level: metric.Info, Name: name, Source: "test", Tags: tags}
}

// counted is a batch of one counter that grew by n, from a process of its own.
func counted(recorder byte, n int64) *metric.Batch {
	p := newProcess(recorder, time.Now(), metric.Samples)
	p.call(p.add(series(metric.Counter, "jobs")), metric.IntValue(n))
	return p.batch(metric.Info, false)
}

func find(w []metric.Aggregate, name string) *metric.Aggregate {
	for i := range w {
		if w[i].Name == name {
			return &w[i]
		}
	}
	return nil
}

// sleep sleeps and then waits until the backend has done what was due.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func must(t *testing.T, cfg Config) *Backend {
	t.Helper()
	b, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
