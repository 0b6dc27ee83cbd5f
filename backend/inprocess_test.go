package backend

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

func TestInProcessBringsWhatTheRecorderMeasures(t *testing.T) {
	for _, from := range []func(*zibrato.Recorder, ...metric.Level) Source{InProcess, InProcessSamples} {
		testInProcess(t, from)
	}
}

func testInProcess(t *testing.T, from func(*zibrato.Recorder, ...metric.Level) Source) {
	t.Helper()
	rec := zibrato.New(zibrato.Config{})
	defer rec.Close()
	sink := &fakeSink{}
	b := must(t, Config{From: from(rec, metric.Info), Sinks: []Sink{sink}, Interval: time.Hour})
	for i := range 1000 {
		rec.Record("size", float64(i))
		rec.Inc("jobs")
	}
	rec.With(zibrato.AtLevel(zibrato.LevelDebug)).Inc("unwanted")
	open := rec.NewUpDown("open")
	open.Add(5)
	open.Add(-2)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if st := b.Stats(); (st.Samples == 0) == (st.Summaries == 0) {
		t.Errorf("%d samples and %d summaries came", st.Samples, st.Summaries)
	}
	windows := sink.got() // two, should the hour have ended meanwhile
	var jobs int64
	var sizes uint64
	last := 0.0
	for _, w := range windows {
		if a := find(w.Series, "jobs"); a != nil {
			jobs += a.IntSum
		}
		if a := find(w.Series, "size"); a != nil {
			sizes += a.Count
		}
		if a := find(w.Series, "open"); a != nil {
			last = a.Detail.Last
		}
		if find(w.Series, "unwanted") != nil {
			t.Error("a level came that was not asked for")
		}
	}
	if jobs != 1000 || sizes != 1000 || last != 3 {
		t.Errorf("jobs %d, sizes %d, open %g; want 1000, 1000, 3", jobs, sizes, last)
	}
}

func TestClosedRecorderIsNoSource(t *testing.T) {
	rec := zibrato.New(zibrato.Config{})
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err := Start(Config{From: InProcess(rec), Sinks: []Sink{&fakeSink{}}}); b != nil || !errors.Is(err, zibrato.ErrClosed) || !strings.Contains(err.Error(), "Config.From") {
		t.Errorf("Start: %v", err)
	}
}

func TestASourceInProcessIsForOneBackend(t *testing.T) {
	from := InProcess(zibrato.New(zibrato.Config{}))
	b := must(t, Config{From: from, Sinks: []Sink{&fakeSink{}}})
	for _, when := range []string{"while a backend has it", "after one had it"} {
		if other, err := Start(Config{From: from, Sinks: []Sink{&fakeSink{}}}); other != nil || err == nil || !strings.Contains(err.Error(), "had a backend already") {
			t.Errorf("Start %s: %v", when, err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestALevelThatIsNoneIsRefused(t *testing.T) {
	for _, l := range []metric.Level{"", "two words"} {
		b, err := Start(Config{From: InProcess(zibrato.New(zibrato.Config{}), metric.Info, l), Sinks: []Sink{&fakeSink{}}})
		if b != nil || err == nil || !strings.Contains(err.Error(), "is no level") {
			t.Errorf("level %q: %v", l, err)
		}
	}
}
