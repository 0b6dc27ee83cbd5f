package ring

import (
	"runtime"
	"sync"
	"time"

	"github.com/zibrato/zibrato/internal/clock"
)

// pool is where segments come from and return to.
type pool struct {
	filling chan struct{}
	mu      sync.Mutex
	free    []*segment
	made    int // segments that exist
	maxMade int
	reliefs uint32        // how often what is in use fell to half of the memory, and 1
	patient time.Duration // how long a patience lasts
}

func newPool() pool {
	return pool{
		filling: make(chan struct{}, 1),
		reliefs: 1, // no shard has been patient yet
		patient: aTurn,
	}
}

// scarce reports whether more than three quarters of the memory wait to be drained. The caller holds mu. In a pool of few segments that says nothing: a drain that
// is in no need of a processor gets as far behind.
func (p *pool) scarce() bool {
	return p.maxMade >= 8 && p.made-len(p.free) > p.maxMade*3/4
}

// take takes a segment from the pool. It returns nil when that is at its bound.
func (r *Ring) take() *segment {
	if r.dry.Load() {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if used := r.made - len(r.free); used >= max(r.maxMade/2, 1) {
		select {
		case r.filling <- struct{}{}:
		default: // it is ready already
		}
	}
	if n := len(r.free); n > 0 {
		s := r.free[n-1]
		r.free = r.free[:n-1]
		return s
	}
	if r.made == r.maxMade {
		r.dry.Store(true)
		return nil
	}
	r.made++
	return new(segment)
}

func (r *Ring) giveBack(s *segment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free = append(r.free, s)
	if r.made-len(r.free) == r.maxMade/2 {
		r.reliefs++
	}
	r.dry.Store(false)
}

// patience is for how long a processor goes on to yield. Goroutines that yield one after the other come to a drain that may run
// and waits for its turn, however many they are. Each processor has its own: the one where the drain waits may be the one that still has room. It is new
// when the drain has made room, half of the memory: a drain that does not keep up must not make those who record wait for each segment.
type patience struct {
	reliefs uint32 // pool.reliefs when it was new
	begun   int64  // in ticks
	yields  int    // of all goroutines
	alone   int    // of them, in a row, that nobody else made use of
}

const (
	// aTurn is how long the scheduler lets a goroutine run while others wait. Where yielding has not come to the drain so soon, others take whole turns, who do other
	// things than to record. Then it would cost those who record all of theirs.
	aTurn = 10 * time.Millisecond
	// maxYields is how many goroutines one patience comes past. Where time stands still, as in testing/synctest's bubbles, nothing else bounds it.
	maxYields = 1 << 13
	// atOnce is less than a goroutine runs that does anything.
	atOnce = 2 * time.Microsecond
	// surelyAlone is how many yields show that nobody waits for a processor. A single one tells nothing: now and then the scheduler passes over its
	// own queue and comes back to who has just yielded.
	surelyAlone = 2
)

// makesWay yields the processor where segments are scarce, for the drain to have it before detail is lost, and reports whether it did. The caller has found
// that shard full, and looks whether it still is.
func (r *Ring) makesWay(s *shard) bool {
	n := r.yields(s)
	if n == 0 {
		return false
	}
	begun := clock.Ticks()
	runtime.Gosched()
	took := since(begun)
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := &s.patience; took < atOnce && n == p.yields {
		p.alone++
	} else {
		p.alone = 0
	}
	return true
}

// yields counts a yield, and returns its number, or 0 when there is to be none.
func (r *Ring) yields(s *shard) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.scarce() {
		return 0
	}
	p := &s.patience
	if p.reliefs != r.reliefs {
		*p = patience{reliefs: r.reliefs, begun: clock.Ticks()}
	}
	if p.alone >= surelyAlone || p.yields >= maxYields || since(p.begun) > r.patient {
		return 0
	}
	p.yields++
	return p.yields
}

func since(ticks int64) time.Duration { return time.Duration(clock.Nanos(clock.Ticks() - ticks)) }
