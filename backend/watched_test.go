//go:build cgo

package backend_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
	"github.com/zibrato/zibrato/subscriber"
)

// A level that is kept on has its totals although nobody listens. A backend that comes later takes them for history, and counts exactly
// from then on.
func TestABackendThatComesLateCountsFromThen(t *testing.T) {
	fwd := forward(t)
	rec := zibrato.New(zibrato.Config{Source: "test"})
	pub := publish(t, rec, fwd)
	recs := []*zibrato.Recorder{rec}
	jobs, queries := rec.NewCounter("jobs"), rec.NewTimer("queries")
	call := func(n int) {
		for range n {
			jobs.Add(3)
			queries.Observe(time.Millisecond)
		}
	}
	call(1000)
	await(t, "the forwarder answers", func() bool { return pub.Stats().Connected })
	if err := pub.Flush(within(t)); err != nil {
		t.Fatal(err)
	}
	// A backend knows the age of a series up to the time that a message takes. These are older than it by more than that.
	time.Sleep(250 * time.Millisecond)
	if s := pub.Stats(); s.Messages != 0 || s.Dropped != 0 {
		t.Errorf("nobody listens: %+v", s)
	}
	for i, d := range []metric.Detail{subscriber.Summaries, subscriber.Samples, subscriber.Summaries} {
		late := receive(t, fwd, d, metric.Info)
		await(t, "it subscribes", func() bool { return pub.Stats().Topics == 2 })
		call(10 * (i + 1))
		rec.Inc("mark")
		rec.Inc(fmt.Sprint("young", i)) // born under its eyes
		if err := pub.Flush(within(t)); err != nil {
			t.Fatal(err)
		}
		late.awaitMark(t, int64(i+1), recs, metric.Info)
		got := late.finish(t)
		n := uint64(10 * (i + 1))
		if a := got["info jobs"]; a == nil || a.Count != n || a.IntSum != int64(3*n) {
			t.Errorf("%v: jobs %+v, want %d calls", d, a, n)
		}
		if a := got["info queries"]; a == nil || a.Count != n || a.IntSum != int64(n)*1e6 || a.Detail.Count != n {
			t.Errorf("%v: queries %+v, want %d calls", d, a, n)
		}
		if a := got[fmt.Sprint("info young", i)]; a == nil || a.Count != 1 {
			t.Errorf("%v: young %+v, want 1 call", d, a)
		}
		await(t, "it is gone", func() bool { return pub.Stats().Topics == 0 })
		call(100) // which nobody hears of
		if err := pub.Flush(within(t)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestALevelIsRecordedWhileASubscriberBehindAForwarderWantsIt(t *testing.T) {
	fwd := forward(t)
	rec := zibrato.New(zibrato.Config{Source: "test"})
	pub := publish(t, rec, fwd)
	timer := rec.NewTimer("x", zibrato.AtLevel(zibrato.LevelDebug))
	recorded := func() bool { return timer.Start() != zibrato.Stopwatch{} }
	for _, d := range []metric.Detail{subscriber.Samples, subscriber.Summaries} {
		if recorded() {
			t.Errorf("%v: debug is recorded before anybody asked", d)
		}
		sub, first, end := tune(t, fwd.OutAddr(), d)
		await(t, "debug is recorded", recorded)
		called := make(chan struct{})
		go func() {
			defer close(called)
			for recorded() {
				timer.Observe(time.Millisecond)
				time.Sleep(time.Millisecond)
			}
		}()
		select {
		case <-first:
		case <-time.After(patience):
			t.Fatalf("%v: nothing comes", d)
		}
		end()
		await(t, "debug goes off", func() bool { return !recorded() })
		<-called
		if st := sub.Stats(); (st.Samples == 0) != (d == subscriber.Summaries) || (st.Summaries == 0) != (d == subscriber.Samples) {
			t.Errorf("%v: %+v", d, st)
		}
		if s := pub.Stats(); s.Topics != 0 || s.Held != 0 {
			t.Errorf("%v: %+v", d, s)
		}
	}
}

// Over the loss of the forwarder counts and sums stay exact, those of a level too that only the subscribers keep on.
func TestCountsStayExactOverALostForwarder(t *testing.T) {
	fwd := forward(t)
	single, folded := receive(t, fwd, subscriber.Samples, bothLevels...), receive(t, fwd, subscriber.Summaries, bothLevels...)
	all := &oracle{series: make(map[string]*called)}
	var recs []*zibrato.Recorder
	var pubs []*publisher.Publisher
	subscribed := func() bool {
		for _, pub := range pubs {
			if s := pub.Stats(); s.SamplesTopics != 2 || s.SummariesTopics != 2 || s.Held != 0 {
				return false
			}
		}
		return true
	}
	for range 2 {
		rec := zibrato.New(zibrato.Config{Source: "test", SummaryEvery: 20 * time.Millisecond})
		recs, pubs = append(recs, rec), append(pubs, publish(t, rec, fwd))
	}
	await(t, "both backends subscribe", subscribed)
	var calling sync.WaitGroup
	for n, rec := range recs {
		calling.Go(func() { play(rec, n, rand.New(rand.NewPCG(7, uint64(n))), all) })
	}
	for range 2 {
		if err := fwd.Close(); err != nil {
			t.Fatal(err)
		}
		await(t, "the loss is seen", func() bool { return pubs[0].Stats().Held > 0 && pubs[1].Stats().Held > 0 })
		for i, pub := range pubs {
			recs[i].With(zibrato.AtLevel(zibrato.LevelDebug)).Count("counter0", 5)
			all.call("debug counter0", metric.Counter, 5, 5)
			if err := pub.Flush(within(t)); err == nil {
				t.Error("nothing was lost")
			}
		}
		var err error
		if fwd, err = forwarder.Start(forwarder.Config{In: fwd.InAddr(), Out: fwd.OutAddr()}); err != nil {
			t.Fatal(err)
		}
		defer fwd.Close()
		await(t, "both backends subscribe again", subscribed)
	}
	calling.Wait()
	mark(t, recs, pubs)
	single.awaitMark(t, 1, recs, bothLevels...)
	folded.awaitMark(t, 1, recs, bothLevels...)
	for d, got := range map[metric.Detail]map[string]*metric.Aggregate{subscriber.Samples: single.finish(t), subscriber.Summaries: folded.finish(t)} {
		for key, c := range all.series {
			a := got[key]
			if a == nil {
				t.Errorf("%v: %s is missing", d, key)
				continue
			}
			if a.Count != uint64(len(c.values)) || c.kind.Integer() && c.kind != metric.UpDown && !strings.HasSuffix(key, "real") && a.IntSum != c.ints {
				t.Errorf("%v: %s: %d calls, sum %d; want %d, %d", d, key, a.Count, a.IntSum, len(c.values), c.ints)
			}
			if c.kind == metric.UpDown && a.Detail.Last != float64(c.ints) {
				t.Errorf("%v: %s stands at %g, want %d", d, key, a.Detail.Last, c.ints)
			}
		}
	}
}

// tune subscribes to debug. first is closed when the first detail of the timer "x" has come.
func tune(t testing.TB, from string, d metric.Detail) (sub *subscriber.Subscriber, first <-chan struct{}, end func()) {
	t.Helper()
	sub, err := subscriber.Start(subscriber.Config{From: from, Levels: metric.Levels{metric.Debug}, Detail: d})
	if err != nil {
		t.Fatal(err)
	}
	heard, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		once := false
		sub.Receive(context.Background(), func(b *metric.Batch) {
			if !once && len(b.Samples)+len(b.Summaries) > 0 {
				once = true
				close(heard)
			}
		})
	}()
	return sub, heard, func() {
		sub.Close()
		<-done
	}
}

// BenchmarkWatch shows how long a subscriber to debug waits for the first detail of a process that has a processor to spare, and
// how long after it left the level is off: from the beginning of the subscriber's Start, connecting included, and from the end of its Close. Run it
// with -benchtime 50x.
func BenchmarkWatch(b *testing.B) {
	for _, d := range []metric.Detail{subscriber.Samples, subscriber.Summaries} {
		b.Run("detail="+d.String(), func(b *testing.B) { benchmarkWatch(b, d) })
	}
}

func benchmarkWatch(b *testing.B, d metric.Detail) {
	fwd := forward(b)
	rec := zibrato.New(zibrato.Config{Source: "test"})
	pub, err := publisher.Start(publisher.Config{Recorder: rec, Endpoint: fwd.InAddr()})
	if err != nil {
		b.Fatal(err)
	}
	defer pub.Close()
	timer := rec.NewTimer("x", zibrato.AtLevel(zibrato.LevelDebug))
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // a program that does little
		defer close(stopped)
		for tick := time.NewTicker(time.Millisecond); ; {
			select {
			case <-tick.C:
				timer.Start().Stop()
			case <-stop:
				return
			}
		}
	}()
	defer func() {
		close(stop)
		<-stopped
	}()
	await(b, "the forwarder answers", func() bool { return pub.Stats().Connected })
	var on, off []time.Duration
	for b.Loop() {
		begun := time.Now()
		_, first, end := tune(b, fwd.OutAddr(), d)
		<-first
		on = append(on, time.Since(begun))
		end()
		begun = time.Now()
		for timer.Start() != (zibrato.Stopwatch{}) {
			time.Sleep(100 * time.Microsecond)
		}
		off = append(off, time.Since(begun))
	}
	for name, took := range map[string][]time.Duration{"on": on, "off": off} {
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2])/1e6, name+"-median-ms")
		b.ReportMetric(float64(took[len(took)-1])/1e6, name+"-max-ms")
	}
}
