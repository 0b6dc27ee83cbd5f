package integrations

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/zibrato/zibrato/bridge/zotel"
)

// program uses all kinds of instruments.
type program struct {
	calls []func(v float64, o metric.MeasurementOption) // of synchronous instruments

	mu     sync.Mutex
	totals map[attribute.Distinct]*said
	says   []*said // what callbacks say, in the order in which room is given
}

// said is a total that callbacks know.
type said struct {
	o metric.MeasurementOption
	v float64
}

// units that time has, and others.
var units = []string{"", "By", "s", "ms"}

func newProgram(tb testing.TB, provider metric.MeterProvider) *program {
	tb.Helper()
	ctx := context.Background()
	p := &program{totals: map[attribute.Distinct]*said{}}
	m := provider.Meter("program", metric.WithInstrumentationVersion("1"))
	add := func(err error, call func(v float64, o metric.MeasurementOption)) {
		must(tb, err)
		p.calls = append(p.calls, call)
	}
	for _, u := range units {
		unit, name := metric.WithUnit(u), func(kind string) string { return kind + ".in_" + u }
		c, err := m.Int64Counter(name("int.counter"), unit)
		add(err, func(v float64, o metric.MeasurementOption) { c.Add(ctx, int64(v), o) })
		fc, err := m.Float64Counter(name("float.counter"), unit)
		add(err, func(v float64, o metric.MeasurementOption) { fc.Add(ctx, v, o) })
		ud, err := m.Int64UpDownCounter(name("int.updown"), unit)
		add(err, func(v float64, o metric.MeasurementOption) { ud.Add(ctx, int64(v)-5, o) })
		fud, err := m.Float64UpDownCounter(name("float.updown"), unit)
		add(err, func(v float64, o metric.MeasurementOption) { fud.Add(ctx, v-5, o) })
		h, err := m.Int64Histogram(name("int.histogram"), unit)
		add(err, func(v float64, o metric.MeasurementOption) { h.Record(ctx, int64(v), o) })
		fh, err := m.Float64Histogram(name("float.histogram"), unit)
		add(err, func(v float64, o metric.MeasurementOption) { fh.Record(ctx, v, o) })
		g, err := m.Int64Gauge(name("int.gauge"), unit)
		add(err, func(v float64, o metric.MeasurementOption) { g.Record(ctx, int64(v), o) })
		fg, err := m.Float64Gauge(name("float.gauge"), unit)
		add(err, func(v float64, o metric.MeasurementOption) { fg.Record(ctx, v, o) })

		ints, floats := metric.WithInt64Callback(p.ints), metric.WithFloat64Callback(p.floats)
		_, e1 := m.Int64ObservableCounter(name("int.observable.counter"), unit, ints)
		_, e2 := m.Float64ObservableCounter(name("float.observable.counter"), unit, floats)
		_, e3 := m.Int64ObservableUpDownCounter(name("int.observable.updown"), unit, ints)
		_, e4 := m.Float64ObservableUpDownCounter(name("float.observable.updown"), unit, floats)
		_, e5 := m.Int64ObservableGauge(name("int.observable.gauge"), unit, ints)
		_, e6 := m.Float64ObservableGauge(name("float.observable.gauge"), unit, floats)
		must(tb, e1, e2, e3, e4, e5, e6)
	}
	return p
}

func (p *program) ints(_ context.Context, o metric.Int64Observer) error {
	for _, t := range p.says {
		o.Observe(int64(t.v), t.o)
	}
	return nil
}

func (p *program) floats(_ context.Context, o metric.Float64Observer) error {
	for _, t := range p.says {
		o.Observe(t.v, t.o)
	}
	return nil
}

// work does something that only the seed decides. Values are fractions that float64 adds without an error, as far as that is wanted.
func (p *program) work(seed uint64, calls, sets int) {
	r := rand.New(rand.NewPCG(seed, 1))
	for range calls {
		v := float64(r.IntN(640)) / 64
		n := r.IntN(sets)
		set := attribute.NewSet(attribute.Int("n", n), attribute.Bool("odd", n%2 == 1), attribute.String("seed", fmt.Sprint(seed)))
		option := metric.WithAttributeSet(set)
		p.calls[r.IntN(len(p.calls))](v, option)
		p.mu.Lock()
		total := p.totals[set.Equivalent()]
		if total == nil {
			total = &said{o: option}
			p.totals[set.Equivalent()], p.says = total, append(p.says, total)
		}
		total.v += v
		p.mu.Unlock()
	}
}

// tolerance is what sums of float64 may be off by, whose rounding differs, and for counters the fraction that is not a whole one yet.
func tolerance(key string, want number) float64 {
	counts := strings.Contains(key, "counter.in_") || strings.Contains(key, "updown.in_")
	time := strings.Contains(key, "s{") // nanoseconds, which are fine enough
	if strings.HasPrefix(key, "float.") && counts && !time {
		return math.Nextafter(1, 0)
	}
	return 1e-9 * max(1, math.Abs(want.sum), math.Abs(want.last))
}

func TestAllInstrumentsAgreeWithOpenTelemetrysSDK(t *testing.T) {
	for _, test := range []struct {
		name                   string
		workers, sets, maxSets int
		limit                  int
	}{
		{"few attributes, by several at once", 4, 5, 0, 0},
		{"more attributes than there is room for", 1, 50, 20, 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			reader := sdk.NewManualReader()
			own := bridge(t, zotel.Config{MaxSets: test.maxSets})
			theirs := sdk.NewMeterProvider(sdk.WithReader(reader), sdk.WithCardinalityLimit(test.limit))
			for _, provider := range []metric.MeterProvider{own, theirs} {
				p := newProgram(t, provider)
				var all sync.WaitGroup
				for seed := range test.workers {
					all.Go(func() { p.work(uint64(seed), 5000, test.sets) })
				}
				all.Wait()
			}
			agree(t, own.end(), told(t, reader), tolerance)
			must(t, theirs.Shutdown(context.Background()))
		})
	}
}
