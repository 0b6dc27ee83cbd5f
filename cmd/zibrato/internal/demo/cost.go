package demo

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/internal/measure"
	"github.com/zibrato/zibrato/metric"
)

// Cost is what its instrumentation cost a process, as far as that can be told from within.
//
// InCalls is what the code that is measured paid: its calls, counted exactly, times what a call of that kind costs here,
// as measured in the same process. That is measured in a tight loop, with warm caches, so take it for the lower end.
// Behind is the work of the goroutine that collects the samples, likewise. Sockets is what ZeroMQ's threads used,
// measured. CPU is what the whole process used, measured, with all of these in it.
type Cost struct {
	Calls   uint64
	InCalls time.Duration
	Behind  time.Duration // 0 where the system does not tell threads apart, or the calibration could not tell it from noise
	Sockets time.Duration // 0 there, too
	CPU     time.Duration // 0 where the system does not say
}

// Total is all that the instrumentation cost.
func (c Cost) Total() time.Duration { return c.InCalls + c.Behind + c.Sockets }

// A meter tells in the end what the default recorder cost a process.
type meter struct {
	prices prices
	start  time.Time
	cpu    time.Duration
}

// startMeter measures the prices, and counts from then on. It is for the start of a process, see calibrate.
func startMeter() (*meter, error) {
	p, err := calibrate()
	if err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	return &meter{prices: p, start: time.Now(), cpu: measure.CPUTime()}, nil
}

func (m *meter) stop() (Cost, error) {
	cost := Cost{
		CPU:     measure.CPUTime() - m.cpu,
		Sockets: threadTime("ZMQbg"),
		Behind:  time.Duration(m.prices.behind * float64(time.Since(m.start))),
	}
	calls, err := countCalls()
	if err != nil {
		return Cost{}, fmt.Errorf("count calls: %w", err)
	}
	for kind, n := range calls {
		cost.Calls += n
		cost.InCalls += time.Duration(float64(n) * m.prices.call[kind])
	}
	return cost, nil
}

// countCalls returns how many calls of each kind the default recorder recorded since the process started, without what it says of itself: a
// consumer that comes only now is told the totals.
func countCalls() (map[metric.Kind]uint64, error) {
	type told struct {
		kind  metric.Kind
		calls uint64
	}
	series := map[uint32]told{}
	tap, err := zibrato.Default().Attach(func(b *metric.Batch) {
		for i := range b.Entries {
			if e := &b.Entries[i]; !strings.HasPrefix(e.Series.Name, ownPrefix) {
				series[e.ID] = told{e.Series.Kind, e.After.Count}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	tap.Watch(everyLevel, nil)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := tap.Close(ctx); err != nil {
		return nil, err
	}
	calls := map[metric.Kind]uint64{}
	for _, t := range series {
		calls[t.kind] += t.calls
	}
	return calls, nil
}

// ownPrefix begins the names of the series in which a program reports about its own instrumentation.
const ownPrefix = "zibrato."

func everyLevel(zibrato.Level) bool { return true }

// renderCosts draws the processes' costs as a table.
func renderCosts(children []*child) []byte {
	var b bytes.Buffer
	text := "── what the instrumentation cost "
	fmt.Fprintf(&b, "\n%s%s\n", text, strings.Repeat("─", tableWidth-len([]rune(text))))
	line := func(cells ...string) {
		l := fit(cells[0], 24)
		for _, c := range cells[1:] {
			l += fmt.Sprintf(" %*s", 13, c)
		}
		b.WriteString(l + "\n")
	}
	line("PROCESS", "calls", "in the calls", "behind them", "sockets", "CPU in all", "its share")
	for _, c := range children {
		if c.cost == nil {
			line(c.name, "-", "-", "-", "-", "-", "-")
			continue
		}
		share := "-"
		if c.cost.CPU > 0 {
			share = figures(100*c.cost.Total().Seconds()/c.cost.CPU.Seconds()) + " %"
		}
		line(c.name, formatCount(float64(c.cost.Calls)), duration(c.cost.InCalls), duration(c.cost.Behind),
			duration(c.cost.Sockets), duration(c.cost.CPU), share)
	}
	b.WriteString("Counted: calls, sockets, CPU. Priced at the start of the process: what goes on in the calls and behind them.\n")
	b.WriteString("A - is what the system does not tell, or what was too little to tell from the noise of a busy machine.\n")
	return b.Bytes()
}

func duration(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return formatValue(d.Seconds(), "s")
}
