package demo

import (
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/internal/measure"
	"github.com/zibrato/zibrato/metric"
)

// calibrationRate is how many samples a second are collected to see what collecting takes: about what a service makes.
// Between a thousand and a hundred thousand it makes little difference, most of it is waking up for the next few.
const calibrationRate = 20_000

// prices are what instrumentation costs on this machine at this time.
type prices struct {
	call   map[metric.Kind]float64 // nanoseconds that the caller of an instrument waits
	behind float64                 // the share of a processor that collecting the samples takes; 0 where it cannot be told, from noise for instance
}

// calibrate measures the prices, on a recorder of its own with a consumer that does with a batch what a publisher does.
// It takes three quarters of a second, in which the process should do nothing else.
func calibrate() (p prices, err error) {
	rec := zibrato.New(zibrato.Config{})
	defer func() { err = errors.Join(err, rec.Close()) }()
	var frame []byte // the drain's
	tap, err := rec.Attach(func(b *metric.Batch) { frame = metric.AppendBatch(frame[:0], b) })
	if err != nil {
		return prices{}, err
	}
	tap.Watch(nil, everyLevel) // in summaries, as the demo's backend does
	var (
		timer   = rec.NewTimer("calibration.timer")
		counter = rec.NewCounter("calibration.counter")
		updown  = rec.NewUpDown("calibration.updown")
		gauge   = rec.NewGauge("calibration.gauge")
		dist    = rec.NewDistribution("calibration.distribution")
	)
	timed := func() { defer timer.Start().Stop() }
	p.call = map[metric.Kind]float64{
		metric.Timer:        price(timed),
		metric.Counter:      price(func() { counter.Inc() }),
		metric.UpDown:       price(func() { updown.Add(1) }),
		metric.Gauge:        price(func() { gauge.Set(1) }),
		metric.Distribution: price(func() { dist.Record(1) }),
	}
	p.behind = behind(timed)
	return p, nil
}

// price returns the nanoseconds that a call takes, less what calling an empty function does.
func price(call func()) float64 { return max(median(call)-median(func() {}), 0) }

// median returns the nanoseconds that a call takes in the median of short rounds, so that it is of no consequence when
// the system interrupts a few of them.
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

// behind returns the share of a processor that calls cost beyond what their caller waits: the median of some rounds with
// the calls, each less a round without. Many short rounds, since several processes calibrate at the same time.
func behind(call func()) float64 {
	const pairs = 7
	if ownThreadTime() == 0 {
		return 0
	}
	shares := make([]float64, pairs)
	for i := range shares {
		shares[i] = meanwhile(call) - meanwhile(func() {})
	}
	slices.Sort(shares)
	return max(shares[pairs/2], 0)
}

// meanwhile calls at the calibration's rate, spinning in between, and returns the share of a processor that the process'
// other threads take meanwhile.
func meanwhile(call func()) float64 {
	const long = 50 * time.Millisecond
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	all, own, start := measure.CPUTime(), ownThreadTime(), time.Now()
	for n, elapsed := 0.0, time.Duration(0); elapsed < long; elapsed = time.Since(start) {
		for ; n < calibrationRate*elapsed.Seconds(); n++ {
			call()
		}
	}
	return float64(measure.CPUTime()-all-(ownThreadTime()-own)) / float64(time.Since(start))
}
