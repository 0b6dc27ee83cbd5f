package peers

import (
	"testing"
	"time"
)

// A rival that does not record would be a cheap one.
func TestEveryRivalRecordsWhatItTimes(t *testing.T) {
	exact := map[string]bool{"zibrato": true, "zibrato-instrument": true, "VictoriaMetrics": true, "hashicorp": true, "opentelemetry": true,
		"prometheus": true, "prometheus-native": true, "rcrowley": true, "tally": true}
	for _, r := range rivals {
		t.Run(r.name, func(t *testing.T) {
			j := r.start(t)
			if j.timer == nil {
				return
			}
			if j.ready != nil {
				j.ready()
			}
			const n = 100
			begun := time.Now()
			j.timer(n - 1)
			j.call()
			took := time.Since(begun)
			if j.seen == nil {
				return
			}
			count, nanos := j.seen()
			if exact[r.name] && count != n || count == 0 {
				t.Errorf("%d timings are known, want %d", count, n)
			}
			if nanos < 0 || nanos > float64(took) {
				t.Errorf("they took %v ns together, more than the %v of all", nanos, took)
			}
		})
	}
}

func TestEveryJobCanBeDone(t *testing.T) {
	for _, r := range rivals {
		t.Run(r.name, func(t *testing.T) {
			j := r.start(t)
			done := 0
			for _, run := range []func(n int){j.timer, j.labels, j.counter, j.named, j.gauge, j.off} {
				if run != nil {
					run(3)
					done++
				}
			}
			if done == 0 {
				t.Error("it has nothing to do")
			}
		})
	}
}

func TestEveryRivalTimesBlocks(t *testing.T) {
	for _, r := range rivals {
		t.Run(r.name, func(t *testing.T) {
			j := r.start(t)
			if (j.timer == nil) != (j.block == nil) || (j.timer == nil) != (j.call == nil) {
				t.Fatal("it times in some ways and not in others")
			}
			if j.block == nil {
				return
			}
			j.block(1)
			if j.seen == nil {
				return
			}
			if count, _ := j.seen(); count != 1 {
				t.Errorf("%d timings are known, want 1", count)
			}
		})
	}
}
