package ring_test

import (
	"runtime"
	"sync"
	"testing"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

// A fleet of producers offers records 0 to calls-1 of a series each, and keeps the books of what the ring says that it took.
type fleet struct {
	ring  *ring.Ring
	calls int64
	books []book
	made  atomic.Int64 // calls so far, about
	wg    sync.WaitGroup
}

type book struct {
	offered, kept int64
	lost          int64 // sum of the values that were not kept
	_             [64]byte
}

func launch(r *ring.Ring, producers int, calls int64) *fleet {
	f := &fleet{ring: r, calls: calls, books: make([]book, producers)}
	for p := range f.books {
		f.wg.Go(func() {
			b := &f.books[p]
			put := r.Put
			if p%2 == 0 { // both ways at once
				put = r.PutHolding
			}
			for i := range calls {
				b.offered++
				if put(rec(uint32(p), i), ring.Int) {
					b.kept++
				} else {
					b.lost += i
				}
				if i%128 == 127 {
					f.made.Add(128)
				}
				if i%4096 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	return f
}

// landed returns what tells whether all calls are made.
func (f *fleet) landed() func() bool {
	var all atomic.Bool
	go func() { f.wg.Wait(); all.Store(true) }()
	return all.Load
}

// receipts are what the drain saw of a fleet.
type receipts struct {
	t     *testing.T
	ring  *ring.Ring
	calls int64
	seen  [][]bool         // by producer and record
	last  map[[2]int]int64 // by shard and producer
}

func (f *fleet) receipts(t *testing.T) *receipts {
	s := &receipts{t: t, ring: f.ring, calls: f.calls, last: map[[2]int]int64{}}
	for range f.books {
		s.seen = append(s.seen, make([]bool, f.calls))
	}
	return s
}

// drain visits what there is. Each record may come once, and on one shard a producer's records come in the order of its calls.
func (s *receipts) drain() int {
	return s.ring.Drain(func(recs []metric.Record) {
		shard := s.ring.ShardOf(recs)
		if shard < 0 {
			s.t.Fatal("records that lie in no shard")
		}
		for _, x := range recs {
			p, i := int(x.Series), x.Value.Int()
			if p >= len(s.seen) || i < 0 || i >= s.calls {
				s.t.Fatalf("a record came that nobody put: %+v", x)
			}
			if s.seen[p][i] {
				s.t.Fatalf("record %d of producer %d came twice", i, p)
			}
			s.seen[p][i] = true
			if last, any := s.last[[2]int{shard, p}]; any && i < last {
				s.t.Fatalf("record %d of producer %d came after %d on shard %d", i, p, last, shard)
			}
			s.last[[2]int{shard, p}] = i
		}
	})
}

// settle compares the books with what came and what the cells hold, once nothing is under way.
func (s *receipts) settle(books []book) (kept, lost int64) {
	s.t.Helper()
	for s.drain() > 0 {
	}
	for p, b := range books {
		came := int64(0)
		for _, seen := range s.seen[p] {
			if seen {
				came++
			}
		}
		count, sum := s.ring.Cell(uint32(p))
		if came != b.kept || int64(count) != b.offered-b.kept || sum != b.lost {
			s.t.Errorf("producer %d offered %d, of which %d were taken; %d came, and %d with sum %d are in the cell, want sum %d",
				p, b.offered, b.kept, came, count, sum, b.lost)
		}
		kept, lost = kept+b.kept, lost+b.offered-b.kept
	}
	return kept, lost
}

func TestEachRecordComesOnceWhereThereIsRoom(t *testing.T) {
	r := ring.New(1<<30, 8)
	stop := churn()
	f := launch(r, 8, stress/10)
	got := f.receipts(t)
	for landed := f.landed(); !landed(); {
		got.drain()
	}
	stop()
	if _, lost := got.settle(f.books); lost != 0 {
		t.Errorf("a ring of 1 GiB had no room for %d records", lost)
	}
}

// The drain is away until the producers have offered many times what the ring can take, comes back for a few passes, and is away again.
func TestEachRecordComesOnceOrCountsWhereTheDrainStarves(t *testing.T) {
	r := ring.New(3*ring.SegmentBytes, 6)
	stop := churn()
	const away = 100_000
	f := launch(r, 6, stress)
	got := f.receipts(t)
	landed := f.landed()
	for next := int64(away); !landed(); next += away {
		for f.made.Load() < next && !landed() {
			runtime.Gosched()
		}
		for range 20 {
			got.drain()
		}
	}
	stop()
	kept, lost := got.settle(f.books)
	if kept == 0 || lost == 0 {
		t.Errorf("%d records were taken and %d not, want some of both", kept, lost)
	}
	if made, free := r.Made(); made > 3 || free > made {
		t.Errorf("the pool made %d segments of which %d are free, want at most 3", made, free)
	}
	if !r.FreeAreEmpty() {
		t.Error("a segment went back to the pool with what the next producer's drain would take for its own")
	}
}

// What each of very many processors wrote comes, however their number changes.
func TestEachRecordComesFromHoweverManyProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	r := ring.New(0, 200)
	var want, got int64
	for round, procs := range []int{1, 2, 40, 3, 100, 1, 100} {
		runtime.GOMAXPROCS(procs)
		var wg sync.WaitGroup
		for p := range 2 * procs {
			wg.Go(func() {
				for i := range int64(50) {
					if !r.Put(rec(uint32(p), i), ring.Int) {
						t.Error("no room")
					}
					if i%10 == 0 {
						runtime.Gosched()
					}
				}
			})
		}
		wg.Wait()
		want += int64(2 * procs * 50)
		for r.Drain(func(recs []metric.Record) { got += int64(len(recs)) }) > 0 {
		}
		if got != want {
			t.Fatalf("round %d, GOMAXPROCS %d: %d records came so far, want %d", round, procs, got, want)
		}
	}
}
