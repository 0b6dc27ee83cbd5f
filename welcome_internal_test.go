package zibrato

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// Whoever begins to listen in the middle of a pass gets what is recorded from then on, although the pass deals with it as nobody had come.
func TestAPassUnderWayKeepsWhatIsRecordedForWhoComes(t *testing.T) {
	for name, first := range map[string]choice{
		"beside summaries": {metric.Summaries: everything},
		"beside samples":   {metric.Samples: everything},
		"beside nobody":    {},
	} {
		for what, record := range map[string]func(*Recorder){
			"record": func(r *Recorder) { r.Observe("x", 1) },
			"cell":   func(r *Recorder) { r.Inc("x") },
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				r := New(Config{Latency: time.Hour, SummaryEvery: time.Hour})
				early, late := collect(t, r, "x"), collect(t, r, "x")
				early.Watch(first[metric.Samples], first[metric.Summaries])
				for range 2 * eagerly {
					record(r)
					if err := early.Flush(context.Background()); err != nil {
						t.Fatal(err)
					}
				}
				p := pausedPass(t, r)
				record(r)
				r.ring.Drain(p.records)
				late.Watch(everything, nil)
				record(r)
				r.ring.Drain(p.records)
				p.cells()
				for _, l := range p.levels {
					for d := range l.out {
						p.handOld(l, &l.out[d], false)
					}
				}
				<-r.draining
				if err := late.Flush(context.Background()); err != nil {
					t.Fatal(err)
				}
				if late.samples < 1 || late.gain < 1 {
					t.Errorf("%d samples and a gain of %d came, want those of after it watched", late.samples, late.gain)
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestWhatWaitedForALostConsumerIsNotForTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Config{Latency: time.Hour})
		gone := collect(t, r, "x")
		gone.Watch(everything, nil)
		for range 2 * eagerly { // the first batches do not wait
			r.Observe("x", 1)
			time.Sleep(time.Second)
		}
		r.draining <- struct{}{}
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if gone.Close(ended) == nil {
			t.Error("closed although the drain is held")
		}
		<-r.draining
		time.Sleep(2 * time.Hour)
		next := collect(t, r, "x")
		next.Watch(everything, nil)
		r.Observe("x", 1)
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if next.samples != 1 || next.gain != 1 {
			t.Errorf("%d samples and a gain of %d came, want 1", next.samples, next.gain)
		}
	})
}
