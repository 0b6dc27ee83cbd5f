//go:build race || zibrato_portable

package ring

import (
	"math/rand/v2"
	"runtime"
)

// hold locks a shard: one that is free at this moment, looking from a random one on, or, when none is, the first that becomes
// free. It returns nil, holding nothing, when there is none yet.
func (r *Ring) hold() *shard {
	shards := *r.shards.Load()
	if len(shards) == 0 {
		return nil
	}
	at := rand.IntN(len(shards))
	for i := range shards {
		if s := shards[(at+i)%len(shards)]; s.lock.TryLock() {
			return s
		}
	}
	shards[at].lock.Lock()
	return shards[at]
}

func (r *Ring) release(s *shard) { s.lock.Unlock() }

func (r *Ring) addShard() { r.extend(runtime.GOMAXPROCS(0)) }
