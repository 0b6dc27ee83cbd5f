//go:build cgo

package bench

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/zibrato/zibrato/internal/measure"
	"github.com/zibrato/zibrato/metric"
)

// The pipeline's slices are long against the 50 ms that samples wait for others, and short against what disturbs a machine for a while.
const (
	flowSlice  = 750 * time.Millisecond
	flowRounds = 3 // at least; slices are shorter then
	minSlice   = 50 * time.Millisecond
	leadIn     = 4 // a slice with Zibrato begins by the part of its length that is 1/leadIn
)

// plan divides the time for the pipeline into rounds: a slice without Zibrato, and one for each way with its lead-in.
func plan(whole time.Duration, ways int) (rounds int, slice time.Duration) {
	perRound := 1 + float64(ways)*(1+1./leadIn) // in slices
	rounds = max(int(float64(whole)/(perRound*float64(flowSlice))), flowRounds)
	return rounds, max(time.Duration(float64(whole)/(perRound*float64(rounds))), minSlice)
}

// ways are the details that are measured. Each round begins with a slice that is not instrumented.
var ways = []metric.Detail{metric.Summaries, metric.Samples}

// A flowSample is what a slice took.
type flowSample struct {
	timed, arrived uint64        // lead-in included
	measured       uint64        // of timed, those that the times are of
	process, all   time.Duration // processor time
}

// measureFlows measures the whole pipeline, for about as long as whole. argv starts a child.
func measureFlows(ctx context.Context, r *Report, argv []string, stderr io.Writer, whole time.Duration, progress func(done float64)) (err error) {
	if measure.CPUTime() == 0 {
		return nil // the system does not tell
	}
	p, err := startProcess(ctx, argv, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.end()) }()

	rounds, slice := plan(whole, len(ways))
	flows := make([]Flow, len(ways))
	process, all := make([][]float64, len(ways)), make([][]float64, len(ways))
	slices := 0
	next := func(detail *metric.Detail) (flowSample, error) {
		progress(float64(slices) / float64(rounds*(1+len(ways))))
		slices++
		return p.slice(ctx, slice, detail)
	}
	for round := range rounds {
		without, err := next(nil)
		if err != nil {
			return err
		}
		for i := range ways {
			way := (i + round) % len(ways)
			with, err := next(&ways[way])
			if err != nil {
				return err
			}
			flows[way].Timed += with.timed
			flows[way].Arrived += with.arrived
			process[way] = append(process[way], float64(with.process-without.process)/float64(with.measured))
			all[way] = append(all[way], float64(with.all-without.all)/float64(with.measured))
		}
	}
	for way := range flows {
		f := &flows[way]
		f.Detail, f.Rate = ways[way].String(), workRate
		f.Process, f.All = shareOf(process[way], workRate), shareOf(all[way], workRate)
	}
	r.Flows = flows
	return nil
}

// slice lets the child work for so long: with the whole pipeline behind it, in that detail, or without Zibrato where that is nil.
func (p *process) slice(ctx context.Context, d time.Duration, detail *metric.Detail) (flowSample, error) {
	if detail == nil {
		return p.plainSlice(d)
	}
	rx, err := receive(*detail)
	if err != nil {
		return flowSample{}, err
	}
	s, err := p.timedSlice(ctx, d, rx)
	return s, errors.Join(err, rx.close())
}

func (p *process) plainSlice(d time.Duration) (flowSample, error) {
	begin := measure.CPUTime()
	a, err := p.ask(order{Work: d})
	return flowSample{process: a.CPU, all: a.CPU + measure.CPUTime() - begin}, err
}

// timedSlice begins with a lead-in: that a pipeline first needs memory for its series is no part of the figures.
func (p *process) timedSlice(ctx context.Context, d time.Duration, rx *receiver) (s flowSample, err error) {
	if _, err := p.ask(order{Open: rx.forwarder.InAddr()}); err != nil {
		return s, err
	}
	lead, err := p.ask(order{Work: d / leadIn})
	if err != nil {
		return s, err
	}
	if err := rx.await(ctx, lead.Total); err != nil {
		return s, err
	}
	begin := measure.CPUTime()
	a, err := p.ask(order{Work: d})
	if err != nil {
		return s, err
	}
	if err := rx.await(ctx, a.Total); err != nil {
		return s, err
	}
	s = flowSample{timed: lead.Timed + a.Timed, measured: a.Timed, process: a.CPU, all: a.CPU + measure.CPUTime() - begin}
	if err := rx.backend.Close(); err != nil { // which writes its last window
		return s, err
	}
	s.arrived = rx.sink.timers
	_, err = p.ask(order{Close: true})
	return s, err
}
