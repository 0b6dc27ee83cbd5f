//go:build cgo

package interop

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
	"github.com/zibrato/zibrato/subscriber"
)

// patience is how long a test waits for what has to happen. Nothing waits that long unless the test fails.
const patience = time.Minute

// pythonPath is the system's Python, the one that python3-zmq is installed for.
const pythonPath = "/usr/bin/python3"

var findZMQ = sync.OnceValues(func() (string, error) {
	out, err := exec.Command(pythonPath, "-c", "import zmq").CombinedOutput()
	return string(out), err
})

// program is a Python program that runs.
type program struct {
	stdin  io.WriteCloser
	lines  chan string // of its stdout
	errors chan string // of its stderr
	exited chan error
}

// python starts a program. It is killed at the end of the test, if it has not ended.
func python(t *testing.T, args ...string) *program {
	t.Helper()
	if out, err := findZMQ(); err != nil {
		t.Fatalf("%s has no pyzmq (%v): run `make setup`\n%s", pythonPath, err, out)
	}
	cmd := exec.Command(pythonPath, args...)
	p := &program{lines: make(chan string, 1000), errors: make(chan string, 1000), exited: make(chan error, 1)}
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	stderr, err3 := cmd.StderrPipe()
	must(t, err1, err2, err3, cmd.Start())
	p.stdin = stdin
	var reading sync.WaitGroup
	for from, to := range map[io.Reader]chan string{stdout: p.lines, stderr: p.errors} {
		reading.Go(func() {
			defer close(to)
			for s := bufio.NewScanner(from); s.Scan(); {
				to <- s.Text()
			}
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		reading.Wait()
		p.exited <- cmd.Wait()
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		stdin.Close()
		for range p.lines { // so that nobody waits for room
		}
		for line := range p.errors {
			t.Log("python: ", line)
		}
		<-done
	})
	return p
}

func (p *program) line(t *testing.T) string {
	t.Helper()
	return p.next(t, p.lines)
}

// complaint returns the next line of stderr.
func (p *program) complaint(t *testing.T) string {
	t.Helper()
	return p.next(t, p.errors)
}

func (p *program) next(t *testing.T, from chan string) string {
	t.Helper()
	select {
	case line, ok := <-from:
		if !ok {
			t.Fatal("the Python program ended early")
		}
		return line
	case <-time.After(patience):
		t.Fatal("the Python program says nothing")
	}
	return ""
}

// read decodes the next line of JSON.
func (p *program) read(t *testing.T, v any) {
	t.Helper()
	line := p.line(t)
	d := json.NewDecoder(bytes.NewReader([]byte(line)))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
}

// wait waits for the end of the program.
func (p *program) wait(t *testing.T) {
	t.Helper()
	select {
	case err := <-p.exited:
		must(t, err)
	case <-time.After(patience):
		t.Fatal("the Python program does not end")
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func startForwarder(t *testing.T) *forwarder.Forwarder {
	t.Helper()
	f, err := forwarder.Start(forwarder.Config{In: "tcp://127.0.0.1:0", Out: "tcp://127.0.0.1:0"})
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func startPublisher(t *testing.T, rec *zibrato.Recorder, to string, format publisher.Format) *publisher.Publisher {
	t.Helper()
	p, err := publisher.Start(publisher.Config{Recorder: rec, Endpoint: to, Format: format})
	must(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

func newRecorder(t *testing.T, source string) *zibrato.Recorder {
	t.Helper()
	rec := zibrato.New(zibrato.Config{Source: source})
	t.Cleanup(func() { rec.Close() })
	return rec
}

// collector is a sink that keeps what was learned of each series, but for what recorders say of themselves.
type collector struct {
	mu  sync.Mutex
	got map[string]metric.Aggregate // by level, name and tag values
}

func (c *collector) Write(_ context.Context, w *metric.Window) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range w.Series {
		if strings.HasPrefix(a.Name, "zibrato.") {
			continue
		}
		a.Detail.Hist = a.Detail.Hist.Clone()
		key := string(a.Level) + "|" + a.Name
		for _, t := range a.Tags {
			key += "|" + t.Key + "=" + t.Value
		}
		if _, twice := c.got[key]; twice {
			key += " again"
		}
		c.got[key] = a
	}
	return nil
}

func (c *collector) Close(context.Context) error { return nil }

// reception is a subscriber with a backend, whose one window ends with it.
type reception struct {
	subscriber *subscriber.Subscriber
	backend    *backend.Backend
	sink       *collector
}

func startBackend(t *testing.T, from string, levels ...metric.Level) *reception {
	t.Helper()
	s, err := subscriber.Start(subscriber.Config{From: from, Levels: levels})
	must(t, err)
	sink := &collector{got: make(map[string]metric.Aggregate)}
	b, err := backend.Start(backend.Config{From: s, Sinks: []backend.Sink{sink}, Interval: 24 * time.Hour})
	if err != nil {
		s.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return &reception{s, b, sink}
}

// finish ends the backend and returns what it learned.
func (r *reception) finish(t *testing.T) map[string]metric.Aggregate {
	t.Helper()
	must(t, r.backend.Shutdown(within(t)))
	if stats := r.subscriber.Stats(); stats.Malformed != [metric.Reasons]uint64{} || stats.Violations != 0 {
		t.Errorf("the subscriber received %+v", stats)
	}
	return r.sink.got
}

// learned is what a test expects of a series.
type learned struct {
	Kind           metric.Kind
	Source, Unit   string
	Count          uint64
	Sum            float64
	IntSum         int64
	Detailed       uint64
	Min, Max, Last float64
}

func summarize(got map[string]metric.Aggregate) map[string]learned {
	m := make(map[string]learned)
	for key, a := range got {
		d := a.Detail
		m[key] = learned{a.Kind, a.Source, a.Unit, a.Count, a.Sum, a.IntSum, d.Count, d.Min, d.Max, d.Last}
	}
	return m
}

func sorted(lines []string) []string {
	slices.Sort(lines)
	return lines
}
