package backendtest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

// altering is a sink that sends something else than what the window says.
type altering struct {
	sound
	alter func([]Point) []Point
}

func (s *altering) Write(ctx context.Context, w *metric.Window) error {
	return s.send(ctx, s.alter(translate(w)))
}

func alter(f func([]Point) []Point) func(*memory) backend.Sink {
	return func(m *memory) backend.Sink { return &altering{sound{m: m}, f} }
}

func alterEach(f func(*Point)) func(*memory) backend.Sink {
	return alter(func(ps []Point) []Point {
		for i := range ps {
			f(&ps[i])
		}
		return ps
	})
}

// odd is a sink whose methods are given one by one; nil stands for the sound one.
type odd struct {
	sound
	write func(s *odd, ctx context.Context, w *metric.Window) error
	close func(s *odd, ctx context.Context) error
	kept  []*metric.Window
	late  []Point
	n     int
}

func (s *odd) Write(ctx context.Context, w *metric.Window) error {
	if s.write == nil {
		return s.sound.Write(ctx, w)
	}
	return s.write(s, ctx, w)
}

func (s *odd) Close(ctx context.Context) error {
	if s.close == nil {
		return s.sound.Close(ctx)
	}
	return s.close(s, ctx)
}

func write(f func(s *odd, ctx context.Context, w *metric.Window) error) func(*memory) backend.Sink {
	return func(m *memory) backend.Sink { return &odd{sound: sound{m: m}, write: f} }
}

func closeBy(f func(s *odd, ctx context.Context) error) func(*memory) backend.Sink {
	return func(m *memory) backend.Sink { return &odd{sound: sound{m: m}, close: f} }
}

// Each sink breaks one rule, and the check of that rule says how.
func TestBrokenSinksAreCaught(t *testing.T) {
	tests := []struct {
		breaks  string
		sink    func(*memory) backend.Sink
		caught  *check
		finding string // part of what the check says
	}{
		{"fails on an empty window", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			if len(w.Series) == 0 {
				return errors.New("nothing to write")
			}
			return s.sound.Write(ctx, w)
		}), &emptyWindow, "nothing to write"},
		{"stops after an empty window", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			if s.n += len(w.Series); s.n == 0 {
				s.m.Behave(Fail)
			}
			return s.sound.Write(ctx, w)
		}), &emptyWindow, "busy"},
		{"loses the last series", alter(func(ps []Point) []Point { return ps[:max(len(ps)-1, 0)] }), &everyKind, "did not arrive"},
		{"sends a series twice", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			s.m.appends = true
			return errors.Join(s.sound.Write(ctx, w), s.sound.send(ctx, translate(w)[:1]))
		}), &everyKind, "arrived twice instead of once"},
		{"sends a series of its own", alter(func(ps []Point) []Point { return append(ps, Point{Name: "me.too"}) }), &everyKind, `never written: "me.too"`},
		{"rejects what arrives", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			return errors.Join(s.sound.Write(ctx, w), backend.Reject(errors.New("odd"), 1))
		}), &everyKind, "1 series refused: odd"},
		{"takes the detail's count", alterEach(func(p *Point) {
			if p.Kind == metric.UpDown {
				p.Count = pointer(4)
			}
		}), &everyKind, "count is 4 instead of 40"},
		{"sends a mean instead of a sum", alterEach(func(p *Point) { p.Sum = pointer(*p.Sum / *p.Count) }), &everyKind, "sum is"},
		{"sends nanoseconds", alterEach(func(p *Point) {
			if p.Kind == metric.Timer {
				p.Last = pointer(*p.Last * 1e9)
			}
		}), &everyKind, "last is 2e+09 instead of 2"},
		{"gives a counter a minimum", alterEach(func(p *Point) { p.Min = pointer(0) }), &everyKind, "min is 0 where nothing is known"},
		{"estimates badly", alterEach(func(p *Point) {
			if q := p.Quantiles; q != nil {
				q[0.9] *= 1.02
			}
		}), &everyKind, "quantile 0.9 is"},
		{"forgets a quantile", alterEach(func(p *Point) { delete(p.Quantiles, 0.99) }), &everyKind, "quantile 0.99 is missing"},
		{"forgets the help", alterEach(func(p *Point) { p.Help = "" }), &everyKind, `help is "" instead of`},
		{"divides by n-1", alterEach(func(p *Point) {
			if p.StdDev != nil && *p.Count > 1 {
				p.StdDev = pointer(*p.StdDev * math.Sqrt(*p.Count/(*p.Count-1)))
			}
		}), &everyKind, "stddev is"},
		{"leaves zeros out", alter(func(ps []Point) []Point {
			return slices.DeleteFunc(ps, func(p Point) bool { return p.Sum != nil && *p.Sum == 0 })
		}), &extremeNumbers, `did not arrive: 2026-03-01T11:59:57.25Z counter "zero.counter"`},
		{"drops the sign", alterEach(func(p *Point) { p.Min = absolute(p.Min) }), &extremeNumbers, "min is 40 instead of -40"},
		{"rounds to float32", alterEach(func(p *Point) { p.Sum = narrow(p.Sum) }), &extremeNumbers, "sum is"},
		{"sends NaN where sums ran over", alterEach(func(p *Point) {
			if p.Sum != nil && math.IsInf(*p.Sum, 0) {
				p.Sum = pointer(math.NaN())
			}
		}), &extremeNumbers, "sum is NaN"},
		{"sends zeros for missing detail", alterEach(func(p *Point) {
			if p.Max == nil {
				p.Max = pointer(0)
			}
		}), &missingDetail, "max is 0 where nothing is known"},
		{"sends NaN for missing detail", alterEach(func(p *Point) {
			if p.StdDev == nil {
				p.StdDev = pointer(math.NaN())
			}
		}), &missingDetail, "stddev is NaN"},
		{"leaves series without detail out", alter(func(ps []Point) []Point {
			return slices.DeleteFunc(ps, func(p Point) bool { return p.Min == nil && p.Kind != metric.Counter })
		}), &missingDetail, "did not arrive"},
		{"knows ASCII only", alterEach(func(p *Point) {
			p.Name = strings.Map(func(r rune) rune {
				if r > 127 {
					return '_'
				}
				return r
			}, p.Name)
		}), &namesAndTags, "never written"},
		{"cuts long names", alterEach(func(p *Point) { p.Name = p.Name[:min(len(p.Name), 254)] }), &namesAndTags, "did not arrive"},
		{"drops tags", alterEach(func(p *Point) { p.Tags = nil }), &namesAndTags, "did not arrive"},
		{"drops series without a source", alter(func(ps []Point) []Point {
			return slices.DeleteFunc(ps, func(p Point) bool { return p.Source == "" })
		}), &namesAndTags, "did not arrive"},
		{"mixes levels up", alterEach(func(p *Point) { p.Level = metric.Info }), &namesAndTags, "did not arrive"},
		{"keeps to a limit of a thousand series", alter(func(ps []Point) []Point { return ps[:min(len(ps), 1000)] }), &manySeries, "and 8995 more"},
		{"sends the wrong time", alterEach(func(p *Point) { p.Time = p.Time.Add(interval) }), &windowsInOrder, "did not arrive"},
		{"delivers out of order", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			if s.n++; s.n < 5 {
				s.late = append(translate(w), s.late...)
				return nil
			}
			return s.send(ctx, append(translate(w), s.late...))
		}), &windowsInOrder, "before an earlier one"},
		{"adds repeated windows up", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			s.n++
			ps := translate(w)
			for i := range ps {
				ps[i].Count = pointer(*ps[i].Count * float64(s.n))
			}
			return s.send(ctx, ps)
		}), &sameWindowTwice, "count is"},
		{"delivers a window again as a new one", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			s.m.appends = true
			return s.sound.Write(ctx, w)
		}), &sameWindowTwice, "arrived twice instead of once"},

		{"drops a series from the window", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			err := s.sound.Write(ctx, w)
			w.Series = w.Series[1:]
			return err
		}), &windowUnchanged, "series instead of"},
		{"makes names legal in the window", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			err := s.sound.Write(ctx, w)
			w.Series[0].Name += "!"
			return err
		}), &windowUnchanged, "was changed"},
		{"sorts tags in the window", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			for _, a := range w.Series {
				slices.Reverse(a.Tags)
			}
			return s.sound.Write(ctx, w)
		}), &windowUnchanged, "was changed"},
		{"merges into the window's histograms", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			err := s.sound.Write(ctx, w)
			for i := range w.Series {
				w.Series[i].Detail.Hist.Merge(&w.Series[i].Detail.Hist)
			}
			return err
		}), &windowUnchanged, "was changed"},
		{"rounds the window's time", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			err := s.sound.Write(ctx, w)
			w.Start = w.Start.Truncate(interval)
			return err
		}), &windowUnchanged, "time was changed"},
		{"keeps the window until the next", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			s.kept = append(s.kept, w)
			for len(s.kept) > 1 {
				if err := s.sound.Write(ctx, s.kept[0]); err != nil {
					return err
				}
				s.kept = s.kept[1:]
			}
			return nil
		}), &windowNotKept, "did not arrive"},
		{"delivers a share of the window's tags", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			ps := translate(w)
			for i := range ps {
				ps[i].Tags = w.Series[i].Tags
			}
			return s.send(ctx, ps)
		}), &windowNotKept, `"scribbled"="scribbled"`},

		{"calls an ended context success", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			if ctx.Err() != nil {
				return nil
			}
			return s.sound.Write(ctx, w)
		}), &endedContext, "did not arrive"},
		{"gives a window up when the context ends", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			if ctx.Err() != nil {
				return backend.Reject(ctx.Err(), len(w.Series))
			}
			return s.sound.Write(ctx, w)
		}), &endedContext, "gives the window up"},
		{"ignores the context", write(func(s *odd, _ context.Context, w *metric.Window) error {
			return s.sound.Write(context.Background(), w)
		}), &hangingTarget, "Write had not returned 3s after its context ended"},
		{"calls a hanging target success", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			s.sound.Write(ctx, w)
			return nil
		}), &hangingTarget, "Write returned nil while the target hung"},
		{"goes on with the window behind one's back", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			for _, k := range s.kept {
				s.sound.Write(ctx, k)
			}
			err := s.sound.Write(ctx, w)
			if err != nil {
				s.kept = append(s.kept, w)
			}
			return err
		}), &hangingTarget, `never written: 1970-01-01T00:00:00Z gauge "scribbled"`},
		{"swallows errors", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			s.sound.Write(ctx, w)
			return nil
		}), &failingTarget, "the window is lost"},
		{"rejects what could be tried again", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			if err := s.sound.Write(ctx, w); err != nil {
				return backend.Reject(err, len(w.Series))
			}
			return nil
		}), &failingTarget, "gives the window up"},
		{"delivers what it said had failed", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			s.m.appends = true
			s.late = append(s.late, translate(w)...)
			if err := s.send(ctx, s.late); err != nil {
				return err
			}
			s.late = nil
			return nil
		}), &failingTarget, "arrived 3 times instead of once"},
		{"stays broken after an error", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			err := s.sound.Write(ctx, w)
			if err != nil {
				s.closed = true
			}
			return err
		}), &failingTarget, "the same window, once the target was back"},
		{"logs its password", leak("hunter2/!"), &failingTarget, "holds Harness.Secrets[0]"},
		{"logs its URL with the password", leak("https://host/?token=hunter2%2F%21"), &failingTarget, "holds Harness.Secrets[0]"},
		{"logs its header with the password", leak(base64.StdEncoding.EncodeToString([]byte("hunter2/!"))), &failingTarget, "holds Harness.Secrets[0]"},
		{"hides a refusal", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			if err := s.sound.Write(ctx, w); err != nil {
				if _, rejected := backend.Rejected(err); !rejected {
					return err
				}
			}
			return nil
		}), &rejectedSeries, "nobody hears of it"},
		{"tries a refused series for ever", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			if err := s.sound.Write(ctx, w); err != nil {
				return backend.Retry(err, time.Second)
			}
			return nil
		}), &rejectedSeries, "asks for the window again"},
		{"miscounts refusals", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			if err := s.sound.Write(ctx, w); err != nil {
				return backend.Reject(errors.New("unwanted"), len(w.Series))
			}
			return nil
		}), &rejectedSeries, "9 series were refused instead of 2"},
		{"refuses all for the sake of one", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			for _, a := range w.Series {
				if a.Name == Unwanted {
					return backend.Reject(errors.New("unwanted"), 2)
				}
			}
			return s.sound.Write(ctx, w)
		}), &rejectedSeries, "did not arrive"},

		{"fails to close", closeBy(func(*odd, context.Context) error { return errors.New("cannot close") }), &closing, "cannot close"},
		{"writes after close", closeBy(func(*odd, context.Context) error { return nil }), &closing, "Write after Close returned nil"},
		{"delivers after close, but denies it", write(func(s *odd, ctx context.Context, w *metric.Window) error {
			if s.closed {
				s.closed = false
				s.sound.Write(ctx, w)
				return errors.New("closed")
			}
			return s.sound.Write(ctx, w)
		}), &closing, "never written"},
		{"waits for the target in close", closeBy(func(s *odd, ctx context.Context) error {
			_, err := s.m.take(context.Background(), nil)
			return err
		}), &closingWhileHanging, "Close had not returned 3s after its context ended"},
		{"leaves a goroutine when closed while hanging", abandon(func(err error) bool { return err != nil }), &closingWhileHanging, "found unexpected goroutines"},
		{"leaves a goroutine", abandon(func(err error) bool { return err == nil }), &noGoroutineLeft, "found unexpected goroutines"},
	}
	for _, test := range tests {
		t.Run(test.breaks, func(t *testing.T) {
			h := harness(false, test.sink)
			h.Prompt = 3 * time.Second
			t.Cleanup(func() { close(abandoned); abandoned = make(chan struct{}) })
			err := test.caught.on(h)
			if err == nil {
				t.Fatalf("%q did not catch it", test.caught.name)
			}
			if text := err.Error(); !strings.Contains(text, test.finding) || !strings.Contains(text, "\nthe rule: "+test.caught.rule) {
				t.Errorf("want %q and the rule in:\n%s", test.finding, text)
			}
		})
	}
}

func absolute(v *float64) *float64 {
	if v == nil {
		return nil
	}
	return pointer(math.Abs(*v))
}

func narrow(v *float64) *float64 {
	if v == nil {
		return nil
	}
	return pointer(float64(float32(*v)))
}

// leak makes a sink that quotes something secret in its errors.
func leak(secret string) func(*memory) backend.Sink {
	return write(func(s *odd, ctx context.Context, w *metric.Window) error {
		if err := s.sound.Write(ctx, w); err != nil {
			return fmt.Errorf("post %s: %w", secret, err)
		}
		return nil
	})
}

// abandoned lets the goroutines that abandon leaves behind end after their test.
var abandoned = make(chan struct{})

// abandon makes a sink that starts a goroutine in a Write which ends so, and does not end it.
func abandon(when func(error) bool) func(*memory) backend.Sink {
	return write(func(s *odd, ctx context.Context, w *metric.Window) error {
		err := s.sound.Write(ctx, w)
		if until := abandoned; when(err) {
			go func() { <-until }()
		}
		return err
	})
}
