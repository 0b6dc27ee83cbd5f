package zotel

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/zibrato/zibrato"
)

func TestCallbacksAreCalledOnceAnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, Config{Every: 10 * time.Second})
		var calls []time.Duration
		begun := time.Now()
		must(b.Int64ObservableGauge("g", metric.WithInt64Callback(func(ctx context.Context, o metric.Int64Observer) error {
			calls = append(calls, time.Since(begun))
			due, ok := ctx.Deadline()
			equal(t, "has a deadline", ok, true)
			equal(t, "deadline", time.Until(due), 10*time.Second)
			o.Observe(1)
			return nil
		})))
		time.Sleep(35 * time.Second)
		synctest.Wait()
		same(t, "calls", calls, []time.Duration{10 * time.Second, 20 * time.Second, 30 * time.Second})
		b.flush()
		equal(t, "calls with that of ForceFlush", len(calls), 4)
		b.shutdown()
		equal(t, "calls with that of Shutdown", len(calls), 5)
		time.Sleep(time.Minute)
		b.flush()
		equal(t, "calls after Shutdown", len(calls), 5)
		equal(t, "passes", b.rec.Calls("otel.bridge.pass"), 5)
		b.rec.Close()
	})
}

func TestACallbackOfManyInstruments(t *testing.T) {
	b := start(t, Config{})
	counter, gauge := must(b.Int64ObservableCounter("counter")), must(b.Float64ObservableGauge("gauge"))
	other := must(b.Int64ObservableCounter("other"))
	calls := 0
	r := must(b.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		calls++
		o.ObserveInt64(counter, int64(calls))
		o.ObserveFloat64(gauge, float64(calls))
		o.ObserveInt64(other, 1) // for which it is not registered
		o.ObserveInt64(nil, 1)
		o.ObserveFloat64(noop.Float64ObservableGauge{}, 1)
		return nil
	}, counter, gauge))
	b.flush()
	b.flush()
	equal(t, "counter", b.rec.Sum("counter"), 2)
	equal(t, "strange observations", b.misused(unregistered), 6)
	for range 2 {
		if err := r.Unregister(); err != nil {
			t.Error(err)
		}
	}
	b.flush()
	equal(t, "calls", calls, 2)
	same(t, "series", b.series(), []string{"counter counter", "gauge gauge"})
}

func TestUnregisteringWhileItIsCalled(t *testing.T) {
	b := start(t, Config{})
	gauge := must(b.Int64ObservableUpDownCounter("updown"))
	var second metric.Registration
	calls := 0
	f := func(_ context.Context, o metric.Observer) error {
		calls++
		o.ObserveInt64(gauge, 1)
		return second.Unregister()
	}
	must(b.RegisterCallback(f, gauge))
	second = must(b.RegisterCallback(f, gauge))
	b.flush()
	equal(t, "calls", calls, 1)
	b.flush()
	equal(t, "calls", calls, 2)
	equal(t, "sum", b.rec.Sum("updown"), 1)
}

func TestWrongRegistrationsAreRefused(t *testing.T) {
	b := start(t, Config{})
	own, foreign := must(b.Int64ObservableCounter("c")), must(b.Provider.Meter("other").Int64ObservableCounter("c"))
	f := func(context.Context, metric.Observer) error { return nil }
	for name, of := range map[string][]metric.Observable{
		"of another meter": {foreign}, "of another provider": {noop.Int64ObservableCounter{}}, "nil": {nil}, "one of them": {own, foreign},
	} {
		r, err := b.RegisterCallback(f, of...)
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if err := r.Unregister(); err != nil {
			t.Error(err)
		}
	}
	if r, err := b.RegisterCallback(f); err != nil || r.Unregister() != nil {
		t.Errorf("of nothing: %v", err)
	}
}

func TestInstrumentsOfAllMetersAreOneWithoutScopes(t *testing.T) {
	b := start(t, Config{WithoutScopes: true})
	c := must(b.Provider.Meter("other").Int64ObservableCounter("c"))
	must(b.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(c, 3)
		return nil
	}, must(b.Int64ObservableCounter("c"))))
	b.flush()
	equal(t, "sum", b.rec.Sum("c"), 3)
}

func TestCallbacksOfAnInstrumentThatExistsAreNotTaken(t *testing.T) {
	b := start(t, Config{})
	first, second := said[int64]{"x": 1}, said[int64]{"y": 1}
	must(b.Int64ObservableCounter("c", metric.WithInt64Callback(first.int64)))
	must(b.Int64ObservableCounter("c", metric.WithInt64Callback(second.int64)))
	must(b.Float64ObservableCounter("f", metric.WithFloat64Callback(first.float64)))
	must(b.Float64ObservableCounter("f", metric.WithFloat64Callback(second.float64)))
	b.flush()
	same(t, "series", b.series(), []string{"counter c k=x", "counter f k=x"})
	equal(t, "complaints", b.misused(duplicate), 2)
	if !strings.Contains(b.log.String(), "RegisterCallback") {
		t.Errorf("logged: %s", b.log)
	}
}

func TestCallbacksThatFailHurtNobody(t *testing.T) {
	b := start(t, Config{})
	bad := func(fail func() error) metric.Int64Callback {
		return func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(1)
			return fail()
		}
	}
	must(b.Int64ObservableUpDownCounter("error", metric.WithInt64Callback(bad(func() error { return errors.New("no disk") }))))
	must(b.Int64ObservableUpDownCounter("panic", metric.WithInt64Callback(bad(func() error { panic("no memory") }))))
	must(b.Int64ObservableUpDownCounter("good", metric.WithInt64Callback(bad(func() error { return nil }))))
	b.flush()
	b.flush()
	same(t, "series", b.series(), []string{"updown error", "updown good", "updown panic"})
	equal(t, "errors", b.misused(failed), 2)
	equal(t, "panics", b.misused(panicked), 2)
	for _, text := range []string{"no disk", "no memory"} {
		equal(t, "lines that say "+text, strings.Count(b.log.String(), text), 2)
	}
}

func TestASlowCallbackDelaysOthersOnceAndIsNotCalledTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, Config{Every: 10 * time.Second})
		slowCalls, quickCalls := 0, 0
		goOn := make(chan struct{})
		must(b.Int64ObservableUpDownCounter("slow", metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			slowCalls++
			o.Observe(1, with("k", "early"))
			<-goOn // whatever the context says
			o.Observe(1, with("k", "late"))
			return nil
		})))
		must(b.Int64ObservableUpDownCounter("quick", metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			quickCalls++
			o.Observe(1)
			return nil
		})))
		time.Sleep(45 * time.Second) // at 10 s, for 10 s; at 20 s; at 30 s; at 40 s
		synctest.Wait()
		equal(t, "slow calls", slowCalls, 1)
		equal(t, "quick calls", quickCalls, 4)
		equal(t, "complaints", b.misused(slow), 4)
		same(t, "series", b.series(), []string{"updown quick", "updown slow k=early"})
		equal(t, "what was observed early", b.rec.Sum("slow"), 1)

		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := b.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown while a callback does not return: %v", err)
		}
		close(goOn)
		synctest.Wait()
		same(t, "series", b.series(), []string{"updown quick", "updown slow k=early"})
		b.rec.Close()
	})
}

func TestShutdownWaitsForACallbackUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, Config{Every: 10 * time.Second})
		ended := 0
		must(b.Int64ObservableGauge("g", metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			time.Sleep(15 * time.Second)
			ended++
			return nil
		})))
		time.Sleep(11 * time.Second)
		b.shutdown()
		equal(t, "calls that ended", ended, 1)
		b.rec.Close()
	})
}

func TestFlushGivesUpWithItsContext(t *testing.T) {
	b := start(t, Config{})
	entered, goOn := make(chan struct{}), make(chan struct{})
	must(b.Int64ObservableGauge("g", metric.WithInt64Callback(func(context.Context, metric.Int64Observer) error {
		close(entered)
		<-goOn
		return nil
	})))
	flushed := make(chan struct{})
	go func() {
		defer close(flushed)
		b.flush()
	}()
	<-entered
	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := b.ForceFlush(over); !errors.Is(err, context.Canceled) {
		t.Errorf("while another one is under way: %v", err)
	}
	close(goOn)
	<-flushed
	if err := b.ForceFlush(over); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	equal(t, "complaints", b.misused(slow), 0)
}

func TestWhatIsObservedTooLateIsIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, Config{Every: 10 * time.Second})
		goOn, observed, late := make(chan struct{}), make(chan struct{}), false
		open := sync.OnceFunc(func() { close(goOn) })
		must(b.Int64ObservableUpDownCounter("slow", metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			if late {
				return nil // the interval's own pass, which waited for this one
			}
			late = true
			<-goOn
			o.Observe(1)
			close(observed)
			return nil
		})))
		must(b.Int64ObservableUpDownCounter("next", metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			open()
			<-observed // in the same pass
			o.Observe(1)
			return nil
		})))
		b.flush()
		same(t, "series", b.series(), []string{"updown next"})
		b.rec.Close()
	})
}

// A library may hold a lock while it makes its instruments, which its callback takes.
func TestCallbacksAreNotCalledByWhoRegisters(t *testing.T) {
	b := start(t, Config{})
	called := false
	must(b.RegisterCallback(func(context.Context, metric.Observer) error {
		called = true
		return nil
	}, must(b.Int64ObservableGauge("g"))))
	equal(t, "called", called, false)
	b.flush()
	equal(t, "called", called, true)
}

// Libraries make instruments, register and unregister, and record, all at once and while callbacks are called.
func TestEverythingAtOnce(t *testing.T) {
	b := start(t, Config{})
	const workers, each = 4, 50
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			m := b.Provider.Meter("lib", metric.WithInstrumentationVersion(strings.Repeat("1", w%2+1)))
			for range each {
				must(m.Int64Counter("counter")).Add(ctx, 1, with("k", "v"))
				o := must(m.Int64ObservableUpDownCounter("updown"))
				r := must(m.RegisterCallback(func(_ context.Context, ob metric.Observer) error {
					ob.ObserveInt64(o, 1)
					return nil
				}, o))
				if err := b.ForceFlush(ctx); err != nil {
					t.Error(err)
				}
				if err := r.Unregister(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	b.flush()
	equal(t, "sum", b.rec.Sum("counter"), workers*each)
	equal(t, "what nobody observes any more", b.rec.Sum("updown"), 0)
	equal(t, "callbacks left", len(b.callbacks), 0)
}

func TestShutdownWithoutCallbacks(t *testing.T) {
	p, err := Start(Config{Scope: (*zibrato.Scope)(nil)})
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := p.Shutdown(over); err != nil {
		t.Error(err)
	}
}
