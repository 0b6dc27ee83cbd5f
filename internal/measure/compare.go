package measure

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"go.uber.org/atomic"
)

// A Case is an operation to be measured.
type Case struct {
	Name string
	// Run does the operation n times, in a loop of its own, so that no call of a function value is part of the figure. Several goroutines call
	// it at once where Config.Workers says so.
	Run func(n int)
	// Before is called before each slice, and not timed. Nil: nothing.
	Before func()
}

// The defaults of [Config].
const (
	DefaultSlice  = time.Millisecond
	DefaultRounds = 5
)

// Config says how to measure.
type Config struct {
	// For is about how long to measure, all cases together. It may be 0: then Rounds decides.
	For time.Duration
	// Slice is how long a case's turn lasts, about. The default is short against the turns that a scheduler gives to other programs, and long
	// against reading the clock.
	Slice time.Duration
	// Rounds is how many turns each case has at least, even when For is over. Default: DefaultRounds.
	Rounds int
	// Workers is how many goroutines run a case at once. Default: 1.
	Workers int
	// Progress is called after each round with the share of For that is over, at most 1. Nil: nobody wants to know.
	Progress func(done float64)
	// Now reads a monotonic clock; several goroutines call it. Nil: the system's.
	Now func() time.Duration
}

func (c Config) withDefaults() (Config, error) {
	if c.Slice == 0 {
		c.Slice = DefaultSlice
	}
	if c.Rounds == 0 {
		c.Rounds = DefaultRounds
	}
	if c.Workers == 0 {
		c.Workers = 1
	}
	if c.Progress == nil {
		c.Progress = func(float64) {}
	}
	if c.Now == nil {
		origin := time.Now()
		c.Now = func() time.Duration { return time.Since(origin) }
	}
	switch {
	case c.For < 0:
		return c, fmt.Errorf("measure: Config.For %v is negative", c.For)
	case c.Slice < 0:
		return c, fmt.Errorf("measure: Config.Slice %v is negative", c.Slice)
	case c.Rounds < 0:
		return c, fmt.Errorf("measure: Config.Rounds %d is negative", c.Rounds)
	case c.Workers < 0:
		return c, fmt.Errorf("measure: Config.Workers %d is negative", c.Workers)
	}
	return c, nil
}

// A Result is what was measured of a case.
type Result struct {
	Name string
	// Ns has an element per round: the nanoseconds that one operation took. With several workers these are the nanoseconds of one of them: where nothing
	// is shared, as many as with one.
	Ns []float64
	// Ops is how often the operation was done, by all workers, in all slices and in finding out how many make a slice.
	Ops int64
}

// Compare measures the cases in turns, in another order each round, until cfg.For is over, and returns a result for each. It returns ctx's error if
// that ends before.
func Compare(ctx context.Context, cfg Config, cases []Case) ([]Result, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	begun := cfg.Now()
	runs := make([]run, len(cases))
	for i, c := range cases {
		if c.Run == nil {
			return nil, errors.New("measure: case " + c.Name + " has no Run")
		}
		runs[i] = run{cfg: cfg, c: c, result: Result{Name: c.Name}}
		if err := runs[i].calibrate(ctx); err != nil {
			return nil, err
		}
	}
	order := rand.New(rand.NewPCG(1, 2)) // any will do, and the same one each time is easier to reason about
	for round := 0; ; round++ {
		elapsed := cfg.Now() - begun
		if cfg.For > 0 {
			cfg.Progress(min(float64(elapsed)/float64(cfg.For), 1))
		}
		if round >= cfg.Rounds && elapsed >= cfg.For {
			break
		}
		for _, i := range order.Perm(len(runs)) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			r := &runs[i]
			r.result.Ns = append(r.result.Ns, r.slice()/float64(r.n))
		}
	}
	results := make([]Result, len(runs))
	for i := range runs {
		results[i] = runs[i].result
	}
	return results, nil
}

// A run is a case under measurement.
type run struct {
	cfg    Config
	c      Case
	n      int // operations per worker and slice
	result Result
}

// maxOps keeps a loop that was optimised away from being tried for ever.
const maxOps = 1 << 30

// calibrate finds how many operations make a slice. It takes the shorter of two tries, since a disturbed one would make all slices too short.
func (r *run) calibrate(ctx context.Context) error {
	for r.n = 1; ; r.n *= 2 {
		if err := ctx.Err(); err != nil {
			return err
		}
		took := min(r.slice(), r.slice())
		if want := float64(r.cfg.Slice); took >= want/2 || r.n >= maxOps {
			r.n = max(int(float64(r.n)*min(want/took, 2)), 1)
			return nil
		}
	}
}

// patience is how often a worker looks for the others before it lets one of them have its processor, some tenths of a millisecond.
const patience = 1 << 17

// slice lets all workers do the operation n times and returns how many nanoseconds one of them took in the mean.
func (r *run) slice() float64 {
	if r.c.Before != nil {
		r.c.Before()
	}
	r.result.Ops += int64(r.n) * int64(r.cfg.Workers)
	if r.cfg.Workers == 1 {
		return float64(r.timed())
	}
	var (
		ready atomic.Int64 // workers that have come; all begin when the last one has
		total atomic.Duration
		wg    sync.WaitGroup
	)
	for range r.cfg.Workers {
		wg.Go(func() {
			ready.Inc()
			for spins := 1; ready.Load() < int64(r.cfg.Workers); spins++ {
				// Who waits without yielding keeps its processor, so that the others come on processors of their own. Who never yielded
				// would wait for ever where there are too few.
				if spins%patience == 0 {
					runtime.Gosched()
				}
			}
			total.Add(r.timed())
		})
	}
	wg.Wait()
	return float64(total.Load()) / float64(r.cfg.Workers)
}

func (r *run) timed() time.Duration {
	begin := r.cfg.Now()
	r.c.Run(r.n)
	return r.cfg.Now() - begin
}
