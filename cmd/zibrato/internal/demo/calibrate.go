package demo

import (
	"fmt"
	"slices"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

// prices are what calls cost on this machine at this time, in nanoseconds.
type prices struct {
	call   map[metric.Kind]float64 // what the caller waits
	behind float64                 // the processor time that collecting one call's sample takes
}

// calibrate measures the prices on a recorder of its own, which has a backend so that its levels are watched.
func calibrate() (p prices, err error) {
	rec := zibrato.New(zibrato.Config{})
	defer rec.Close()
	b, err := backend.Start(backend.Config{From: backend.InProcess(rec), Interval: time.Minute, Sinks: []backend.Sink{tally{}}})
	if err != nil {
		return prices{}, fmt.Errorf("calibrate: %w", err)
	}
	defer b.Close()
	var (
		timer   = rec.NewTimer("calibration.timer")
		counter = rec.NewCounter("calibration.counter")
		updown  = rec.NewUpDown("calibration.updown")
		gauge   = rec.NewGauge("calibration.gauge")
		dist    = rec.NewDistribution("calibration.distribution")
	)
	p.call = map[metric.Kind]float64{
		metric.Timer:        price(func() { defer timer.Start().Stop() }),
		metric.Counter:      price(func() { counter.Inc() }),
		metric.UpDown:       price(func() { updown.Add(1) }),
		metric.Gauge:        price(func() { gauge.Set(1) }),
		metric.Distribution: price(func() { dist.Record(1) }),
	}
	p.behind = behind(func() { defer timer.Start().Stop() }, p.call[metric.Timer])
	return p, nil
}

// price returns what a call takes, less what calling an empty function does: the median of short rounds, so that it is
// of no consequence when the system interrupts a few of them.
func price(call func()) float64 {
	return max(median(call)-median(func() {}), 0)
}

func median(call func()) float64 {
	const rounds, calls = 31, 500
	took := make([]float64, rounds)
	for i := range took {
		start := time.Now()
		for range calls {
			call()
		}
		took[i] = float64(time.Since(start)) / calls
	}
	slices.Sort(took)
	return took[rounds/2]
}

// behind returns the processor time that a call costs beyond what the caller waits, in nanoseconds. Calls come in small
// portions, since samples that come faster than they are collected are not collected one by one.
func behind(call func(), price float64) float64 {
	const portions, calls = 40, 1000
	used := func(call func()) float64 {
		start := cpuTime()
		for range portions {
			for range calls {
				call()
			}
			time.Sleep(time.Millisecond)
		}
		return float64(cpuTime() - start)
	}
	idle := used(func() {})
	return max((used(call)-idle)/(portions*calls)-price, 0)
}
