package demo

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

// Cost is what its instrumentation cost a process, as far as that can be told from within.
//
// InCalls is what the code that is measured paid: its calls, counted exactly, times what a call of that kind costs here,
// measured at the end in the same process. Measured in a tight loop it is with warm caches, so take it for the lower end.
// Behind is the work of the goroutines that collect the samples, by calls in the same way. Sockets is what ZeroMQ's threads
// used, measured. CPU is what the whole process used, measured, with all of these in it.
type Cost struct {
	Calls   uint64
	InCalls time.Duration
	Behind  time.Duration
	Sockets time.Duration // 0 where the system does not tell threads apart
	CPU     time.Duration // 0 where the system does not say
}

// Total is all that the instrumentation cost.
func (c Cost) Total() time.Duration { return c.InCalls + c.Behind + c.Sockets }

// A meter counts the calls that a process makes on the default recorder and works out what they cost.
type meter struct {
	calls tally
	own   *backend.Backend
}

// startMeter begins to count. The meter must be stopped.
func startMeter() (*meter, error) {
	m := &meter{calls: tally{}}
	var err error
	m.own, err = backend.Start(backend.Config{
		From:     backend.InProcess(zibrato.Default()),
		Interval: time.Minute,
		Sinks:    []backend.Sink{m.calls},
	})
	if err != nil {
		return nil, fmt.Errorf("meter: %w", err)
	}
	return m, nil
}

// stop ends the counting and returns what the calls cost. It takes about a tenth of a second, in which the process should
// do nothing else.
func (m *meter) stop() (Cost, error) {
	if err := m.own.Close(); err != nil {
		return Cost{}, fmt.Errorf("meter: %w", err)
	}
	cost := Cost{CPU: cpuTime(), Sockets: threadTime("ZMQbg")}
	prices, err := calibrate()
	if err != nil {
		return Cost{}, fmt.Errorf("meter: %w", err)
	}
	for kind, calls := range m.calls {
		cost.Calls += calls
		cost.InCalls += times(calls, prices.call[kind])
		cost.Behind += times(calls, prices.behind)
	}
	return cost, nil
}

func times(n uint64, each float64) time.Duration { return time.Duration(float64(n) * each) }

// A tally is a sink that counts calls by kind.
type tally map[metric.Kind]uint64

func (t tally) Write(_ context.Context, w *metric.Window) error {
	for i := range w.Series {
		t[w.Series[i].Kind] += w.Series[i].Count
	}
	return nil
}

func (t tally) Close(context.Context) error { return nil }

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
	b.WriteString("In the calls and behind them: counted, times a price found in the same process. Sockets: measured.\n")
	return b.Bytes()
}

func duration(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return formatValue(d.Seconds(), "s")
}
