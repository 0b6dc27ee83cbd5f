package bench

import (
	"context"
	"strconv"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/internal/measure"
)

// The work: blocks of about a hundred nanoseconds, on as many series as a program of some size has. They come in bursts of a request's size, not one by
// one, since waking up costs far more than any block, and differs more from time to time.
const (
	workRate   = 100_000 // blocks a second
	workTick   = 5 * time.Millisecond
	workSeries = 100
	workSteps  = 50      // of measure.Spin
	workPrefix = "work." // begins the names of the series
)

var workNames = func() (n [workSeries]string) {
	for i := range n {
		n[i] = workPrefix + strconv.Itoa(i)
	}
	return n
}()

func plainBlock(string) { spun = measure.Spin(workSteps) }

func timedBlock(name string) {
	defer zibrato.Time(name)()
	plainBlock(name)
}

var spun uint64 // so that nothing is optimised away; work's

// work does blocks at the rate for so long, and catches up on those that it was late for. It returns how many it did.
func work(ctx context.Context, d time.Duration, block func(name string)) (done uint64, err error) {
	ticker := time.NewTicker(workTick)
	defer ticker.Stop()
	begin := time.Now()
	for all := uint64(d.Seconds() * workRate); done < all; {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return done, ctx.Err()
		}
		for due := min(uint64(time.Since(begin).Seconds()*workRate), all); done < due; done++ {
			block(workNames[done%workSeries])
		}
	}
	return done, nil
}
