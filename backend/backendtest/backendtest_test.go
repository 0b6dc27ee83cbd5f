package backendtest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestASoundSinkPasses(t *testing.T) { Run(t, harness(false, nil)) }

func TestASoundSinkOfAnAppendingTargetPasses(t *testing.T) { Run(t, harness(true, nil)) }

// A target that carries times, names and counts only, and no gauges: the sink may say so or not.
func TestOnlyWhatIsExpressedIsExpected(t *testing.T) {
	for _, silent := range []bool{true, false} {
		h := harness(false, write(func(s *odd, ctx context.Context, w *metric.Window) error {
			all := translate(w)
			var reduced []Point
			for _, p := range all {
				if p, arrives := reduce(p); arrives {
					reduced = append(reduced, p)
				}
			}
			err := s.send(ctx, reduced)
			n, rejected := backend.Rejected(err)
			if omitted := len(all) - len(reduced); !silent && omitted > 0 && (err == nil || rejected) {
				return backend.Reject(errors.New("gauges"), n+omitted)
			}
			return err
		}))
		h.Express = reduce
		Run(t, h)
	}
}

func reduce(p Point) (Point, bool) {
	short := Point{Time: p.Time, Name: p.Name, Count: p.Count}
	if short.Name != Unwanted {
		p.Time = time.Time{}
		short.Name = p.identity()
	}
	return short, p.Kind != metric.Gauge
}

// stubborn is a target that can only serve.
type stubborn struct{ *memory }

func (s stubborn) Behave(b Behaviour) error {
	if b != Serve {
		return errors.ErrUnsupported
	}
	return s.memory.Behave(b)
}

func TestChecksThatTheTargetDoesNotSupportAreSkippedAndNoOthers(t *testing.T) {
	h := harness(false, nil)
	inner := h.NewTarget
	h.NewTarget = func() (Target, error) {
		m, err := inner()
		return stubborn{m.(*memory)}, err
	}
	var skipped []string
	for _, c := range checks {
		err := c.on(h)
		if cannot := (*unsupported)(nil); errors.As(err, &cannot) {
			skipped = append(skipped, c.name+": "+cannot.Error())
		} else if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	want := []string{
		"a hanging target: the target cannot hang", "a failing target: the target cannot fail",
		"series refused for good: the target cannot reject", "close while the target hangs: the target cannot hang",
	}
	if got := strings.Join(skipped, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("skipped:\n%s", got)
	}
}

func TestErrorsOfTheHarnessAreReported(t *testing.T) {
	noTarget := Harness{NewTarget: func() (Target, error) { return nil, errors.New("no port") }}
	if err := everyKind.on(noTarget); err == nil || !strings.Contains(err.Error(), "new target: no port") {
		t.Errorf("no target: %v", err)
	}
	noSink := Harness{NewTarget: func() (Target, error) { return noSinkTarget{}, nil }}
	if err := everyKind.on(noSink); err == nil || !strings.Contains(err.Error(), "new sink: no route") {
		t.Errorf("no sink: %v", err)
	}
}

type noSinkTarget struct{}

func (noSinkTarget) NewSink() (backend.Sink, error) { return nil, errors.New("no route") }
func (noSinkTarget) Arrived() ([]Point, error)      { return nil, nil }
func (noSinkTarget) Behave(Behaviour) error         { return nil }
func (noSinkTarget) Close() error                   { return nil }

// The suite's own series must be legal, and different.
func TestTheSuitesSeriesAreLegal(t *testing.T) {
	for _, all := range [][]series{oneOfEachKind(), namedSeries(), manyContents(0).series} {
		seen := make(map[string]bool)
		for i := range all {
			s := &all[i].Series
			for _, text := range []string{s.Name, s.Source} {
				if legal, ok := metric.LegalName(text); !ok && text != "" {
					t.Errorf("%q is not legal but %q is", text, legal)
				}
			}
			for _, tag := range s.Tags {
				if _, ok := metric.LegalTag(tag); !ok {
					t.Errorf("tag %q=%q is not legal", tag.Key, tag.Value)
				}
			}
			if !s.Level.Valid() || len(s.Tags) > metric.MaxTags {
				t.Errorf("%s: level %q, %d tags", s.Name, s.Level, len(s.Tags))
			}
			if key := s.Key(); seen[key] {
				t.Errorf("%q is there twice", key)
			} else {
				seen[key] = true
			}
		}
	}
}
