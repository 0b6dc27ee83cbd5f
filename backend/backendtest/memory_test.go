package backendtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

// memory is a target in memory. It shows a window once however often it was written, unless it appends.
type memory struct {
	appends bool
	newSink func(*memory) backend.Sink // nil: one that keeps the contract

	mu        sync.Mutex
	behaviour Behaviour
	changed   chan struct{} // closed when the behaviour changes
	points    []Point
	index     map[string]int // in points, by identity
}

// harness makes targets of newSink's sinks.
func harness(appends bool, newSink func(*memory) backend.Sink) Harness {
	return Harness{
		NewTarget: func() (Target, error) {
			return &memory{appends: appends, newSink: newSink, changed: make(chan struct{}), index: make(map[string]int)}, nil
		},
		Appends: appends,
		Secrets: []string{"hunter2/!"},
	}
}

func (m *memory) NewSink() (backend.Sink, error) {
	if m.newSink == nil {
		return &sound{m: m}, nil
	}
	return m.newSink(m), nil
}

func (m *memory) Arrived() ([]Point, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.points), nil
}

func (m *memory) Behave(b Behaviour) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.behaviour = b
	close(m.changed)
	m.changed = make(chan struct{})
	return nil
}

func (m *memory) Close() error { return nil }

var errBusy = errors.New("the target is busy")

// take is the wire: it takes all points, or none but those it refuses for good, which it counts.
func (m *memory) take(ctx context.Context, points []Point) (refused int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.behaviour == Hang {
		changed := m.changed
		m.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		m.mu.Lock()
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	if m.behaviour == Fail {
		return 0, errBusy
	}
	for _, p := range points {
		if m.behaviour == Reject && p.Name == Unwanted {
			refused++
			continue
		}
		id := p.identity()
		if i, known := m.index[id]; known && !m.appends {
			m.points[i] = p
			continue
		}
		m.index[id] = len(m.points)
		m.points = append(m.points, p)
	}
	return refused, nil
}

// sound is a sink that keeps the contract.
type sound struct {
	m      *memory
	closed bool
}

func (s *sound) Write(ctx context.Context, w *metric.Window) error {
	return s.send(ctx, translate(w))
}

func (s *sound) send(ctx context.Context, points []Point) error {
	if s.closed {
		return errors.New("memory: write after close")
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: write: %w", err)
	}
	refused, err := s.m.take(ctx, points)
	switch {
	case err != nil:
		return backend.Retry(fmt.Errorf("memory: write: %w", err), 0)
	case refused > 0:
		return backend.Reject(errors.New("memory: unwanted"), refused)
	}
	return nil
}

func (s *sound) Close(context.Context) error {
	s.closed = true
	return nil
}

// translate reads a window as a sink does.
func translate(w *metric.Window) (ps []Point) {
	for i := range w.Series {
		a := &w.Series[i]
		p := Point{Time: w.Start, Kind: a.Kind, Level: a.Level, Name: a.Name, Source: a.Source, Tags: slices.Clone(a.Tags), Unit: a.Unit, Help: a.Help}
		p.Count = pointer(float64(a.Count))
		if a.HasDetail() || a.Kind != metric.Gauge && a.Kind != metric.UpDown {
			p.Sum = pointer(a.Sum)
		}
		if a.HasDetail() {
			d := &a.Detail
			p.Min, p.Max, p.Last = pointer(d.Min), pointer(d.Max), pointer(d.Last)
			if v := d.StdDev(); !math.IsNaN(v) {
				p.StdDev = &v
			}
			p.Quantiles = map[float64]float64{}
			for _, q := range []float64{0.5, 0.9, 0.95, 0.99, 0.999} {
				p.Quantiles[q] = d.Quantile(q)
			}
		}
		ps = append(ps, p)
	}
	return ps
}
