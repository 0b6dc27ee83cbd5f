package backend

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// A recorder outlives its publisher: what one that is started later says again was counted already.
func TestARestartedPublisherIsNotCountedTwiceHoweverLateItComes(t *testing.T) {
	for _, pause := range []time.Duration{time.Second, DefaultExpire + time.Second, remember + time.Second} {
		t.Run(pause.String(), func(t *testing.T) {
			for _, d := range details {
				t.Run(d.String(), func(t *testing.T) { testRestarted(t, pause, d) })
			}
		})
	}
}

func testRestarted(t *testing.T, pause time.Duration, d metric.Detail) {
	synctest.Test(t, func(t *testing.T) {
		f := testFold(Config{})
		p := newProcess(1, time.Now(), d)
		s := p.add(series(metric.Counter, "jobs"))
		p.call(s, metric.IntValue(5))
		last := p.batch(metric.Info, false)
		last.Final = true
		f.add(last, time.Now())
		if a := find(f.take(time.Now(), false), "jobs"); a == nil || a.IntSum != 5 {
			t.Fatalf("at first %+v, want 5", a)
		}
		time.Sleep(pause)
		f.take(time.Now(), false)
		if st := f.snapshot(); pause > DefaultExpire && st.Known != 0 {
			t.Errorf("%d series of a publisher that closed are still known", st.Known)
		}

		f.add(p.batch(metric.Info, true), time.Now())
		if a := find(f.take(time.Now(), false), "jobs"); a != nil {
			t.Errorf("the restarted publisher's totals came to %d more, want none", a.IntSum)
		}
		p.call(s, metric.IntValue(2))
		born := p.add(series(metric.Counter, "born"))
		p.call(born, metric.IntValue(3))
		p.batch(metric.Info, false) // which is lost
		f.add(p.batch(metric.Info, true), time.Now())
		w := f.take(time.Now(), false)
		if a := find(w, "jobs"); a == nil || a.IntSum != 2 {
			t.Errorf("after the restart %+v, want 2", a)
		}
		if a := find(w, "born"); a == nil || a.IntSum != 3 {
			t.Errorf("of a series born after the restart %+v, want 3", a)
		}
	})
}

// What was born after the last batch that came cannot have been counted, however long it takes until it is heard of.
func TestWhatIsBornAfterAPublisherClosedCountsFromZero(t *testing.T) {
	for _, d := range details {
		t.Run(d.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := testFold(Config{})
				p := newProcess(1, time.Now(), d)
				p.call(p.add(series(metric.Counter, "jobs")), metric.IntValue(5))
				last := p.batch(metric.Info, false)
				last.Final = true
				f.add(last, time.Now())
				time.Sleep(time.Second)
				p.call(p.add(series(metric.Counter, "born")), metric.IntValue(3))
				p.batch(metric.Info, false) // which is lost
				time.Sleep(DefaultExpire)
				f.take(time.Now(), false)
				if st := f.snapshot(); st.Known != 0 {
					t.Fatalf("%d series of a publisher that closed are still known", st.Known)
				}
				f.add(p.batch(metric.Info, true), time.Now())
				w := f.take(time.Now(), false)
				if a := find(w, "jobs"); a != nil {
					t.Errorf("of a series that was counted %d more, want none", a.IntSum)
				}
				if a := find(w, "born"); a == nil || a.IntSum != 3 {
					t.Errorf("of a series born after the last batch %+v, want 3", a)
				}
			})
		})
	}
}
