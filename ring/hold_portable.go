//go:build race || zibrato_portable

package ring

import (
	"math/rand/v2"
	"runtime"
)

// hold locks a shard: the first that is free at this moment, so that what one goroutine alone records stays in order, or, when none is,
// a random one once it is free. It returns nil, holding nothing, when there is none yet.
func (r *Ring) hold() *shard {
	shards := *r.shards.Load()
	if len(shards) == 0 {
		return nil
	}
	for _, s := range shards {
		if s.lock.TryLock() {
			return s
		}
	}
	s := shards[rand.IntN(len(shards))]
	s.lock.Lock()
	return s
}

func (r *Ring) release(s *shard) { s.lock.Unlock() }

func (r *Ring) addShard() { r.extend(runtime.GOMAXPROCS(0)) }
