package main

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/zibrato/zibrato/metric"
)

const (
	calm     = 900 * time.Second  // from then on nothing fails any more
	end      = 1100 * time.Second // by then every loss is made up for: totals are repeated within a minute
	window   = 10 * time.Second
	remember = 24 * time.Hour // for how long a silent recorder is remembered at least
	away     = remember + time.Hour
)

// instant is where in a flush a backend may be killed.
type instant int

// The instants of kills.
const (
	never    instant = iota
	asked            // at once
	unstored         // in a flush, before the window is stored
	unsent           // in a flush, before the window goes to the sink
	unsure           // in a flush, before the sink's answer is known
	instants
)

// receiver is a backend: what the world acts on: the model, or the real one. Time goes on only in wait.
type receiver interface {
	start()
	stop()        // in good order
	kill(instant) // now, or when it comes there
	running() bool
	deliver(b *metric.Batch)
	wait(d time.Duration)
	counted() map[string]sums // what the store that outlives backends has, by series
}

// sums are what happened to a series.
type sums struct {
	count  uint64
	sum    int64
	detail uint64 // calls with detail
}

func (s *sums) add(o sums) {
	s.count += o.count
	s.sum += o.sum
	s.detail += o.detail
}

// faults say what may go wrong.
type faults struct {
	backend bool // kills and restarts of the backend
	silence bool // a time longer than recorders are remembered in which nothing passes
}

// message is a batch on its way.
type message struct {
	due time.Duration
	r   *recorder
	b   *metric.Batch
}

// world plays recorders and the link, one second a step, and keeps the books.
type world struct {
	rng     *rand.Rand
	faults  faults
	without rule
	backend receiver

	now       time.Duration
	joined    time.Duration // when the backend is started for the first time
	down      time.Duration // when it is started again; 0: it is not down
	cut       time.Duration // until when nothing passes
	silence   time.Duration // when it will be silent for longer than recorders are remembered; 0: never
	recorders []*recorder
	flying    []message
	happened  map[string]int // faults, by name
}

func newWorld(seed uint64, f faults, without rule, b receiver) *world {
	w := &world{
		rng: rand.New(rand.NewPCG(seed, 1)), faults: f, without: without, backend: b,
		happened: make(map[string]int),
	}
	w.joined = w.some(60, 200)
	if f.silence {
		w.silence = w.some(300, 800)
	}
	w.recorder()
	w.recorder()
	return w
}

// chance is true once in n times.
func (w *world) chance(n int) bool { return w.rng.IntN(n) == 0 }

// fault is chance, and counts.
func (w *world) fault(name string, n int) bool {
	if w.now < w.joined || w.now >= calm || !w.chance(n) {
		return false
	}
	w.happened[name]++
	return true
}

// some returns a number of seconds.
func (w *world) some(least, most int) time.Duration {
	return time.Duration(least+w.rng.IntN(most-least+1)) * time.Second
}

func (w *world) recorder() {
	skew := w.some(0, 400) - 200*time.Second
	r := newRecorder(uint64(len(w.recorders)), w.now, skew, w.without, epoch)
	r.details = [][]metric.Detail{{metric.Samples}, {metric.Summaries}, {metric.Samples, metric.Summaries}}[w.rng.IntN(3)]
	w.recorders = append(w.recorders, r)
}

// play lets time go by until the end, and returns where the sink and the books differ.
func (w *world) play() []string {
	for ; w.now < end; w.wait(time.Second) {
		if w.now == w.joined {
			w.backend.start()
		}
		w.disturb()
		for _, r := range w.recorders {
			w.act(r)
		}
		w.arrive()
		if w.now >= w.silence && w.silence > 0 && w.up() {
			w.fallSilent()
		}
	}
	w.backend.kill(never)
	w.backend.stop()
	return w.compare()
}

func (w *world) wait(d time.Duration) {
	w.backend.wait(d)
	w.now += d
}

// up says that the backend hears.
func (w *world) up() bool { return w.now >= w.joined && w.down == 0 && w.backend.running() }

// linked says that a recorder's batches may arrive.
func (w *world) linked(r *recorder) bool { return w.up() && w.now >= w.cut && w.now >= r.cut }

// disturb is what happens to the backend, to the link, and to the population.
func (w *world) disturb() {
	if w.now >= w.joined && w.down == 0 && !w.backend.running() {
		w.down = w.now + w.some(1, 20)
	}
	if w.down > 0 && w.now >= w.down {
		w.down = 0
		w.backend.start()
		for _, r := range w.recorders {
			if r.alive() && r.met && w.linked(r) {
				r.greet()
			}
		}
	}
	if w.fault("new recorder", 40) {
		w.recorder()
	}
	if w.fault("partition", 60) {
		w.cut = w.now + w.some(5, 40)
	}
	if !w.faults.backend || !w.up() {
		return
	}
	switch {
	case w.fault("backend stopped", 100):
		w.backend.stop()
		w.down = w.now + w.some(1, 20)
	case w.fault("backend killed", 60):
		w.backend.kill(asked + instant(w.rng.IntN(int(instants-asked))))
	}
}

// act is what a recorder does in a second.
func (w *world) act(r *recorder) {
	if r.ended || !w.returned(r) {
		return
	}
	w.join(r)
	w.record(r)
	r.repeatTotals(w.now)
	if !r.met {
		return
	}
	switch linked := w.linked(r); {
	case linked && w.fault("recorder closed", 150):
		r.ended = true
		w.close(r)
	case linked && w.fault("publisher restarted", 150):
		r.attached, r.back = false, w.now+w.some(1, 400)
		w.close(r)
	case w.fault("recorder killed", 200):
		r.ended, r.killed = true, true
	case w.fault("recorder cut off", 100):
		r.cut = w.now + w.some(5, 90)
	}
	if r.alive() {
		w.send(r, false, false)
	}
}

// returned reports whether the recorder has a publisher. One that is started connects when it can.
func (w *world) returned(r *recorder) bool {
	if r.attached || w.now < r.back || !w.linked(r) {
		return r.attached
	}
	r.attached = true
	r.meet()
	w.send(r, true, false)
	return true
}

// join brings a subscription to the recorder, where there is one and it can come.
func (w *world) join(r *recorder) {
	if !w.linked(r) {
		return
	}
	if r.met {
		if w.now == w.cut || w.now == r.cut { // it has a connection again
			r.greet()
		}
		return
	}
	r.meet()
	for _, s := range r.series {
		switch {
		case !s.born:
		case r.start+s.birth < w.joined:
			s.base = s.total
		case r.silent: // it might be one that was forgotten
			s.forgiven = s.total
		}
	}
	w.send(r, true, false)
}

func (w *world) record(r *recorder) {
	if w.now >= calm {
		return
	}
	if len(r.series) < 10 && w.chance(15) {
		r.add()
	}
	for _, s := range r.series {
		if w.chance(25) {
			for range 1 + w.rng.IntN(4) {
				r.call(s, int64(1+w.rng.IntN(1000)), w.now)
			}
		}
	}
}

// close sends what a publisher says last.
func (w *world) close(r *recorder) {
	if w.without != final {
		r.all()
	}
	w.send(r, true, true)
}

// send puts what is due on the link. The first batches of a connection and the last ones are sure to arrive: in between are queues that are
// empty, and a Shutdown that waits.
func (w *world) send(r *recorder, sure, last bool) {
	for _, d := range r.details {
		b := r.batch(d, w.now, last)
		if b == nil {
			continue
		}
		due := w.now
		if !sure {
			if !w.linked(r) || w.fault("batch lost", 7) {
				continue
			}
			if w.fault("batch late", 5) {
				due += w.some(1, 5)
			}
			if w.fault("batch twice", 10) {
				w.flying = append(w.flying, message{due + w.some(0, 5), r, b})
			}
		}
		w.flying = append(w.flying, message{due, r, b})
	}
}

// arrive delivers what is due, if somebody is there.
func (w *world) arrive() {
	slices.SortStableFunc(w.flying, func(a, b message) int { return cmp.Compare(a.due, b.due) })
	for len(w.flying) > 0 && w.flying[0].due <= w.now {
		m := w.flying[0]
		w.flying = w.flying[1:]
		if !w.up() {
			continue
		}
		w.note(m.r, m.b)
		w.backend.deliver(m.b)
	}
}

// note enters what arrives into the books: nothing of a batch that comes again, or after a later one of its topic.
func (w *world) note(r *recorder, b *metric.Batch) {
	if b.Seq <= r.arrived[b.Detail] {
		return
	}
	r.arrived[b.Detail] = b.Seq
	for _, e := range b.Entries {
		if s := r.series[e.ID]; e.After.Count > s.delivered.Count {
			s.delivered = e.After
		}
	}
	for _, x := range b.Samples {
		r.series[b.Entries[x.Entry].ID].told++
	}
	for _, x := range b.Summaries {
		r.series[b.Entries[x.Entry].ID].told += x.Count
	}
}

// fallSilent lets so much time go by without a batch that recorders are forgotten. What did not arrive before may be missing then.
func (w *world) fallSilent() {
	w.happened["long silence"]++
	w.silence, w.flying = 0, nil
	for _, r := range w.recorders {
		if r.ended {
			continue
		}
		for _, s := range r.series {
			s.forgiven.Count = s.total.Count - max(s.delivered.Count, s.base.Count)
			s.forgiven.Sum = metric.IntValue(s.total.Sum.Int() - max(s.delivered.Sum.Int(), s.base.Sum.Int()))
		}
	}
	w.backend.kill(never) // it must be there for those who come back
	w.backend.wait(away)
	// The world's own clock stands still meanwhile: what was before is longer ago.
	w.joined -= away
	w.cut = 0
	for _, r := range w.recorders {
		r.start -= away
		r.cut, r.silent = 0, true
		if r.alive() && r.met {
			r.meet()
			w.send(r, true, false)
		}
	}
	w.arrive()
}
