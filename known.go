package zibrato

import (
	"strings"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/ring"
)

// known holds the instruments that the scope found by their names. It lies behind a pointer because escape analysis takes
// an atomic load of a word of the scope for a leak of the scope, and with it of what else pendingErr holds: TimeErr would allocate.
type known struct {
	scope         *Scope
	ring          *ring.Ring // all record there. Assembly finds it here sooner than by the timer that it finds
	timers        index[Timer]
	outcomes      index[outcome]
	counters      index[Counter]
	gauges        index[Gauge]
	distributions index[Distribution]
}

func (k *known) init(z *Scope) {
	k.scope, k.ring = z, z.r.ring
	k.timers.init()
	k.outcomes.init()
	k.counters.init()
	k.gauges.init()
	k.distributions.init()
}

// outcome holds the two timers of TimeErr.
type outcome struct{ ok, failed *Timer }

func (o *outcome) of(ok bool) *Timer {
	if ok {
		return o.ok
	}
	return o.failed
}

// Those that are called most look by themselves whether the name is a constant that was found before.

func (k *known) stop(name string, start int64) {
	if n := k.timers.found.last(name); n.is(name) {
		(*Timer)(n.val).stop(start)
		return
	}
	end := clock.Ticks() // before a look-up by content, which takes longer and is not part of the block
	k.timer(name).record(start, end)
}

func (k *known) stopOutcome(name string, start int64, ok bool) {
	if n := k.outcomes.found.last(name); n.is(name) {
		(*outcome)(n.val).of(ok).stop(start)
		return
	}
	end := clock.Ticks()
	k.outcome(name).of(ok).record(start, end)
}

func (k *known) inc(name string) {
	if n := k.counters.found.last(name); n.is(name) {
		(*Counter)(n.val).cells.Add(1)
		return
	}
	k.counter(name).Inc()
}

func (k *known) set(name string, v float64) {
	if n := k.gauges.found.last(name); n.is(name) {
		(*Gauge)(n.val).Set(v)
		return
	}
	k.gauge(name).Set(v)
}

// What follows finds the instrument of a name, or makes it from a copy of the name. There is no function value in it, so that
// escape analysis sees that nothing keeps the scope or the name: otherwise TimeErr would allocate.

func (k *known) timer(name string) *Timer {
	if i := (*Timer)(k.timers.found.at(name)); i != nil {
		return i
	}
	if i := k.timers.one(name); i != nil {
		return i
	}
	own := strings.Clone(name)
	i, kept := k.scope.newTimer(own, k.scope.attrs)
	return k.timers.put([]string{name}, i, kept)
}

func (k *known) counter(name string) *Counter {
	if i := (*Counter)(k.counters.found.at(name)); i != nil {
		return i
	}
	if i := k.counters.one(name); i != nil {
		return i
	}
	own := strings.Clone(name)
	i, kept := k.scope.newCounter(own, k.scope.attrs)
	return k.counters.put([]string{name}, i, kept)
}

func (k *known) gauge(name string) *Gauge {
	if i := (*Gauge)(k.gauges.found.at(name)); i != nil {
		return i
	}
	if i := k.gauges.one(name); i != nil {
		return i
	}
	own := strings.Clone(name)
	i, kept := k.scope.newGauge(own, k.scope.attrs)
	return k.gauges.put([]string{name}, i, kept)
}

func (k *known) distribution(name string) *Distribution {
	if i := (*Distribution)(k.distributions.found.at(name)); i != nil {
		return i
	}
	if i := k.distributions.one(name); i != nil {
		return i
	}
	own := strings.Clone(name)
	i, kept := k.scope.newDistribution(own, k.scope.attrs)
	return k.distributions.put([]string{name}, i, kept)
}

func (k *known) outcome(name string) *outcome {
	if o := (*outcome)(k.outcomes.found.at(name)); o != nil {
		return o
	}
	if o := k.outcomes.one(name); o != nil {
		return o
	}
	own := strings.Clone(name)
	ok, kept1 := k.scope.newTimer(own, k.scope.attrs.with([]Option{Tag("outcome", "ok")}))
	failed, kept2 := k.scope.newTimer(own, k.scope.attrs.with([]Option{Tag("outcome", "error")}))
	return k.outcomes.put([]string{name}, &outcome{ok, failed}, kept1 && kept2)
}
