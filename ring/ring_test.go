package ring_test

import (
	"math"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/atomic"
	"go.uber.org/goleak"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const segmentRecords = ring.SegmentBytes / 16

func rec(series uint32, v int64) metric.Record {
	return metric.Record{Series: series, Value: metric.IntValue(v)}
}

func drain(r *ring.Ring) (out []metric.Record) {
	n := 0
	for {
		more := r.Drain(func(recs []metric.Record) { out = append(out, recs...) })
		if n += more; more == 0 {
			break
		}
	}
	if n != len(out) {
		panic("Drain miscounts")
	}
	return out
}

// churn changes GOMAXPROCS and collects garbage until stop is called.
func churn() (stop func()) {
	procs := runtime.GOMAXPROCS(0)
	var done atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; !done.Load(); i++ {
			runtime.GOMAXPROCS(1 + i%6)
			if i%4 == 0 {
				runtime.GC()
			}
			runtime.Gosched()
		}
	})
	return func() {
		done.Store(true)
		wg.Wait()
		runtime.GOMAXPROCS(procs)
	}
}

func TestRecordsComeAsTheyWerePut(t *testing.T) {
	r := ring.New(0, 1)
	want := metric.Record{Series: math.MaxUint32, Time: 7, Value: metric.FloatValue(math.Pi)}
	if !r.Put(want, ring.Int) {
		t.Fatal("an empty ring has no room")
	}
	if got := drain(r); len(got) != 1 || got[0] != want {
		t.Errorf("drained %+v, want %+v", got, want)
	}
	if got := drain(r); got != nil {
		t.Errorf("drained %+v again", got)
	}
}

func TestEachRecordComesOnceUnderConcurrency(t *testing.T) {
	r := ring.New(1<<30, 1)
	stop := churn()
	const producers, calls = 8, 30_000
	var wg sync.WaitGroup
	var put atomic.Bool
	for p := range producers {
		wg.Go(func() {
			for i := range int64(calls) {
				if !r.Put(rec(uint32(p), i), ring.Int) {
					t.Error("a ring of 1 GiB has no room")
					return
				}
			}
		})
	}
	go func() { wg.Wait(); put.Store(true) }()
	seen := make([][]int, producers)
	for p := range seen {
		seen[p] = make([]int, calls)
	}
	visit := func(recs []metric.Record) {
		for _, x := range recs {
			seen[x.Series][x.Value.Int()]++
		}
	}
	for !put.Load() {
		r.Drain(visit)
	}
	stop()
	for r.Drain(visit) > 0 {
	}
	for p := range seen {
		for i, n := range seen[p] {
			if n != 1 {
				t.Fatalf("record %d of producer %d came %d times", i, p, n)
			}
		}
	}
}

// With one processor there is one shard, whose order is that of the calls, over many segments.
func TestAShardKeepsItsOrder(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	r := ring.New(0, 1)
	next := map[uint32]int64{}
	visit := func(recs []metric.Record) {
		for _, x := range recs {
			if x.Value.Int() != next[x.Series] {
				t.Fatalf("producer %d: record %d came, want %d", x.Series, x.Value.Int(), next[x.Series])
			}
			next[x.Series]++
		}
	}
	const calls = 5*segmentRecords + 17
	var wg sync.WaitGroup
	for p := range uint32(4) {
		wg.Go(func() {
			for i := range int64(calls) {
				if !r.Put(rec(p, i), ring.Int) {
					t.Error("no room")
					return
				}
				if i%1000 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for open := true; open; {
		select {
		case <-done:
			open = false
		default:
			r.Drain(visit)
			runtime.Gosched()
		}
	}
	for r.Drain(visit) > 0 {
	}
	for p := range uint32(4) {
		if next[p] != calls {
			t.Errorf("%d records of producer %d came, want %d", next[p], p, calls)
		}
	}
}

func TestAFullRingTakesRecordsAgainOnceDrained(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	r := ring.New(3*ring.SegmentBytes, 1)
	before := int64(0) // the sum of those calls that found the ring full first
	for round := range 5 {
		n := int64(0)
		for r.Put(rec(0, n), ring.Int) {
			if n++; n > 100*segmentRecords {
				t.Fatal("the ring does not become full")
			}
		}
		if n < 3*segmentRecords {
			t.Errorf("round %d: the ring is full after %d records, want at least %d", round, n, 3*segmentRecords)
		}
		if n > 4*segmentRecords { // one beside the pool
			t.Errorf("round %d: the ring took %d records, past its bound", round, n)
		}
		for range 100 {
			if r.Put(rec(0, -1), ring.Int) {
				t.Fatal("a full ring took a record")
			}
		}
		if count, sum := r.Cell(0); count != uint64(round+1)*101 || sum != n-int64(round+1)*100+before {
			t.Errorf("round %d: %d calls with sum %d in the cell", round, count, sum)
		}
		before += n
		got := drain(r)
		if int64(len(got)) != n {
			t.Errorf("round %d: %d records came, want %d", round, len(got), n)
		}
		for i, x := range got {
			if x.Value.Int() != int64(i) {
				t.Fatalf("round %d: record %d is %d", round, i, x.Value.Int())
			}
		}
	}
}

func TestNothingIsLostWhereTheRingIsFull(t *testing.T) {
	r := ring.New(2*ring.SegmentBytes, 600)
	stop := churn()
	const producers, calls, series = 6, 40_000, 600
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for i := range int64(calls) {
				s := uint32(i+int64(p)) % series
				r.Put(rec(s, i), ring.Int)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	var count uint64
	var sum int64
	visit := func(recs []metric.Record) {
		for _, x := range recs {
			count++
			sum += x.Value.Int()
		}
	}
	for open := true; open; {
		select {
		case <-done:
			open = false
		default:
			r.Drain(visit)
			runtime.Gosched()
		}
	}
	stop()
	for r.Drain(visit) > 0 {
	}
	for s := range uint32(series) {
		n, x := r.Cell(s)
		count += n
		sum += x
	}
	if want := int64(producers) * calls * (calls - 1) / 2; count != producers*calls || sum != want {
		t.Errorf("%d calls with sum %d, want %d and %d", count, sum, producers*calls, want)
	}
}

func TestCellsAddUp(t *testing.T) {
	r := ring.New(1, 1000)
	stop := churn()
	const producers, calls = 8, 20_000
	var wg sync.WaitGroup
	var kept atomic.Int64
	for range producers {
		wg.Go(func() {
			for i := range int64(calls) {
				r.Add(uint32(i%10)*100, i-calls)
				if r.Put(metric.Record{Series: 999, Value: metric.FloatValue(0.5)}, ring.Float) {
					kept.Inc()
				}
			}
		})
	}
	wg.Wait()
	stop()
	var count uint64
	var sum int64
	for s := range uint32(10) {
		n, x := r.Cell(s * 100)
		if n != producers*calls/10 {
			t.Errorf("series %d: %d calls, want %d", s*100, n, producers*calls/10)
		}
		count, sum = count+n, sum+x
	}
	if want := int64(-producers) * calls * (calls + 1) / 2; sum != want {
		t.Errorf("sum %d, want %d", sum, want)
	}
	lost := uint64(producers*calls - kept.Load())
	if n, x := r.CellFloat(999); lost == 0 || n != lost || x != float64(lost)*0.5 {
		t.Errorf("float cell: %d calls with sum %v, want %d and %v", n, x, lost, float64(lost)*0.5)
	}
	if n, x := r.Cell(1); n != 0 || x != 0 {
		t.Errorf("a series that nobody called has %d and %d", n, x)
	}
}

func TestResizeBeforeAnythingIsWritten(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	r := ring.New(0, 1)
	r.Resize(1, 5000) // at least one segment
	r.Add(4999, 3)
	if n, sum := r.Cell(4999); n != 1 || sum != 3 {
		t.Errorf("cell 4999 has %d and %d, want 1 and 3", n, sum)
	}
	n := 0
	for r.Put(rec(0, 0), ring.Int) {
		n++
	}
	if n < segmentRecords || n > 2*segmentRecords {
		t.Errorf("the ring took %d records, want one or two segments", n)
	}
}

// The drain sleeps exactly as the recorder does, and must see every record without anybody else waking it.
func TestNoWakeIsLost(t *testing.T) {
	r := ring.New(0, 8)
	const rounds = 20_000
	step := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range int64(rounds) {
			switch i % 3 {
			case 0:
				r.Put(rec(0, i), ring.Int)
			case 1:
				r.Add(1, 1)
			default:
				r.Add(2, 1)
			}
			<-step
		}
	})
	var known uint64
	look := func() (found bool) {
		n := uint64(r.Drain(func([]metric.Record) {}))
		a, _ := r.Cell(1)
		b, _ := r.Cell(2)
		if a+b+n > known {
			known = a + b
			return true
		}
		return false
	}
	give := time.NewTimer(time.Minute)
	defer give.Stop()
	for i := 0; i < rounds; {
		if look() {
			i++
			step <- struct{}{}
			continue
		}
		wake := r.Sleeping()
		if look() {
			r.Awake()
			i++
			step <- struct{}{}
			continue
		}
		select {
		case <-wake:
		case <-time.After(time.Millisecond):
			if look() { // it was written while the announcement was made
				i++
				step <- struct{}{}
				break
			}
			select {
			case <-wake:
			case <-give.C:
				t.Fatalf("round %d: a record was written and the drain was not woken", i)
			}
		}
		r.Awake()
	}
	wg.Wait()
}

func TestAnAwakeDrainIsNotWoken(t *testing.T) {
	r := ring.New(0, 1)
	r.Put(rec(0, 1), ring.Int)
	r.Add(0, 1)
	wake := r.Sleeping()
	select {
	case <-wake:
		t.Error("woken by what was written before it slept")
	default:
	}
	r.Put(rec(0, 1), ring.Int)
	r.Put(rec(0, 1), ring.Int)
	<-wake
	select {
	case <-wake:
		t.Error("woken twice")
	default:
	}
	r.Sleeping()
	r.Awake()
	r.Put(rec(0, 1), ring.Int)
	select {
	case <-wake:
		t.Error("woken while awake")
	default:
	}
	r.Wake()
	r.Wake()
	<-wake
}
