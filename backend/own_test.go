package backend

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// told returns what a sink was told of the backend itself, summed up.
func told(s *fakeSink) map[string]int64 {
	all := map[string]int64{}
	for _, w := range s.got() {
		for _, a := range w.Series {
			if strings.HasPrefix(a.Name, "zibrato.backend.") {
				all[a.Name] += a.IntSum
			}
		}
	}
	return all
}

func TestABackendTellsWhatWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		src, sink := newSource(), &fakeSink{}
		b := must(t, Config{From: src, Sinks: []Sink{sink}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		p := newProcess(1, time.Now(), metric.Samples)
		timer := p.add(series(metric.Timer, "t"))
		send := func(calls, times int) {
			for range calls {
				p.call(timer, metric.IntValue(1))
			}
			m := p.batch(metric.Info, false)
			for range times {
				src.send(m)
			}
		}
		send(1, 1)
		sleep(2 * time.Minute)
		if all := told(sink); len(all) > 0 {
			t.Errorf("of nothing it tells %v", all)
		}
		send(10, 0)
		send(3, 2)
		sleep(2 * time.Minute)
		send(7, 0)
		send(1, 1)
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		s := b.Stats()
		want := map[string]int64{lostSamplesSeries: 17, lostBatchesSeries: 2, duplicatesSeries: 1}
		if all := told(sink); fmt.Sprint(all) != fmt.Sprint(want) || s.LostSamples != 17 || s.LostBatches != 2 || s.Duplicates != 1 {
			t.Errorf("it tells %v, want %v; %+v", all, want, s)
		}
		if !strings.Contains(log.String(), "batches were lost on the way") {
			t.Errorf("the log says %q", &log)
		}
	})
}

func TestNoProcessUsesUpTheRoomOfOthers(t *testing.T) {
	f := testFold(Config{MaxSeries: 8})
	text := func(i int) {
		var b metric.Batch
		if err := metric.DecodeText(fmt.Appendf(nil, "info|Counter|text%d|1|1700000000|web", i), &b); err != nil {
			t.Fatal(err)
		}
		f.add(&b, time.Now())
	}
	greedy, modest := newProcess(1, time.Now(), metric.Samples), newProcess(2, time.Now(), metric.Samples)
	for i := range 20 {
		greedy.call(greedy.add(series(metric.Counter, fmt.Sprint("greedy", i))), metric.IntValue(1))
		text(i)
	}
	f.add(greedy.batch(metric.Info, false), time.Now())
	own := modest.add(series(metric.Counter, "modest"))
	modest.call(own, metric.IntValue(5))
	f.add(modest.batch(metric.Info, false), time.Now())
	w := f.take(time.Now(), false)
	if a := find(w, "modest"); a == nil || a.IntSum != 5 || len(w) != 5 || f.snapshot().Overflow != 36 {
		t.Errorf("%d series, %d left out, want 5 and 36; the modest one has %+v", len(w), f.snapshot().Overflow, a)
	}
	text(100) // in the next window, there is room again
	if w := f.take(time.Now(), false); find(w, "text100") == nil {
		t.Errorf("%v", w)
	}
}
