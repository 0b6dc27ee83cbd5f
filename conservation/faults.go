//go:build cgo && linux

package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// fault is a kind of fault. do brings it about, ends it, and returns what shows that it really happened.
type fault struct {
	name string
	do   func(h *harness, rng *rand.Rand) (evidence string, err error)
}

// kinds are of three lanes, in each of which one fault comes after the other. Those of the first end or stop processes, and a disk that is full
// is among them: who is killed while the disk takes nothing may lose what was received meanwhile.
var kinds = [3][]fault{
	{
		{"kill publisher", killPublisher},
		{"kill forwarder", killForwarder},
		{"kill backend", killBackend},
		{"stop publisher", stopPublisher},
		{"stop forwarder", stopForwarder},
		{"stop backend", stopBackend},
		{"publisher born unheard", bornUnheard},
		{"disk full", diskFull},
	},
	{
		{"loss before the forwarder", drop(true, false, 0.3, 4*time.Second)},
		{"loss behind the forwarder", drop(false, false, 0.3, 4*time.Second)},
		{"partition before the forwarder", drop(true, false, 1, 4*time.Second)},
		{"partition behind the forwarder", drop(false, false, 1, 4*time.Second)},
		{"one-way partition before the forwarder", drop(true, true, 1, 4*time.Second)},
		{"one-way partition behind the forwarder", drop(false, true, 1, 4*time.Second)},
		{"processors flip", flip},
		{"overload", overload},
		{"garbage", garbage},
		{"subscriptions", subscriptions},
		{"damaged frames", damaged},
		{"frames again", replayed},
		{onlyOnce, lateBackend},
	},
	storeFaults(),
}

var (
	needNetwork = []string{
		"loss before the forwarder", "loss behind the forwarder", "partition before the forwarder", "partition behind the forwarder",
		"one-way partition before the forwarder", "one-way partition behind the forwarder",
	}
	needDisk = []string{"disk full"}
	onlyOnce = "late backend"
)

// patience is how long a fault may take to be felt. It is much more than it takes on a machine that has time: who waits for a failing store
// backs off, and some machines are slow.
const patience = 90 * time.Second

// span draws a duration.
func span(rng *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(rng.Int64N(int64(most-least)))
}

func killPublisher(h *harness, rng *rand.Rand) (string, error) {
	n := rng.IntN(len(h.current))
	evidence, err := h.killPublisher(n, true)
	if err != nil {
		return "", err
	}
	time.Sleep(span(rng, 0, time.Second))
	return evidence, h.startPublisher(n)
}

func killForwarder(h *harness, rng *rand.Rand) (string, error) {
	evidence, err := h.forwarder.kill()
	if err != nil {
		return "", err
	}
	h.noteMemory("forwarder", h.forwarder)
	time.Sleep(span(rng, 0, 1500*time.Millisecond))
	return evidence, h.startForwarder()
}

func killBackend(h *harness, rng *rand.Rand) (string, error) {
	evidence, err := h.kept.kill()
	if err != nil {
		return "", err
	}
	h.noteMemory("backend", h.kept)
	time.Sleep(span(rng, 0, 1500*time.Millisecond))
	return evidence, h.startKept()
}

func stopPublisher(h *harness, rng *rand.Rand) (string, error) {
	l := h.living()[rng.IntN(len(h.current))]
	return l.proc.stand(span(rng, 200*time.Millisecond, 2*time.Second))
}

func stopForwarder(h *harness, rng *rand.Rand) (string, error) {
	return h.forwarder.stand(span(rng, 200*time.Millisecond, 4*time.Second))
}

func stopBackend(h *harness, rng *rand.Rand) (string, error) {
	p := h.kept
	if rng.IntN(2) == 0 {
		p = h.plain
	}
	return p.stand(span(rng, 200*time.Millisecond, 4*time.Second))
}

// bornUnheard kills the backend, and starts a publisher before the backend is back.
func bornUnheard(h *harness, rng *rand.Rand) (string, error) {
	evidence, err := h.kept.kill()
	if err != nil {
		return "", err
	}
	h.noteMemory("backend", h.kept)
	n := rng.IntN(len(h.current))
	if _, err := h.killPublisher(n, true); err != nil {
		return "", err
	}
	if err := h.startPublisher(n); err != nil {
		return "", err
	}
	l := h.living()[n]
	if err := h.await(patience, l.source+" records", func() bool { return l.truth.series[0].done.Load() > 0 }); err != nil {
		return "", err
	}
	time.Sleep(span(rng, 0, time.Second))
	return l.source + " recorded, backend: " + evidence, h.startKept()
}

// diskFull fills the disk of the backend, until a write of its own failed, and waits until what it has is on disk again.
func diskFull(h *harness, rng *rand.Rand) (string, error) {
	h.storing.Lock()
	defer h.storing.Unlock()
	var before backendStats
	if err := h.await(patience, "the backend says how it is", func() bool {
		s := h.keptStats()
		if s == nil || !s.Store.Durable {
			return false
		}
		before = *s
		return true
	}); err != nil {
		return "", err
	}
	again, free, evidence, err := h.disk.fill()
	if err != nil {
		return "", err
	}
	felt := h.await(patience, "the backend feels that the disk is full", func() bool {
		if again() != nil { // each window that the store takes now makes room
			return false
		}
		s := h.keptStats()
		return s != nil && s.Store.Failures > before.Store.Failures
	})
	time.Sleep(span(rng, 0, 2*time.Second))
	if err := free(); err != nil {
		return "", err
	}
	if felt != nil {
		return "", felt
	}
	// What came meanwhile is in memory only, until a window that was begun after that is on disk. The stats may be older than the present window.
	freed := h.keptStats()
	return evidence + ", and the backend felt it", h.await(patience, "the backend has stored what it knows", func() bool {
		s := h.keptStats()
		return freed != nil && s != nil && s.Windows >= freed.Windows+3 && s.Store.Durable && len(s.Sinks) == 1 && s.Sinks[0].Stored == s.Sinks[0].Queued && !s.Sinks[0].Failing
	})
}

// drop drops packets between the forwarder and its publishers, or its backends, with a probability, for so long at the most.
func drop(before, oneWay bool, p float64, most time.Duration) func(*harness, *rand.Rand) (string, error) {
	return func(h *harness, rng *rand.Rand) (string, error) {
		endpoint := h.out
		if before {
			endpoint = h.in
		}
		_, port := cutLast(endpoint)
		to := []string{"-p", "tcp", "--dport", port, "!", "-s", apart}
		from := []string{"-p", "tcp", "--sport", port, "!", "-d", apart}
		rules := [][]string{to, from}
		if oneWay {
			i := rng.IntN(2)
			rules = rules[i : i+1]
		}
		if p < 1 {
			for i := range rules {
				rules[i] = append(rules[i], "-m", "statistic", "--mode", "random", "--probability", fmt.Sprint(p))
			}
		}
		lift, err := h.net.cut("fault", rules...)
		if err != nil {
			return "", err
		}
		begun := time.Now()
		time.Sleep(span(rng, 500*time.Millisecond, most))
		felt := h.await(patience, "a packet was dropped", func() bool { // few go where only summaries do
			n, err := h.net.dropped("fault")
			return n > 0 || err != nil
		})
		n, err := lift()
		if err != nil {
			return "", err
		}
		if felt != nil {
			return "", felt
		}
		return fmt.Sprintf("%d packets dropped in %v", n, time.Since(begun).Round(time.Millisecond)), nil
	}
}

// withLife lets something happen to a publisher, to another one if that is killed meanwhile.
func withLife(h *harness, rng *rand.Rand, what string, ask func(*life), done func(*life) bool) (*life, error) {
	for range 5 {
		l := h.living()[rng.IntN(len(h.current))]
		ask(l)
		for begun := time.Now(); l.proc.alive() && time.Since(begun) < patience; time.Sleep(5 * time.Millisecond) {
			if done(l) {
				return l, nil
			}
		}
	}
	return nil, fmt.Errorf("no publisher %s", what)
}

func flip(h *harness, rng *rand.Rand) (string, error) {
	var before, times uint64
	for _, n := range []int{1, 4, 2, 3, 1, 2} {
		l, err := withLife(h, rng, "changed its number of processors", func(l *life) {
			before = l.truth.flipped.Load()
			if l.truth.procs.Load() == uint64(n) {
				n++
			}
			l.truth.procs.Store(uint64(n))
		}, func(l *life) bool { return l.truth.flipped.Load() > before })
		if err != nil {
			return "", err
		}
		times += l.truth.flipped.Load() - before
		time.Sleep(span(rng, 0, 200*time.Millisecond))
	}
	return fmt.Sprintf("GOMAXPROCS was set %d times", times), nil
}

func overload(h *harness, rng *rand.Rand) (string, error) {
	var before uint64
	begun := time.Now()
	l, err := withLife(h, rng, "made a burst", func(l *life) {
		before = l.truth.overflow.Load()
		l.truth.bursts.Inc()
	}, func(l *life) bool { return l.truth.bursts.Load() == l.truth.bursted.Load() })
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d calls in less than %v", l.truth.overflow.Load()-before, time.Since(begun).Round(time.Millisecond)), nil
}

// storeFaults are the ways in which the store fails.
func storeFaults() (all []fault) {
	for _, a := range failures {
		all = append(all, fault{"store: " + string(a), func(h *harness, rng *rand.Rand) (string, error) {
			h.storing.Lock()
			defer h.storing.Unlock()
			before := h.store.count(a)
			h.store.become(a)
			// Who failed already waits for some seconds before it comes again.
			err := h.await(patience, "somebody met it", func() bool { return h.store.count(a) > before })
			time.Sleep(span(rng, 0, time.Second))
			h.store.become(fine)
			return fmt.Sprintf("%d requests met it", h.store.count(a)-before), err
		}})
	}
	return all
}

// lateBackend starts a backend that knows nothing of what was before. There is one in a run.
func lateBackend(h *harness, _ *rand.Rand) (string, error) {
	h.lateAt = time.Now()
	if err := h.startBackend("late", metric.Summaries, &h.late); err != nil {
		return "", err
	}
	// The store fails most of the time, in the other lane, and who was refused waits longer each time.
	return "started", h.await(patience, "the late backend receives", func() bool {
		return len(h.store.sum("late")) > 0
	})
}

// isAllowed reports whether a kind of fault is wanted, and the machine allows it.
func (h *harness) isAllowed(f fault) bool {
	wanted := h.opts.wanted()
	if f.name == onlyOnce && h.late != nil {
		return false
	}
	return h.skipped[f.name] == "" && (wanted == nil || slices.Contains(wanted, f.name))
}

// deck returns all faults of a lane that the machine allows, shuffled.
func (h *harness) deck(lane int, rng *rand.Rand) []fault {
	d := slices.DeleteFunc(slices.Clone(kinds[lane]), func(f fault) bool { return !h.isAllowed(f) })
	rng.Shuffle(len(d), func(i, j int) { d[i], d[j] = d[j], d[i] })
	return d
}
