package logfile

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/backend/backendtest"
	"github.com/zibrato/zibrato/metric"
)

// miser takes so many bytes, fails, and takes no more until it is given a new limit.
type miser struct {
	text  bytes.Buffer
	limit int
	err   error
}

func (m *miser) Write(p []byte) (int, error) {
	n, _ := m.text.Write(p[:min(len(p), m.limit)])
	m.limit -= n
	if n < len(p) {
		return n, m.err
	}
	return n, nil
}

func (m *miser) names(t *testing.T) string {
	t.Helper()
	points, err := parse(m.text.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range points {
		names = append(names, p.Name)
	}
	return strings.Join(names, " ")
}

// Wherever a write breaks off, the same window again completes it, and another window finds a whole line before it.
func TestAPartialWriteIsContinuedOrItsLineFinished(t *testing.T) {
	first, second := window(1, 3), window(2, 1)
	line := int(size(first)) / 3
	for limit := range int(size(first)) {
		for _, again := range []bool{true, false} {
			for _, reason := range []error{errors.New("full"), nil} {
				m := &miser{limit: limit, err: reason}
				s, err := New(Config{Writer: m})
				if err != nil {
					t.Fatal(err)
				}
				err = s.Write(t.Context(), first)
				if _, retry := backend.RetryAfter(err); !retry || reason == nil && !errors.Is(err, io.ErrShortWrite) {
					t.Fatalf("after %d bytes: error %v", limit, err)
				}
				m.limit = 1 << 20
				want := "c.1.0 c.1.1 c.1.2 c.2.0"
				if again {
					write(t, s, first)
				} else {
					gone := (limit + line - 1) / line // lines of which at least a byte is out
					want = strings.Join(append(strings.Fields(want)[:gone], "c.2.0"), " ")
				}
				write(t, s, second)
				if diff := cmp.Diff(want, m.names(t)); diff != "" {
					t.Errorf("after %d bytes, again %v: -want +got:\n%s", limit, again, diff)
				}
			}
		}
	}
}

func TestCloseFinishesALine(t *testing.T) {
	m := &miser{limit: 10}
	s, err := New(Config{Writer: m})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), window(1, 2)); err == nil {
		t.Fatal("no error")
	}
	m.limit = 1 << 20
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := m.names(t); got != "c.1.0" {
		t.Errorf("wrote %s", got)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("second close: %v", err)
	}
	if err := s.Write(t.Context(), window(2, 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("write after close: %v", err)
	}
}

// liar returns counts that no writer may.
type liar int

func (l liar) Write(p []byte) (int, error) { return int(l) * (len(p) + 1), errors.New("lied") }

func TestImpossibleCountsAreNotBelieved(t *testing.T) {
	for _, l := range []liar{-1, 2} {
		s, err := New(Config{Writer: l})
		if err != nil {
			t.Fatal(err)
		}
		closing(t, s)
		if err := s.Write(t.Context(), window(1, 1)); err == nil || !strings.Contains(err.Error(), "lied") {
			t.Errorf("error %v", err)
		}
	}
}

// A window whose Write gave up may be out all the same. When it comes again it is not written twice, and what comes
// instead of it waits its turn.
func TestAWriteThatHangsIsNotRepeated(t *testing.T) {
	g := newGate()
	s, err := New(Config{Writer: g})
	if err != nil {
		t.Fatal(err)
	}
	closing(t, s)
	g.Behave(backendtest.Hang)
	if err := s.Write(soon(t), window(1, 2)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if err := s.Write(soon(t), window(2, 1)); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "earlier window") {
		t.Errorf("error %v", err)
	}
	g.Behave(backendtest.Serve)
	write(t, s, window(1, 2))
	write(t, s, window(2, 1))
	points, err := g.Arrived()
	if err != nil || len(points) != 3 || points[0].Name != "c.1.0" || points[2].Name != "c.2.0" {
		t.Errorf("%v, %v", err, points)
	}
}

// What a Write left behind when its target hung, Close leaves behind too, and it still gets out when the target goes on.
func TestCloseLeavesAHangingWriteToItself(t *testing.T) {
	g := newGate()
	s, err := New(Config{Writer: g})
	if err != nil {
		t.Fatal(err)
	}
	g.Behave(backendtest.Hang)
	if err := s.Write(soon(t), window(1, 2)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("write: %v", err)
	}
	if err := s.Close(soon(t)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("close: %v", err)
	}
	g.Behave(backendtest.Serve)
	if err := s.await(t.Context()); err != nil {
		t.Errorf("what was left behind: %v", err)
	}
	if points, err := g.Arrived(); err != nil || len(points) != 2 {
		t.Errorf("%v, %v", err, points)
	}
}

// soon returns a context that ends soon.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func TestEncodingStopsWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := New(Config{Writer: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	closing(t, s)
	if err := s.Write(ctx, window(1, 1000)); !errors.Is(err, context.Canceled) || len(s.next) > 0 {
		t.Errorf("error %v after %d bytes", err, len(s.next))
	}
	if err := s.Write(ctx, &metric.Window{}); err != nil {
		t.Errorf("an empty window: %v", err)
	}
}
