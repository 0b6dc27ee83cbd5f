package zibrato

import "github.com/zibrato/zibrato/metric"

// admit welcomes whoever came while the pass was under way. It is called between taking something from the ring and counting it: what was
// recorded since a Watch returned then goes to who watched.
func (p *drainPass) admit() {
	if p.r.arrived.Load() {
		p.welcome()
	}
}

// welcome lets the totals of all series of newly watched levels go out with this pass. What was collected before belongs to those who
// listened then. No entry's totals may be about to change.
func (p *drainPass) welcome() {
	r := p.r
	r.mu.Lock()
	resumed, fresh, taps := r.resumed, r.full, r.taps
	r.resumed, r.full = false, nil
	r.arrived.Store(false)
	came := make([]choice, 0, len(taps))
	if fresh != nil {
		for _, t := range taps {
			came = append(came, t.match)
		}
		p.look()
	}
	r.mu.Unlock()
	if resumed {
		p.resume()
	}
	if fresh == nil {
		return
	}
	for _, l := range p.levels {
		asked, ok := fresh[l]
		if !ok {
			continue
		}
		for d := range l.out {
			b := &l.out[d]
			b.eager = eagerly
			// With nobody who listened before, what waits was recorded since.
			if to := r.settled(l, b.detail); len(to) == 0 {
				b.since = asked
			} else if b.waiting {
				p.handTo(to, l, b, nil)
			}
		}
		for _, s := range p.all {
			if s.level == l && s.born && l.wanted.Load() != 0 {
				s.repeat = p.uptime
			}
		}
	}
	r.settle(taps, came)
	if len(fresh) > 0 {
		r.swept = -sweepEvery
	}
}

// resume makes a drain begin anew. A consumer that could not wait for its last batches may have left some behind.
func (p *drainPass) resume() {
	for _, l := range p.levels {
		for d := range l.out {
			p.handTo(nil, l, &l.out[d], nil)
		}
	}
	p.r.self.looked, p.r.self.reported = p.uptime, p.uptime
}

// settled returns the consumers that want a level in a detail and were welcomed to it.
func (r *Recorder) settled(l *level, d metric.Detail) []*Tap {
	return r.choose(func(t *Tap) bool { return t.match.includes(l.label, d) && t.settled.includes(l.label, d) })
}

// settle notes what consumers wanted when they were welcomed.
func (r *Recorder) settle(taps []*Tap, came []choice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, t := range taps {
		t.settled = came[i]
	}
}
