//go:build cgo

package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/internal/measure"
)

// DefaultFor is how long a run takes.
const DefaultFor = 30 * time.Second

// Options say how to run.
type Options struct {
	Argv     []string       // the command that runs [Child]. Required
	For      time.Duration  // about how long; 0 means DefaultFor
	Version  string         // of the program, for the report
	Stderr   io.Writer      // gets what the child writes to its stderr; nil discards it
	Progress func(Progress) // is told how far it has come; nil: nobody wants to know
}

func (o Options) withDefaults() (Options, error) {
	if o.For == 0 {
		o.For = DefaultFor
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	switch {
	case len(o.Argv) == 0:
		return o, errors.New("bench: Options.Argv is empty: want the command that runs a child")
	case o.For < 0:
		return o, fmt.Errorf("bench: Options.For is %v: want more than nothing", o.For)
	}
	return o, nil
}

// pipelineShare is how much of the time the pipeline gets; the calls get the rest.
const pipelineShare = 0.3

// Run measures, which a process can do once: it configures the default recorder, and leaves it with nothing attached. When it returns, all that it started has
// ended. It returns an error when ctx ends before it has a report.
func Run(ctx context.Context, o Options) (*Report, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	all := runtime.GOMAXPROCS(0)
	forFlows := time.Duration(pipelineShare * float64(o.For))
	forCalls := (o.For - forFlows) / time.Duration(len(coreCounts(all)))
	show := func(step string, before, length time.Duration, done float64) {
		over := before + time.Duration(done*float64(length))
		o.Progress(Progress{Step: step, Done: float64(over) / float64(o.For), Left: o.For - over})
	}

	r := &Report{Zibrato: o.Version, Machine: measure.ThisMachine(), Flows: []Flow{}}
	err = measureCalls(ctx, r, forCalls, func(cores int, done float64) {
		if cores == 1 {
			show("calls on one core", 0, forCalls, done)
		} else {
			show(fmt.Sprintf("calls on all %d cores", cores), forCalls, forCalls, done)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	r.Clock = Clock{Source: clock.Source(), Reason: clock.Reason()} // as the calls had it
	err = measureFlows(ctx, r, o.Argv, o.Stderr, forFlows, func(done float64) {
		show("the whole pipeline", o.For-forFlows, forFlows, done)
	})
	if err != nil {
		return nil, fmt.Errorf("bench: pipeline: %w", err)
	}
	r.judge()
	r.Time = time.Now().UTC().Truncate(time.Second)
	return r, nil
}
