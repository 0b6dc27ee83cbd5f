package zibrato_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/zibratotest"
)

type measured struct {
	Kind metric.Kind
	N    uint64
	Sum  float64
	Unit string
}

func summary(l *zibratotest.Log) map[string]measured {
	out := map[string]measured{}
	for _, s := range l.Series() {
		m := out[s.Name]
		out[s.Name] = measured{s.Kind, m.N + l.Calls(s.Name, s.Tags...), m.Sum + l.Sum(s.Name, s.Tags...), s.Unit}
	}
	return out
}

func TestFunctionsOfThePackageRecordOnTheDefaultRecorder(t *testing.T) {
	log := zibratotest.Capture(t)
	zibrato.Observe("pkg.timer", 2*time.Second)
	zibrato.Count("pkg.counter", 5)
	zibrato.Inc("pkg.counter")
	zibrato.Set("pkg.gauge", 17)
	zibrato.Record("pkg.distribution", 5120)
	zibrato.NewTimer("pkg.timer").Observe(time.Second)
	zibrato.NewCounter("pkg.counter").Inc()
	zibrato.NewUpDown("pkg.updown").Add(-3)
	zibrato.NewGauge("pkg.gauge").Set(18)
	zibrato.NewDistribution("pkg.distribution").Record(1)
	zibrato.NewTimerVec("pkg.timer", []string{"k"}).With("v").Observe(time.Second)
	zibrato.NewCounterVec("pkg.counter", []string{"k"}).With("v").Add(10)
	zibrato.NewUpDownVec("pkg.updown", []string{"k"}).With("v").Add(1)
	zibrato.NewGaugeVec("pkg.gauge", []string{"k"}).With("v").Set(1)
	zibrato.NewDistributionVec("pkg.distribution", []string{"k"}).With("v").Record(9)

	want := map[string]float64{"pkg.timer": 4, "pkg.counter": 17, "pkg.updown": -2, "pkg.gauge": 0, "pkg.distribution": 5130}
	for name, sum := range want {
		if got := log.Sum(name); got != sum {
			t.Errorf("%s: sum %v, want %v", name, got, sum)
		}
	}
	calls := map[string]uint64{"pkg.timer": 3, "pkg.counter": 4, "pkg.updown": 2, "pkg.gauge": 3, "pkg.distribution": 3}
	for name, n := range calls {
		if got := log.Calls(name); got != n {
			t.Errorf("%s: %d calls, want %d", name, got, n)
		}
	}
}

func TestTimersTimeBlocks(t *testing.T) {
	log := zibratotest.Capture(t)
	rec := zibratotest.New(t)
	timer := rec.NewTimer("block")
	failure := errors.New("no")
	const long = 2 * time.Millisecond
	work := func() {
		for begun := time.Now(); time.Since(begun) < long; {
		}
	}
	fails := func() error { work(); return failure }
	for what, run := range map[string]func() error{
		"Time":         func() error { defer rec.Time("block")(); work(); return nil },
		"Do":           func() error { rec.Do("block", work); return nil },
		"DoErr":        func() error { return rec.DoErr("block", fails) },
		"TimeErr":      func() (err error) { defer rec.TimeErr("block", &err)(); return fails() },
		"package Time": func() error { defer zibrato.Time("block")(); work(); return nil },
		"package Do":   func() error { zibrato.Do("block", work); return nil },
		"package DoErr": func() error {
			return zibrato.DoErr("block", fails)
		},
		"package TimeErr": func() (err error) { defer zibrato.TimeErr("block", &err)(); return fails() },
		"Start":           func() error { defer timer.Start().Stop(); work(); return nil },
		"Timer.Do":        func() error { timer.Do(work); return nil },
		"Timer.DoErr":     func() error { return timer.DoErr(fails) },
	} {
		before := append(rec.Durations("block"), log.Durations("block")...)
		begun := time.Now()
		err := run()
		outer := time.Since(begun)
		after := append(rec.Durations("block"), log.Durations("block")...)
		if len(after) != len(before)+1 {
			t.Errorf("%s: %d samples, want 1", what, len(after)-len(before))
			continue
		}
		// The one duration that is new: take the sums' difference, since two logs are read.
		var d time.Duration
		for _, x := range after {
			d += x
		}
		for _, x := range before {
			d -= x
		}
		if d < long || d > outer {
			t.Errorf("%s: measured %v of a block that took between %v and %v", what, d, long, outer)
		}
		if err != nil && err != failure {
			t.Errorf("%s: error %v is not the block's", what, err)
		}
	}
}

func TestOutcomeIsTheErrorsAndPanicsCount(t *testing.T) {
	failure := errors.New("no")
	for _, c := range []struct {
		what string
		run  func(z *zibrato.Recorder) error
		want string
	}{
		{"DoErr nil", func(z *zibrato.Recorder) error { return z.DoErr("op", func() error { return nil }) }, "ok"},
		{"DoErr error", func(z *zibrato.Recorder) error { return z.DoErr("op", func() error { return failure }) }, "error"},
		{"DoErr panic", func(z *zibrato.Recorder) error { return z.DoErr("op", func() error { panic(failure) }) }, "error"},
		{"TimeErr nil", func(z *zibrato.Recorder) (err error) { defer z.TimeErr("op", &err)(); return nil }, "ok"},
		{"TimeErr error", func(z *zibrato.Recorder) (err error) { defer z.TimeErr("op", &err)(); return failure }, "error"},
		{"TimeErr without a pointer", func(z *zibrato.Recorder) error { defer z.TimeErr("op", nil)(); return failure }, "ok"},
		{"TimeErr panic", func(z *zibrato.Recorder) (err error) { defer z.TimeErr("op", &err)(); panic(failure) }, "ok"},
		{"Do panic", func(z *zibrato.Recorder) error { z.Do("op", func() { panic(failure) }); return nil }, ""},
		{"Time panic", func(z *zibrato.Recorder) error { defer z.Time("op")(); panic(failure) }, ""},
		{"Timer.Do panic", func(z *zibrato.Recorder) error { z.NewTimer("op").Do(func() { panic(failure) }); return nil }, ""},
		{"Timer.DoErr panic", func(z *zibrato.Recorder) error { return z.NewTimer("op").DoErr(func() error { panic(failure) }) }, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			rec := zibratotest.New(t)
			func() {
				defer func() {
					if p := recover(); p != nil && p != any(failure) {
						t.Errorf("panicked with %v", p)
					}
				}()
				c.run(rec.Recorder)
			}()
			s := rec.Samples("op")
			if len(s) != 1 || s[0].Series.Tag("outcome") != c.want {
				t.Errorf("samples %+v, want one with outcome %q", s, c.want)
			}
		})
	}
}

func TestEverySampleIsHandedOnOnce(t *testing.T) {
	rec := zibratotest.New(t)
	sizes, depth := rec.NewDistribution("size"), rec.NewGauge("depth")
	var want []float64
	for i := range 10_000 {
		v := float64(i) * 1.5
		sizes.Record(v)
		depth.Set(v)
		want = append(want, v)
	}
	got := func(name string) (out []float64) {
		for _, s := range rec.Samples(name) {
			out = append(out, s.Value)
		}
		return out
	}
	// One goroutine may still run on several processors. Between these only a gauge's last value has an order, which may
	// cost the sample that came too late: counted as lost.
	if vs := got("depth"); vs[len(vs)-1] != want[len(want)-1] {
		t.Errorf("the last sample of the gauge is %v, want %v", vs[len(vs)-1], want[len(want)-1])
	}
	for name, lost := range map[string]float64{"size": 0, "depth": rec.Sum("zibrato.samples.lost")} {
		have := map[float64]bool{}
		vs := got(name)
		for _, v := range vs {
			have[v] = true
		}
		missing := 0.0
		for _, v := range want {
			if !have[v] {
				missing++
			}
		}
		if len(vs) != len(want) || missing != lost {
			t.Errorf("%s: %d samples, of which %v are missing, want %d and %v", name, len(vs), missing, len(want), lost)
		}
	}
}

func TestWrongValuesAreIgnoredAndCounted(t *testing.T) {
	rec := zibratotest.New(t)
	rec.Count("c", -1)
	rec.NewCounter("c").Add(math.MinInt64)
	rec.Observe("t", -1)
	rec.NewTimer("t").Observe(-time.Hour)
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		rec.Set("g", v)
		rec.Record("d", v)
	}
	rec.NewTimerVec("v", []string{"a", "b"}).With("1").Observe(1)
	rec.NewTimerVec("v", nil).With("1").Observe(1)
	if d := cmp.Diff(map[string]uint64{"negative": 4, "not_finite": 6, "arity": 2}, rec.Misuses()); d != "" {
		t.Error(d)
	}
	for name := range summary(rec.Log) {
		if name != "zibrato.misuse" {
			t.Errorf("%s was recorded", name)
		}
	}
	if n := len(rec.Notices()); n == 0 || n > 10 {
		t.Errorf("%d notices of 12 misuses, want some and no flood", n)
	}
}

func TestZeroIsRecorded(t *testing.T) {
	rec := zibratotest.New(t)
	rec.Count("c", 0)
	rec.Observe("t", 0)
	rec.Set("g", 0)
	rec.Record("d", 0)
	rec.NewUpDown("u").Add(0)
	for _, name := range []string{"c", "t", "g", "d", "u"} {
		if n := rec.Calls(name); n != 1 || len(rec.Samples(name)) != 1 {
			t.Errorf("%s: %d calls and %d samples, want 1 of each", name, n, len(rec.Samples(name)))
		}
	}
}

func TestNilAndZeroOnesDoNothing(t *testing.T) {
	for _, z := range []*zibrato.Scope{nil, {}} {
		z.Time("x")()
		err := errors.New("no")
		z.TimeErr("x", &err)()
		ran := 0
		z.Do("x", func() { ran++ })
		if got := z.DoErr("x", func() error { ran++; return err }); got != err || ran != 2 {
			t.Errorf("blocks ran %d times, want 2; error %v", ran, got)
		}
		z.Observe("x", 1)
		z.Count("x", 1)
		z.Inc("x")
		z.Set("x", 1)
		z.Record("x", 1)
		z.NewGaugeFunc("x", func() float64 { t.Error("asked"); return 0 })()
		z.With(zibrato.Tag("a", "b")).Inc("x")
		z.NewTimer("x").Start().Stop()
		z.NewCounter("x").Inc()
		z.NewUpDown("x").Add(1)
		z.NewGauge("x").Set(1)
		z.NewDistribution("x").Record(1)
		z.NewTimer("x").Merge(&metric.Summary{Count: 1})
		z.NewDistribution("x").Merge(&metric.Summary{Count: 1})
		z.NewTimerVec("x", nil).With().Observe(1)
		z.NewCounterVec("x", nil).With("too", "many").Inc()
		z.NewUpDownVec("x", nil).With().Add(1)
		z.NewGaugeVec("x", nil).With().Set(1)
		z.NewDistributionVec("x", nil).With().Record(1)
	}
	ran := 0
	for _, timer := range []*zibrato.Timer{nil, {}} {
		timer.Start().Stop()
		timer.Observe(1)
		timer.Do(func() { ran++ })
		timer.DoErr(func() error { ran++; return nil })
	}
	if ran != 4 {
		t.Errorf("blocks ran %d times, want 4", ran)
	}
	zibrato.Stopwatch{}.Stop()
	zibrato.Stopwatch{}.StopAs(zibrato.NewTimer("x"))
	zibratotest.New(t).NewTimer("x").Start().StopAs(nil)
	zibratotest.New(t).NewTimer("x").Start().StopAs(new(zibrato.Timer))
	new(zibrato.Counter).Inc()
	(*zibrato.Counter)(nil).Add(1)
	new(zibrato.UpDown).Add(1)
	(*zibrato.UpDown)(nil).Add(1)
	new(zibrato.Gauge).Set(1)
	(*zibrato.Gauge)(nil).Set(1)
	new(zibrato.Distribution).Record(1)
	(*zibrato.Distribution)(nil).Record(1)
	for _, c := range []*zibrato.Counter{
		(*zibrato.CounterVec)(nil).With("a"), new(zibrato.CounterVec).With("a"),
	} {
		if c != nil {
			t.Errorf("a vector without a recorder gave %v", c)
		}
	}
	(*zibrato.TimerVec)(nil).With().Observe(1)
	(*zibrato.UpDownVec)(nil).With().Add(1)
	(*zibrato.GaugeVec)(nil).With().Set(1)
	(*zibrato.DistributionVec)(nil).With().Record(1)
}

func TestATimingEndsOnAnotherTimer(t *testing.T) {
	rec := zibratotest.New(t)
	timers := rec.NewTimerVec("t", []string{"k"})
	begun := time.Now()
	timing := timers.With("begun").Start()
	time.Sleep(time.Millisecond)
	timing.StopAs(timers.With("ended"))
	took := time.Since(begun)
	if n := rec.Calls("t", zibratotest.Tag("k", "begun")); n != 0 {
		t.Errorf("the timer that was begun has %d samples", n)
	}
	if d := rec.Durations("t", zibratotest.Tag("k", "ended")); len(d) != 1 || d[0] < time.Millisecond-10*time.Microsecond || d[0] > took {
		t.Errorf("%v, want one of a millisecond to %v", d, took)
	}
	// The start decides, whatever the level of the other timer.
	unwatched := zibrato.New(zibrato.Config{}).NewTimer("t")
	unwatched.Start().StopAs(timers.With("unwatched"))
	if n := rec.Calls("t", zibratotest.Tag("k", "unwatched")); n != 0 {
		t.Errorf("what was begun unwatched has %d samples", n)
	}
}
