package demo

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

func TestCostCountsEveryCall(t *testing.T) {
	var (
		timer   = zibrato.NewTimer("test.cost.timer", zibrato.AtLevel(zibrato.LevelDebug))
		counter = zibrato.NewCounter("test.cost.counter")
	)
	before, err := countCalls()
	if err != nil {
		t.Fatal(err)
	}
	timer.Start().Stop() // nobody watches: it costs a branch and does not count
	_, stop := observe(t, func(seen) bool { return false }, func() {})
	for range 1000 {
		timer.Start().Stop()
		counter.Add(5)
	}
	stop()
	after, err := countCalls()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []metric.Kind{metric.Timer, metric.Counter} {
		if n := after[kind] - before[kind]; n != 1000 {
			t.Errorf("%v: %d calls, want 1000", kind, n)
		}
	}
	m, err := startMeter()
	if err != nil {
		t.Fatal(err)
	}
	cost, err := m.stop()
	if err != nil {
		t.Fatal(err)
	}
	var calls uint64
	for _, n := range after {
		calls += n
	}
	if cost.Calls != calls {
		t.Errorf("%d calls, want %d", cost.Calls, calls)
	}
	if limit := time.Duration(calls) * 100 * time.Microsecond; cost.InCalls <= 0 || cost.InCalls > limit || cost.Behind < 0 || cost.Behind > time.Second {
		t.Errorf("%d calls cost %v and %v behind them", calls, cost.InCalls, cost.Behind)
	}
	if total := cost.InCalls + cost.Behind + cost.Sockets; cost.Total() != total {
		t.Errorf("in total %v, want %v", cost.Total(), total)
	}
}

func TestCalibrationPricesEveryKind(t *testing.T) {
	p, err := calibrate()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range metric.Kinds {
		if ns, ok := p.call[kind]; !ok || !(ns >= 0 && ns < 1e6) {
			t.Errorf("%v: %v ns, %v", kind, ns, ok)
		}
	}
	if !(p.behind >= 0 && p.behind < float64(runtime.NumCPU())) {
		t.Errorf("collecting takes %v processors of %d", p.behind, runtime.NumCPU())
	}
}

func TestPriceIsWhatACallTakes(t *testing.T) {
	const least = 2 * time.Microsecond
	spin := func() {
		for start := time.Now(); time.Since(start) < least; {
		}
	}
	if ns := price(spin); ns < float64(least)*0.9 {
		t.Errorf("a call of %v is priced at %.0f ns", least, ns)
	}
	if ns := price(func() {}); ns > float64(least) {
		t.Errorf("nothing is priced at %.0f ns", ns)
	}
}

func TestCostsGolden(t *testing.T) {
	got := renderCosts([]*child{
		{name: "service-0", cost: &Cost{Calls: 238_369, InCalls: 7_150 * time.Microsecond, Behind: 4 * time.Millisecond, Sockets: 2 * time.Millisecond, CPU: 1180 * time.Millisecond}},
		{name: "service-1"},
		{name: "load", cost: &Cost{Calls: 19_882, InCalls: 600 * time.Microsecond}},
	})
	const golden = "testdata/costs.golden"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
