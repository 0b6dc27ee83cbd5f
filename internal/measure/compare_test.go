package measure

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/atomic"
)

// A fakeClock passes only where a test lets it.
type fakeClock struct{ at atomic.Duration }

func (c *fakeClock) now() time.Duration { return c.at.Load() }

// costing is a case whose operation takes so long.
func (c *fakeClock) costing(name string, cost time.Duration) Case {
	return Case{Name: name, Run: func(n int) { c.at.Add(time.Duration(n) * cost) }}
}

func compare(t *testing.T, cfg Config, cases ...Case) []Result {
	t.Helper()
	results, err := Compare(t.Context(), cfg, cases)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func TestCompareFindsWhatEachCaseCosts(t *testing.T) {
	var c fakeClock
	results := compare(t, Config{Now: c.now}, c.costing("a", 40), c.costing("b", 10), c.costing("slow", 5*time.Millisecond))
	for i, want := range []struct {
		name      string
		ns, ratio float64
	}{{"a", 40, 1}, {"b", 10, 0.25}, {"slow", 5e6, 125_000}} {
		r := results[i]
		if r.Name != want.name || len(r.Ns) != DefaultRounds {
			t.Errorf("result %d is %+v, want %s with %d rounds", i, r, want.name, DefaultRounds)
		}
		if q := r.Quartiles(); q != (Quartiles{want.ns, want.ns, want.ns}) {
			t.Errorf("%s: %v ns, want %v", r.Name, q, want.ns)
		}
		if q := r.Ratio(results[0]); q.Median != want.ratio {
			t.Errorf("%s: ratio %v, want %v", r.Name, q, want.ratio)
		}
	}
}

func TestDisturbedSlicesDoNotMoveTheMedian(t *testing.T) {
	var c fakeClock
	quiet := c.costing("x", 20)
	turn := 0
	disturbed := Case{Name: "x", Run: func(n int) {
		if turn++; turn%5 == 0 {
			c.at.Add(10 * time.Millisecond) // another program's turn
		}
		quiet.Run(n)
	}}
	r := compare(t, Config{Now: c.now, Rounds: 100}, disturbed)[0]
	if q := r.Quartiles(); q.Median != 20 {
		t.Errorf("%v, want 20", q)
	}
}

func TestWhatSlowsTheMachineDropsOutOfTheRatio(t *testing.T) {
	var c fakeClock
	slower := time.Duration(1)
	drifting := func(name string, cost time.Duration) Case {
		return Case{Name: name, Run: func(n int) { c.at.Add(time.Duration(n) * cost * slower) }}
	}
	rounds := 0
	results := compare(t, Config{Now: c.now, Rounds: 40, For: time.Nanosecond, Progress: func(float64) {
		if rounds++; rounds > 20 {
			slower = 3
		}
	}}, drifting("base", 30), drifting("x", 45))
	if q := results[1].Ratio(results[0]); q != (Quartiles{1.5, 1.5, 1.5}) {
		t.Errorf("ratio %v, want 1.5 throughout", q)
	}
	if s := results[1].Quartiles().Spread(); s < 0.5 {
		t.Errorf("the nanoseconds spread over %v only: the machine did not drift", s)
	}
}

func TestASliceLastsAboutAsLongAsAsked(t *testing.T) {
	for _, cost := range []time.Duration{1, 7, 1000, 300_000} {
		var c fakeClock
		var lasts int
		x := c.costing("x", cost)
		run := x.Run
		x.Run = func(n int) { lasts = n; run(n) }
		compare(t, Config{Now: c.now, Slice: 2 * time.Millisecond}, x)
		if took := time.Duration(lasts) * cost; took < time.Millisecond || took > 2*time.Millisecond {
			t.Errorf("an operation of %v: the last slice took %v", cost, took)
		}
	}
}

func TestADisturbanceWhileCalibratingDoesNotMakeSlicesShort(t *testing.T) {
	var c fakeClock
	x := c.costing("x", 10)
	run, turns := x.Run, 0
	var lasts int
	x.Run = func(n int) {
		if turns++; turns == 1 {
			c.at.Add(50 * time.Millisecond)
		}
		lasts = n
		run(n)
	}
	compare(t, Config{Now: c.now}, x)
	if lasts < 50_000 {
		t.Errorf("a slice has %d operations, want about 100,000", lasts)
	}
}

func TestCompareMeasuresForAsLongAsAsked(t *testing.T) {
	var c fakeClock
	var progress []float64
	results := compare(t, Config{Now: c.now, For: time.Second, Rounds: 3, Progress: func(done float64) { progress = append(progress, done) }},
		c.costing("a", 10), c.costing("b", 20))
	if took := c.now(); took < time.Second || took > time.Second+5*time.Millisecond {
		t.Errorf("took %v, want a second", took)
	}
	if n := len(results[0].Ns); n < 400 || n != len(results[1].Ns) || n != len(progress)-1 {
		t.Errorf("%d and %d rounds, %d reports of progress", n, len(results[1].Ns), len(progress))
	}
	if !slices.IsSorted(progress) || progress[0] > 0.1 || progress[len(progress)-1] != 1 {
		t.Errorf("progress from %v to %v", progress[0], progress[len(progress)-1])
	}
}

func TestOpsAreCountedExactly(t *testing.T) {
	for _, workers := range []int{1, 3} {
		var c fakeClock
		var ops atomic.Int64
		x := c.costing("x", 50)
		run := x.Run
		x.Run = func(n int) { ops.Add(int64(n)); run(n) }
		r := compare(t, Config{Now: c.now, Workers: workers}, x)[0]
		if r.Ops != ops.Load() || r.Ops == 0 {
			t.Errorf("%d workers: Ops is %d, want %d", workers, r.Ops, ops.Load())
		}
	}
}

func TestWorkersRunACaseAtTheSameTime(t *testing.T) {
	const workers = 4
	var (
		mu   sync.Mutex
		here int
		met  = sync.NewCond(&mu)
	)
	meet := Case{Name: "meet", Run: func(int) { // ends only when all have come
		mu.Lock()
		defer mu.Unlock()
		turn := here / workers
		here++
		met.Broadcast()
		for here/workers == turn {
			met.Wait()
		}
	}}
	compare(t, Config{Workers: workers, Slice: time.Nanosecond}, meet)
}

func TestBeforeComesBeforeEachSlice(t *testing.T) {
	var c fakeClock
	prepared := false
	x := c.costing("x", 10)
	run := x.Run
	x.Before = func() { c.at.Add(time.Hour); prepared = true }
	x.Run = func(n int) {
		if !prepared {
			t.Error("a slice without Before")
		}
		prepared = false
		run(n)
	}
	if q := compare(t, Config{Now: c.now}, x)[0].Quartiles(); q.Q3 != 10 {
		t.Errorf("%v ns, want 10: Before is part of the figure", q)
	}
}

func TestCasesTakeTurnsInVaryingOrder(t *testing.T) {
	var c fakeClock
	var order strings.Builder
	var cases []Case
	for _, name := range []string{"a", "b", "c"} {
		x := c.costing(name, time.Millisecond)
		run := x.Run
		x.Run = func(n int) { order.WriteString(name); run(n) }
		cases = append(cases, x)
	}
	compare(t, Config{Now: c.now, Rounds: 20}, cases...)
	rounds := order.String()[order.Len()-60:]
	seen := map[string]bool{}
	for i := 0; i < len(rounds); i += 3 {
		round := rounds[i : i+3]
		if !strings.Contains(round, "a") || !strings.Contains(round, "b") || !strings.Contains(round, "c") {
			t.Errorf("round %q lacks a case", round)
		}
		seen[round] = true
	}
	if len(seen) < 4 {
		t.Errorf("only the orders %v", seen)
	}
}

func TestCompareEndsWithItsContext(t *testing.T) {
	var c fakeClock
	ctx, cancel := context.WithCancel(context.Background())
	x := c.costing("x", 10)
	rounds := 0
	cfg := Config{Now: c.now, For: time.Hour, Progress: func(float64) {
		if rounds++; rounds == 3 {
			cancel()
		}
	}}
	if _, err := Compare(ctx, cfg, []Case{x}); !errors.Is(err, context.Canceled) || rounds != 3 {
		t.Errorf("%v after %d rounds", err, rounds)
	}
	if _, err := Compare(ctx, cfg, []Case{x}); !errors.Is(err, context.Canceled) || rounds != 3 {
		t.Errorf("begun when it was over: %v", err)
	}
}

func TestWrongConfigsAreRefusedByField(t *testing.T) {
	for want, cfg := range map[string]Config{
		"Config.For":     {For: -1},
		"Config.Slice":   {Slice: -1},
		"Config.Rounds":  {Rounds: -1},
		"Config.Workers": {Workers: -1},
	} {
		if _, err := Compare(t.Context(), cfg, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", cfg, err, want)
		}
	}
	if _, err := Compare(t.Context(), Config{}, []Case{{Name: "hollow"}}); err == nil || !strings.Contains(err.Error(), "hollow") {
		t.Errorf("a case without Run: %v", err)
	}
}

func TestTheSystemsClockMeasuresToo(t *testing.T) {
	r := compare(t, Config{Slice: 100 * time.Microsecond}, Case{Name: "nap", Run: func(n int) {
		for range n {
			time.Sleep(time.Microsecond)
		}
	}})[0]
	if q := r.Quartiles(); !(q.Q1 >= 1000) || math.IsInf(q.Q3, 0) {
		t.Errorf("%v ns for a nap of 1000", q)
	}
}
