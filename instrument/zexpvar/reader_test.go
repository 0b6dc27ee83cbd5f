package zexpvar

import (
	"expvar"
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/zibratotest"
)

var published atomic.Int64

// unique returns a prefix of names that no other test, nor another run of this one, has published: what is published stays.
func unique() string { return fmt.Sprintf("t%d_", published.Inc()) }

// start reads the variables of that prefix when told.
func start(t *testing.T, prefix string, change ...func(*Config)) (*zibratotest.Recorder, *Reader) {
	t.Helper()
	rec := zibratotest.New(t)
	c := Config{Scope: rec.With(), Every: time.Hour, Select: func(v string) bool { return strings.HasPrefix(v, prefix) }}
	for _, f := range change {
		f(&c)
	}
	r, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return rec, r
}

func suffix(s string) func(*Config) {
	return func(c *Config) { c.Counter = func(name string) bool { return strings.HasSuffix(name, s) } }
}

func TestEveryVariableThatIsANumberIsRead(t *testing.T) {
	p := unique()
	i, f, m := expvar.NewInt(p+"int"), expvar.NewFloat(p+"float"), expvar.NewMap(p+"map")
	i.Set(math.MaxInt64)
	f.Set(2.5)
	m.Add("a", 3)
	m.AddFloat("b c", 0.25)
	m.Set("inner", new(expvar.Map).Init())
	m.Get("inner").(*expvar.Map).Add("x", 7)
	m.Set("none", new(expvar.String))
	expvar.NewString(p + "string").Set("9")
	expvar.NewFloat(p + "nan").Set(math.NaN())
	deep := map[string]any{"n": 1}
	for range 10 {
		deep = map[string]any{"d": deep}
	}
	for name, v := range map[string]any{
		"number": 4, "object": map[string]any{"n": 1e3, "s": "x", "list": []int{1}, "yes": true, "null": nil, "o": struct{ A uint8 }{5}}, "list": []int{1}, "huge": uint64(math.MaxUint64),
		"fails": func() {}, "deep": deep,
	} {
		expvar.Publish(p+name, expvar.Func(func() any { return v }))
	}
	rec, _ := start(t, p)
	got := map[string]float64{}
	for _, s := range rec.Series() {
		if name, ok := strings.CutPrefix(s.Name, p); ok {
			got[name], _ = rec.Last(s.Name)
			if s.Kind != metric.Gauge || len(s.Tags) > 0 {
				t.Errorf("%+v", s)
			}
		}
	}
	want := map[string]float64{
		"int": math.MaxInt64, "float": 2.5, "map.a": 3, "map.b c": 0.25, "map.inner.x": 7, "number": 4, "object.n": 1000, "object.o.A": 5, "huge": math.MaxUint64,
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestCountersCountWhatTheyGrewBy(t *testing.T) {
	p := unique()
	hits, bytes, m := expvar.NewInt(p+"hits"), expvar.NewFloat(p+"bytes"), expvar.NewMap(p+"by.method")
	hits.Set(math.MaxInt64 - 100)
	bytes.Set(0.75)
	m.Add("GET", 5)
	rec, r := start(t, p, func(c *Config) {
		c.Counter = func(name string) bool { return true }
		c.Tag = func(v string) string { return map[string]string{p + "by.method": "method"}[v] }
	})
	hits.Add(40) // more than a float64 tells apart
	bytes.Add(2.5)
	m.Add("GET", 2)
	m.Add("PUT", 3) // which appears later
	r.Read()
	hits.Set(7) // begins anew
	m.Set("GET", new(expvar.Int))
	r.Read()
	hits.Set(8)
	r.Close()
	if n := rec.Sum(p + "hits"); n != 40+7+1 {
		t.Errorf("%v hits, want 48", n)
	}
	if n := rec.Sum(p + "bytes"); n != 3 {
		t.Errorf("%v bytes, want 3", n)
	}
	for method, want := range map[string]float64{"GET": 2, "PUT": 3} {
		if n := rec.Sum(p+"by.method", zibratotest.Tag("method", method)); n != want {
			t.Errorf("%v of %s, want %v", n, method, want)
		}
	}
	if m := rec.Misuses(); len(m) > 0 {
		t.Error(m)
	}
}

func TestNothingIsReadWhileNobodyWatches(t *testing.T) {
	p := unique()
	asked := 0
	expvar.Publish(p+"f", expvar.Func(func() any { asked++; return asked }))
	z := zibrato.New(zibrato.Config{})
	defer z.Close()
	r, err := Start(Config{Scope: z.With(), Select: func(v string) bool { return strings.HasPrefix(v, p) }})
	if err != nil {
		t.Fatal(err)
	}
	r.Read()
	if r.Close(); asked != 0 || !r.stale {
		t.Errorf("it read %d times although nobody watches", asked)
	}
}

func TestVariablesThatPanicOrHangHarmNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := unique()
		leave := make(chan struct{})
		hang := atomic.NewBool(false)
		expvar.Publish(p+"panics", expvar.Func(func() any { panic("no") }))
		expvar.Publish(p+"slow", expvar.Func(func() any {
			if hang.Load() {
				<-leave
			}
			return 1
		}))
		n := expvar.NewInt(p + "sound")
		rec := zibratotest.New(t)
		c := Config{Scope: rec.With(), Every: time.Second, Select: func(v string) bool { return strings.HasPrefix(v, p) }, Counter: func(name string) bool { return strings.HasSuffix(name, "sound") }}
		r, err := Start(c)
		if err != nil {
			t.Fatal(err)
		}
		n.Add(3)
		time.Sleep(1500 * time.Millisecond)
		hang.Store(true)
		n.Add(5)
		time.Sleep(5 * time.Second)
		expvar.NewInt(p + "new") // which must not wait for the one that hangs
		synctest.Wait()
		if slow := rec.Sum("expvar.misuse", zibratotest.Tag("reason", "slow")); slow < 2 {
			t.Errorf("%v readings were slow, want 2 at least", slow)
		}
		hang.Store(false)
		close(leave)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if sum := rec.Sum(p + "sound"); sum != 8 {
			t.Errorf("%v, want 8", sum)
		}
		if panics := rec.Sum("expvar.misuse", zibratotest.Tag("reason", "panic")); panics < 3 {
			t.Errorf("%v panics, want 3 at least", panics)
		}
		r.Close()
		rec.Close()
	})
}

func TestTheNumberOfSeriesIsBounded(t *testing.T) {
	p := unique()
	m := expvar.NewMap(p + "m")
	rec, r := start(t, p, suffix(""), func(c *Config) { c.MaxSeries = 10 })
	for i := range 15 {
		m.Add(fmt.Sprint(i), 1)
	}
	r.Read()
	series := 0
	for _, s := range rec.Series() {
		if strings.HasPrefix(s.Name, p) {
			series++
		}
	}
	if n := rec.Sum("expvar.misuse", zibratotest.Tag("reason", "full")); series != 10 || n != 5 {
		t.Errorf("%d series, %v found no room, want 10 and 5", series, n)
	}
}

func TestMemstatsAndCmdlineAreLeftOut(t *testing.T) {
	rec := zibratotest.New(t)
	r, err := Start(Config{Scope: rec.With()})
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	for _, s := range rec.Series() {
		if strings.HasPrefix(s.Name, "memstats") || strings.HasPrefix(s.Name, "cmdline") {
			t.Errorf("%s is recorded", s.Name)
		}
	}
	rec, _ = start(t, "memstats")
	if n, ok := rec.Last("memstats.HeapAlloc"); !ok || n <= 0 {
		t.Errorf("selected, the heap is %v", n)
	}
}

func TestItReadsOnceAnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := zibratotest.New(t)
		r, err := Start(Config{Scope: rec.With(), Select: func(string) bool { return false }})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(35 * time.Second)
		synctest.Wait()
		if n := rec.Calls("expvar.read"); n != 4 {
			t.Errorf("%d readings in 35 s, want 4", n)
		}
		for range 2 {
			r.Close()
		}
		if n := rec.Calls("expvar.read"); n != 5 {
			t.Errorf("%d readings with that of Close, want 5", n)
		}
		rec.Close()
	})
}

func TestWrongConfigsAreRefused(t *testing.T) {
	for field, c := range map[string]Config{"Every": {Every: -1}, "MaxSeries": {MaxSeries: -1}} {
		if _, err := Start(c); err == nil || !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// Two numbers of one name would fall and grow in each reading.
func TestANumberWhoseNameIsTakenIsLeftOut(t *testing.T) {
	p := unique()
	m := expvar.NewMap(p + "m")
	m.Set("a", new(expvar.Map).Init())
	inner := m.Get("a").(*expvar.Map)
	rec, r := start(t, p, suffix(""))
	inner.Add("b", 1000) // is a.b, too, and the Map's first key
	m.Add("a.b", 1)
	for range 5 {
		r.Read()
	}
	inner.Add("b", 5)
	m.Add("a.b", 1)
	r.Read()
	if n := rec.Sum(p + "m.a.b"); n != 1005 {
		t.Errorf("%v, want 1005", n)
	}
	if n := rec.Sum("expvar.misuse", zibratotest.Tag("reason", "double")); n != 6 {
		t.Errorf("%v were told, want 6", n)
	}
}

// What could not be read at first has a past when it can be.
func TestThePastOfAVariableThatPanickedDoesNotCount(t *testing.T) {
	p := unique()
	ready := atomic.NewBool(false)
	n := atomic.NewInt64(1000)
	expvar.Publish(p+"f", expvar.Func(func() any {
		if !ready.Load() {
			panic("not ready")
		}
		return n.Load()
	}))
	rec, r := start(t, p, suffix(""))
	ready.Store(true)
	r.Read()
	n.Add(7)
	r.Read()
	if n := rec.Sum(p + "f"); n != 7 {
		t.Errorf("%v, want 7", n)
	}
}

// A value that panics hides nothing else that its Map holds.
func TestAMapIsReadAroundWhatPanics(t *testing.T) {
	p := unique()
	m := expvar.NewMap(p + "m")
	m.Add("a", 1)
	m.Set("b", expvar.Func(func() any { panic("no") }))
	m.Set("c", (*expvar.Int)(nil))
	m.Add("d", 2)
	rec, _ := start(t, p)
	a, _ := rec.Last(p + "m.a")
	d, _ := rec.Last(p + "m.d")
	if a != 1 || d != 2 {
		t.Errorf("%v and %v, want 1 and 2", a, d)
	}
	if n := rec.Sum("expvar.misuse", zibratotest.Tag("reason", "panic")); n != 2 {
		t.Errorf("%v panics, want 2", n)
	}
}

// One that vanishes for a while goes on, unless it fell meanwhile.
func TestWhatVanishesGoesOnWhenItIsBack(t *testing.T) {
	p := unique()
	m := expvar.NewMap(p + "m")
	m.Add("a", 5)
	rec, r := start(t, p, suffix(""))
	m.Delete("a")
	r.Read()
	m.Add("a", 7)
	r.Read()
	m.Delete("a")
	r.Read()
	m.Add("a", 3)
	r.Read()
	if n := rec.Sum(p + "m.a"); n != 2+3 {
		t.Errorf("%v, want 5", n)
	}
}

// Whole numbers that JSON gives are exact, those with a fraction as exact as a float64, and nonsense is left out.
func TestNumbersInJSON(t *testing.T) {
	p := unique()
	text := atomic.NewString(`{"whole": 9007199254740993, "fraction": 0.5, "huge": 1e400, "text": "1", "deep": [{"a": 1}], "": 4, "sci": 1e3} trailing`)
	expvar.Publish(p+"f", raw{text})
	expvar.Publish(p+"broken", raw{atomic.NewString(`{"a": 1`)})
	rec, r := start(t, p, suffix(""))
	text.Store(`{"whole": 9007199254740996, "fraction": 2.75, "sci": 2e3, "": 5}`)
	r.Read()
	got := map[string]float64{}
	for _, s := range rec.Series() {
		if name, ok := strings.CutPrefix(s.Name, p); ok {
			got[name] = rec.Sum(s.Name)
		}
	}
	if want := map[string]float64{"f.whole": 3, "f.fraction": 2, "f.sci": 1000, "f.": 1}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// raw is a variable whose JSON is what it says.
type raw struct{ text *atomic.String }

func (r raw) String() string { return r.text.Load() }

// An Int that grows past the largest int64 is negative, and goes on growing.
func TestAnIntThatOverflowsGoesOn(t *testing.T) {
	p := unique()
	n := expvar.NewInt(p + "n")
	n.Set(math.MaxInt64 - 2)
	rec, r := start(t, p, suffix(""))
	n.Add(5)
	r.Read()
	n.Add(5)
	r.Read()
	if sum := rec.Sum(p + "n"); sum != 10 {
		t.Errorf("%v, want 10", sum)
	}
}
