package logfile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/backend/backendtest"
	"github.com/zibrato/zibrato/metric"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAFileKeepsTheContract(t *testing.T) {
	backendtest.Run(t, backendtest.Harness{Express: express, NewTarget: func() (backendtest.Target, error) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		return &fileTarget{path: filepath.Join(dir, "metrics.log")}, err
	}})
}

func TestAWriterKeepsTheContract(t *testing.T) {
	backendtest.Run(t, backendtest.Harness{Express: express, NewTarget: func() (backendtest.Target, error) {
		return newGate(), nil
	}})
}

func TestAPipeKeepsTheContract(t *testing.T) {
	backendtest.Run(t, backendtest.Harness{Express: express, Settle: 10 * time.Second, NewTarget: newPipeTarget})
}

func express(p backendtest.Point) (backendtest.Point, bool) {
	p.Help = ""
	return p, true
}

// fileTarget is a log file.
type fileTarget struct {
	path string
	away bool // moved, with a directory in its place
}

func (f *fileTarget) NewSink() (backend.Sink, error) { return New(Config{Path: f.path}) }

func (f *fileTarget) Arrived() ([]backendtest.Point, error) {
	text, err := os.ReadFile(f.path)
	if err != nil {
		return nil, err
	}
	return parse(text)
}

func (f *fileTarget) Behave(b backendtest.Behaviour) error {
	aside := f.path + ".aside"
	switch {
	case b == backendtest.Fail:
		f.away = true
		return errors.Join(os.Rename(f.path, aside), os.Mkdir(f.path, 0o700))
	case b == backendtest.Serve && f.away:
		f.away = false
		return errors.Join(os.Remove(f.path), os.Rename(aside, f.path))
	case b == backendtest.Serve:
		return nil
	}
	return errors.ErrUnsupported
}

func (f *fileTarget) Close() error { return os.RemoveAll(filepath.Dir(f.path)) }

// gate is a writer that takes, hangs or fails as it is told. When it fails, it takes half of what it gets.
type gate struct {
	mu        sync.Mutex
	open      *sync.Cond
	behaviour backendtest.Behaviour
	text      bytes.Buffer
}

func newGate() *gate {
	g := &gate{}
	g.open = sync.NewCond(&g.mu)
	return g
}

func (g *gate) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.behaviour == backendtest.Hang {
		g.open.Wait()
	}
	if g.behaviour == backendtest.Fail {
		n, _ := g.text.Write(p[:len(p)/2])
		return n, syscall.ENOSPC
	}
	return g.text.Write(p)
}

func (g *gate) NewSink() (backend.Sink, error) { return New(Config{Writer: g}) }

func (g *gate) Arrived() ([]backendtest.Point, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return parse(g.text.Bytes())
}

func (g *gate) Behave(b backendtest.Behaviour) error {
	if b == backendtest.Reject {
		return errors.ErrUnsupported
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.behaviour = b
	g.open.Broadcast()
	return nil
}

func (g *gate) Close() error { return nil }

// pipeTarget is a pipe, with a reader that can pause.
type pipeTarget struct {
	*gate
	r, w *os.File
	done chan struct{}
}

func newPipeTarget() (backendtest.Target, error) {
	p := &pipeTarget{gate: newGate(), done: make(chan struct{})}
	var err error
	if p.r, p.w, err = os.Pipe(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.done)
		io.Copy(p.gate, p.r) // until Close closes the other end
	}()
	return p, nil
}

func (p *pipeTarget) NewSink() (backend.Sink, error) { return New(Config{Writer: p.w}) }

// Arrived sees whole lines only: the rest is still in the pipe.
func (p *pipeTarget) Arrived() ([]backendtest.Point, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := p.text.Bytes()
	return parse(text[:bytes.LastIndexByte(text, '\n')+1])
}

func (p *pipeTarget) Behave(b backendtest.Behaviour) error {
	if b == backendtest.Fail {
		return errors.ErrUnsupported
	}
	return p.gate.Behave(b)
}

func (p *pipeTarget) Close() error {
	err := p.w.Close()
	<-p.done
	return errors.Join(err, p.r.Close())
}

// parse reads lines as any user would, by the standard decoder, and insists on the documented form.
func parse(text []byte) (points []backendtest.Point, err error) {
	if len(text) > 0 && text[len(text)-1] != '\n' {
		return nil, errors.New("the last line is torn")
	}
	for line := range strings.Lines(string(text)) {
		p, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("%w in line %s", err, line)
		}
		points = append(points, p)
	}
	return points, nil
}

var fields = []string{"time", "name", "kind", "unit", "level", "source", "tags", "count", "sum", "min", "max", "last", "stddev", "p50", "p90", "p95", "p99", "p999"}

func parseLine(line string) (p backendtest.Point, err error) {
	var all map[string]any
	if err := json.Unmarshal([]byte(line), &all); err != nil {
		return p, err
	}
	for _, field := range fields {
		if _, there := all[field]; !there || len(all) != len(fields) {
			return p, fmt.Errorf("%d fields, %s there: %v", len(all), field, there)
		}
	}
	text := func(field string) string {
		s, ok := all[field].(string)
		if !ok {
			err = errors.Join(err, fmt.Errorf("%s is no string", field))
		}
		return s
	}
	number := func(field string) *float64 {
		switch v := all[field].(type) {
		case float64:
			return &v
		case nil:
			return nil
		}
		err = errors.Join(err, fmt.Errorf("%s is neither number nor null", field))
		return nil
	}
	p.Name, p.Unit, p.Level, p.Source = text("name"), text("unit"), metric.Level(text("level")), text("source")
	for _, k := range metric.Kinds {
		if k.String() == text("kind") {
			p.Kind = k
		}
	}
	at, e := time.Parse(time.RFC3339, text("time"))
	if e != nil || !strings.HasSuffix(text("time"), "Z") {
		err = errors.Join(err, e, errors.New("the time is not in UTC"))
	}
	p.Time = at
	tags, ok := all["tags"].(map[string]any)
	if !ok {
		err = errors.Join(err, errors.New("tags are no object"))
	}
	for k, v := range tags {
		p.Tags = append(p.Tags, metric.Tag{Key: k, Value: v.(string)})
	}
	p.Tags = metric.SortTags(p.Tags)
	p.Count, p.Sum, p.StdDev = number("count"), number("sum"), number("stddev")
	p.Min, p.Max, p.Last = number("min"), number("max"), number("last")
	for field, q := range map[string]float64{"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999} {
		if v := number(field); v != nil {
			if p.Quantiles == nil {
				p.Quantiles = make(map[float64]float64)
			}
			p.Quantiles[q] = *v
		}
	}
	return p, err
}

// write writes the window and ends the test if that fails.
func write(t *testing.T, s *Sink, w *metric.Window) {
	t.Helper()
	if err := s.Write(t.Context(), w); err != nil {
		t.Fatal(err)
	}
}

// closing closes the sink at the end of the test.
func closing(t *testing.T, s *Sink) {
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
