//go:build race || zibrato_portable

package ring

import (
	"math/rand/v2"
	"runtime"
	"sync"
)

// holder is what a shard needs to be held.
type holder struct{ lock sync.Mutex }

// hold locks a shard and returns its number: the first that is free at this moment, so that what one goroutine alone records
// stays in order, or, when none is, a random one once it is free. It returns -1 when there is none yet. It must be followed by release
// in any case.
func (r *Ring) hold() int {
	shards := r.all()
	if len(shards) == 0 {
		return -1
	}
	for n, s := range shards {
		if s.lock.TryLock() {
			return n
		}
	}
	n := rand.IntN(len(shards))
	shards[n].lock.Lock()
	return n
}

func (r *Ring) release(s *shard) {
	if s != nil {
		s.lock.Unlock()
	}
}

func (r *Ring) addShard() { r.extend(runtime.GOMAXPROCS(0)) }
