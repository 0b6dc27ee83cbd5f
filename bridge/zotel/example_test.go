package zotel_test

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/bridge/zotel"
	zmetric "github.com/zibrato/zibrato/metric"
)

// printed is a sink that prints what is measured with OpenTelemetry.
type printed struct{}

func (printed) Write(_ context.Context, w *zmetric.Window) error {
	for _, s := range w.Series {
		if s.Series.Tag("otel.scope.name") != "" {
			fmt.Println(s.Series.Kind, s.Series.Name, s.Series.Tag("page"), s.Count, s.Sum)
		}
	}
	return nil
}

func (printed) Close(context.Context) error { return nil }

// serve is a library that knows nothing of Zibrato.
func serve(ctx context.Context, provider metric.MeterProvider) error {
	meter := provider.Meter("example.com/pages")
	views, err := meter.Int64Counter("page.views")
	if err != nil {
		return err
	}
	duration, err := meter.Float64Histogram("page.duration", metric.WithUnit("s"))
	if err != nil {
		return err
	}
	_, err = meter.Int64ObservableUpDownCounter("page.cached", metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(17)
		return nil
	}))
	if err != nil {
		return err
	}
	home := metric.WithAttributeSet(attribute.NewSet(attribute.String("page", "home"))) // made once, which is cheaper
	for range 3 {
		views.Add(ctx, 1, home)
		duration.Record(ctx, 0.25, home)
	}
	return nil
}

// A whole program: what a library measures with OpenTelemetry goes to a sink.
func Example() {
	ctx := context.Background()
	rec := zibrato.Default()
	b, err := backend.Start(backend.Config{From: backend.InProcess(rec), Interval: time.Minute, Sinks: []backend.Sink{printed{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	provider, err := zotel.Start(zotel.Config{}) // otel.SetMeterProvider(provider) makes it the one of all libraries
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := serve(ctx, provider); err != nil {
		fmt.Println(err)
		return
	}
	// The provider first, whose callbacks are called a last time.
	for _, shutdown := range []func(context.Context) error{provider.Shutdown, b.Shutdown} {
		if err := shutdown(ctx); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// updown page.cached  1 17
	// timer page.duration home 3 0.75
	// counter page.views home 3 3
}

func ExampleStart() {
	_, err := zotel.Start(zotel.Config{Every: time.Millisecond})
	fmt.Println(err)
	// Output: zotel: Config.Every 1ms: want at least 100ms
}

func ExampleConfig() {
	provider, err := zotel.Start(zotel.Config{
		Scope:         zibrato.With(zibrato.AtLevel(zibrato.LevelDebug), zibrato.Tag("region", "eu")), // recorded only while somebody subscribes to it
		WithoutScopes: true,
		MaxSets:       500,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(provider.Shutdown(context.Background()))
	// Output: <nil>
}

func ExampleProvider_Meter() {
	var provider *zotel.Provider // nil: nothing is measured
	views, err := provider.Meter("example.com/pages").Int64Counter("page.views")
	if err != nil {
		fmt.Println(err)
		return
	}
	views.Add(context.Background(), 1)
	fmt.Println(views.Enabled(context.Background()))
	// Output: false
}

func ExampleProvider_ForceFlush() {
	ctx := context.Background()
	rec := zibrato.New(zibrato.Config{})
	defer rec.Close()
	tap, err := rec.Attach(func(*zmetric.Batch) {})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tap.Close(ctx)
	provider, err := zotel.Start(zotel.Config{Scope: rec.With()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer provider.Shutdown(ctx)
	_, err = provider.Meter("m").Int64ObservableGauge("cached", metric.WithInt64Callback(func(context.Context, metric.Int64Observer) error {
		fmt.Println("asked")
		return nil
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := provider.ForceFlush(ctx); err != nil { // beside the interval
		fmt.Println(err)
	}
	if err := provider.Shutdown(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// asked
	// asked
}

func ExampleProvider_Shutdown() {
	provider, err := zotel.Start(zotel.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	fmt.Println(provider.Shutdown(ctx))
	// Output: <nil>
}
