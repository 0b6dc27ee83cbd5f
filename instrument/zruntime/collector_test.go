package zruntime

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/zibratotest"
)

// start begins to record on a recorder of the test's own, and reads only when told.
func start(t *testing.T) (*zibratotest.Recorder, *Collector) {
	t.Helper()
	rec := zibratotest.New(t)
	c, err := Start(Config{Scope: rec.With(), Every: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return rec, c
}

func last(t *testing.T, rec *zibratotest.Recorder, name string, tags ...string) float64 {
	t.Helper()
	v, ok := rec.Last(name)
	if len(tags) == 2 {
		v, ok = rec.Last(name, zibratotest.Tag(tags[0], tags[1]))
	}
	if !ok {
		t.Errorf("%s %v was not recorded", name, tags)
	}
	return v
}

var sink []byte

func TestItReadsWhatTheRuntimeKnows(t *testing.T) {
	rec, c := start(t)
	if n := rec.Sum("go.memory.allocated"); n != 0 {
		t.Errorf("%v bytes were allocated before the beginning", n)
	}
	const more, cycles, bytes = 50, 3, 1 << 20
	leave := make(chan struct{})
	defer close(leave)
	before := runtime.NumGoroutine()
	for range more {
		go func() { <-leave }()
	}
	for range cycles {
		sink = make([]byte, bytes)
		runtime.GC()
	}
	c.Read()
	if n := last(t, rec, "go.goroutine.count"); n < float64(before+more) {
		t.Errorf("%v goroutines, want at least %d", n, before+more)
	}
	if n := rec.Sum("go.gc.cycles"); n < cycles {
		t.Errorf("%v collections, want at least %d", n, cycles)
	}
	if n := rec.Calls("go.gc.pause"); n < 2*cycles {
		t.Errorf("%d pauses, want at least two a collection", n)
	}
	if n := rec.Sum("go.memory.allocated"); n < cycles*bytes {
		t.Errorf("%v bytes were allocated, want at least %d", n, cycles*bytes)
	}
	if n := rec.Calls("go.schedule.duration"); n == 0 {
		t.Error("nothing was scheduled")
	}
	if n := last(t, rec, "go.processor.limit"); n != float64(runtime.GOMAXPROCS(0)) {
		t.Errorf("GOMAXPROCS is said to be %v", n)
	}
	if n := last(t, rec, "go.memory.used", "type", "object"); n <= 0 {
		t.Errorf("%v bytes of objects", n)
	}
	if misuses := rec.Misuses(); len(misuses) != 0 {
		t.Errorf("misuses: %v", misuses)
	}
}

func TestWhatHasNoLimitIsNotSaidToHaveAnEnormousOne(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	runtime.GC() // after which there is a new goal
	rec, c := start(t)
	for _, name := range []string{"go.memory.limit", "go.memory.gc.goal"} {
		if v, recorded := rec.Last(name); recorded {
			t.Errorf("%s is %v, want none", name, v)
		}
	}
	if v := last(t, rec, "go.config.gogc"); v != -1 {
		t.Errorf("GOGC is said to be %v while it is off", v)
	}
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(1 << 40)
	c.Read()
	if v := last(t, rec, "go.config.gogc"); v != 50 {
		t.Errorf("GOGC is said to be %v", v)
	}
	if v := last(t, rec, "go.memory.limit"); v != 1<<40 {
		t.Errorf("GOMEMLIMIT is said to be %v", v)
	}
	if v := last(t, rec, "go.memory.gc.goal"); v <= 0 || v > 1<<40 {
		t.Errorf("the next collection is said to end at %v bytes", v)
	}
}

// Another version of Go may lack some metrics, or have them as another kind.
func TestWhatThisVersionOfGoDoesNotTellIsLeftOut(t *testing.T) {
	rec := zibratotest.New(t)
	for i, gone := range metrics.All() {
		known := slices.Clone(metrics.All())
		if known[i].Kind == metrics.KindFloat64Histogram {
			known[i].Kind = metrics.KindUint64
		} else {
			known[i].Kind = metrics.KindFloat64Histogram
		}
		c := &Collector{watched: rec.NewTimer("read")}
		c.addRuntime(rec.With(), known)
		if slices.ContainsFunc(c.samples, func(s metrics.Sample) bool { return s.Name == gone.Name }) {
			t.Errorf("%s is read as what it is not", gone.Name)
		}
		c.Read()
	}
	if n := rec.Calls("read"); n != uint64(len(metrics.All())) {
		t.Errorf("%d readings", n)
	}
}

func TestDifferencesBeginAnewAfterAPause(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	c, err := Start(Config{Scope: r.With(), Every: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sink = make([]byte, 1<<20)
	c.Read() // nobody watches
	if !c.stale {
		t.Error("it read although nobody watches")
	}
}

func TestItReadsOnceAnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := zibratotest.New(t)
		c, err := Start(Config{Scope: rec.With(), Every: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(35 * time.Second)
		synctest.Wait()
		if n := rec.Calls("go.metrics.read"); n != 4 {
			t.Errorf("%d readings in 35 s, want 4", n)
		}
		for range 2 {
			c.Close()
		}
		if n := rec.Calls("go.metrics.read"); n != 5 {
			t.Errorf("%d readings with that of Close, want 5", n)
		}
		rec.Close()
	})
}

func TestWrongConfigsAreRefused(t *testing.T) {
	for _, every := range []time.Duration{-1, time.Millisecond} {
		if _, err := Start(Config{Every: every}); err == nil || !strings.Contains(err.Error(), "Config.Every") {
			t.Errorf("%v: %v", every, err)
		}
	}
}

func TestHistogramsAreRecordedByTheirDifference(t *testing.T) {
	inf := math.Inf(1)
	for _, test := range []struct {
		name          string
		before, after []uint64
		want          []float64 // seconds, in order
	}{
		{"nothing", []uint64{5, 5, 5, 5}, []uint64{5, 5, 5, 5}, nil},
		{"the new ones", []uint64{5, 5, 5, 5}, []uint64{5, 7, 5, 6}, []float64{1.5, 1.5, 3}},
		{"below all buckets", []uint64{0, 0, 0, 0}, []uint64{1, 0, 1, 0}, []float64{0.5, 2.5}},
		{"many", []uint64{0, 0, 0, 0}, []uint64{0, 900_000, 0, 1}, append(slices.Repeat([]float64{1.5}, 900_000), 3)},
	} {
		t.Run(test.name, func(t *testing.T) {
			rec := zibratotest.New(t)
			h := &histogram{to: rec.NewTimer("t")}
			buckets := []float64{-inf, 1, 2, 3, inf}
			h.take(&metrics.Float64Histogram{Counts: test.before, Buckets: buckets}, true)
			h.take(&metrics.Float64Histogram{Counts: test.after, Buckets: buckets}, false)
			sum := 0.0
			for _, v := range test.want {
				sum += v
			}
			if n, got := rec.Calls("t"), rec.Sum("t"); n != uint64(len(test.want)) || got != sum {
				t.Errorf("%d durations of %v s, want %d of %v", n, got, len(test.want), sum)
			}
			if len(test.want) == 0 {
				return
			}
			s := rec.Summary("t")
			for q, want := range map[float64]float64{0: test.want[0], 0.5: test.want[(len(test.want)-1)/2], 1: test.want[len(test.want)-1]} {
				if got := s.Quantile(q); math.Abs(got-want) > 0.011*want {
					t.Errorf("quantile %v is %v, want %v", q, got, want)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	rec := zibratotest.New(b)
	c, err := Start(Config{Scope: rec.With(), Every: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	b.ReportAllocs()
	for b.Loop() {
		c.Read()
	}
}
