package zibrato_test

import (
	"fmt"
	"testing"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/zibratotest"
)

func TestNothingIsRecordedWhileNothingConsumes(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	r.Inc("early")
	early := r.NewTimer("early").Start()
	c := consume(t, r, all)
	early.Stop() // started unwatched
	r.Inc("while")
	if n, _ := totals(c.flushed(t), "early"); n != 0 {
		t.Errorf("%d calls of before were recorded", n)
	}
	c.close(t)
	r.Inc("late")
	late := consume(t, r, all)
	if n, _ := totals(late.flushed(t), "late"); n != 0 {
		t.Errorf("%d calls of after were recorded", n)
	}
	if n, _ := totals(late.delivered(), "while"); n != 1 {
		t.Errorf("a later consumer learns of %d calls, want 1", n)
	}
}

func TestALevelIsRecordedWhileItIsWatched(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	c := consume(t, r, nil)
	debug := r.With(zibrato.AtLevel(zibrato.LevelDebug))
	timer := debug.NewTimer("t")
	for i, step := range []struct {
		watch func(zibrato.Level) bool
		on    bool
	}{
		{nil, false}, {only("debug"), true}, {only("info"), false}, {only("info", "debug"), true}, {all, true}, {nil, false},
	} {
		before, _ := totals(c.flushed(t), "t")
		c.Watch(step.watch, nil)
		timer.Observe(1)
		debug.Observe("t", 1)
		debug.Time("t")()
		timer.Start().Stop()
		c.Watch(all, nil) // so that the totals are delivered
		after, _ := totals(c.flushed(t), "t")
		if want := map[bool]uint64{true: 4}[step.on]; after-before != want {
			t.Errorf("step %d: %d calls recorded, want %d", i, after-before, want)
		}
	}
}

func TestAStopAfterTheLevelWentOffIsRecorded(t *testing.T) {
	r := zibrato.New(zibrato.Config{AlwaysOn: []zibrato.Level{}})
	c := consume(t, r, all)
	z := r.With(zibrato.AtLevel("debug"))
	a, b := z.NewTimer("t").Start(), z.Time("t")
	c.Watch(nil, nil)
	a.Stop()
	b()
	c.Watch(all, nil)
	if n, _ := totals(c.flushed(t), "t"); n != 2 {
		t.Errorf("%d calls recorded, want 2", n)
	}
}

func TestLevelsThatAreAlwaysOnCountUnwatched(t *testing.T) {
	for _, c := range []struct {
		always []zibrato.Level
		want   map[zibrato.Level]uint64
	}{
		{nil, map[zibrato.Level]uint64{"info": 1, "warning": 1, "error": 1, "critical": 1}},
		{[]zibrato.Level{}, nil},
		{[]zibrato.Level{"debug", "mine"}, map[zibrato.Level]uint64{"debug": 1, "mine": 1}},
	} {
		r := zibrato.New(zibrato.Config{AlwaysOn: c.always})
		cons := consume(t, r, nil)
		for _, l := range []zibrato.Level{"debug", "info", "warning", "error", "critical", "mine"} {
			r.With(zibrato.AtLevel(l)).Inc("c." + string(l))
		}
		if got := values(cons.flushed(t), "c.info"); got != nil {
			t.Errorf("samples %v were delivered to a consumer that wants none", got)
		}
		cons.Watch(all, nil)
		bs := cons.flushed(t)
		for _, l := range []zibrato.Level{"debug", "info", "warning", "error", "critical", "mine"} {
			if n, _ := totals(bs, "c."+string(l)); n != c.want[l] {
				t.Errorf("always on %v: %d calls at %s, want %d", c.always, n, l, c.want[l])
			}
		}
	}
}

func TestEachConsumerGetsItsLevels(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	debug, info := consume(t, r, only("debug")), consume(t, r, only("info"))
	r.With(zibrato.AtLevel("debug")).Inc("d")
	r.Inc("i")
	r.With(zibrato.AtLevel("error")).Inc("e")
	d, i := debug.flushed(t), info.flushed(t)
	for _, c := range []struct {
		what string
		got  int
		want int
	}{
		{"debug's d", len(values(d, "d")), 1}, {"debug's i", len(values(d, "i")), 0},
		{"info's d", len(values(i, "d")), 0}, {"info's i", len(values(i, "i")), 1}, {"info's e", len(values(i, "e")), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d samples, want %d", c.what, c.got, c.want)
		}
	}
}

// A level that is made while the drain runs must lose nothing of its first samples.
func TestLevelsMadeAfterWatchAreDeliveredFromTheirFirstSample(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	c := consume(t, r, all)
	const levels = 200
	for i := range levels {
		r.With(zibrato.AtLevel(zibrato.Level(fmt.Sprint("level", i)))).Observe("t", 1)
	}
	if n := len(values(c.flushed(t), "t")); n != levels {
		t.Errorf("%d samples, want %d", n, levels)
	}
}

// A consumer gets every sample that is recorded after Watch returned, whatever the drain was doing.
func TestWatchedSamplesAreDeliveredFromTheFirst(t *testing.T) {
	for range 300 {
		r := zibrato.New(zibrato.Config{})
		c := consume(t, r, all) // starts a drain, whose first pass may be under way
		r.Observe("t", 1)
		if n := len(values(c.flushed(t), "t")); n != 1 {
			t.Fatalf("%d samples, want 1", n)
		}
		c.close(t)
	}
}

func TestLevelsAreMadeLegalAndBounded(t *testing.T) {
	rec := zibratotest.New(t)
	rec.With(zibrato.AtLevel("not legal")).Inc("a")
	rec.With(zibrato.AtLevel("")).Inc("b")
	for _, s := range rec.Series() {
		if !s.Level.Valid() {
			t.Errorf("level %q was handed on", s.Level)
		}
		if s.Name == "b" && s.Level != zibrato.LevelInfo {
			t.Errorf("the empty level is %q, want info", s.Level)
		}
	}
	if rec.Misuses()["level"] == 0 {
		t.Error("a level that is not legal was not counted as misuse")
	}
	for i := range 1000 {
		rec.With(zibrato.AtLevel(zibrato.Level(fmt.Sprint(i)))).Inc("many")
	}
	levels := map[zibrato.Level]bool{}
	for _, s := range rec.Series() {
		levels[s.Level] = true
	}
	if n := rec.Calls("many"); n != 1000 || len(levels) > 256 {
		t.Errorf("%d calls on %d levels, want 1000 on at most 256", n, len(levels))
	}
}

// Labels that are built at run time must not fill the logs of those who consume, as names that are not legal do not.
func TestLevelsPastTheBoundAreCountedAndToldSeldom(t *testing.T) {
	rec := zibratotest.New(t)
	const bound, more = 256, 1000
	for i := range bound - 1 { // info is there
		rec.With(zibrato.AtLevel(zibrato.Level(fmt.Sprint("l", i))))
	}
	for i := range more {
		rec.With(zibrato.AtLevel(zibrato.Level(fmt.Sprint("more", i)))).NewCounter("x")
		rec.Inc("flushed")
		rec.Calls("flushed") // takes what there is to be told
	}
	if n := rec.Misuses()["level"]; n != 2*more { // the scope, and the counter
		t.Errorf("counted %d times, want %d", n, 2*more)
	}
	if n := len(rec.Notices()); n < 1 || n > 12 {
		t.Errorf("told %d times, want as often as %d doubles from 1", n, 2*more)
	}
}
