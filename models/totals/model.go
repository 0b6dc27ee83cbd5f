package main

import (
	"maps"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// epoch is when the world begins.
var epoch = time.Unix(946684800, 0).UTC()

// expire is for how long a recorder may be silent before it counts as gone; no batch is on its way for longer.
const expire = 5 * time.Minute

// model is a backend with a store, reduced to what the rules speak of.
type model struct {
	without rule
	now     time.Duration
	up      bool
	begun   time.Duration // of this process
	dies    instant
	disk    disk
	memory  state
	open    map[string]sums
	sink    map[string]map[time.Duration]sums // by series and start of the window; what comes again overwrites
}

// disk is what a kill leaves.
type disk struct {
	state   *state
	log     []arrival
	windows []closed
}

type arrival struct {
	b  *metric.Batch
	at time.Duration
}

type closed struct {
	start  time.Duration
	series map[string]sums
}

// state is what a backend knows beside the open window.
type state struct {
	start     time.Duration // of the open window
	clean     bool          // written when it was stopped in good order
	coverage  time.Duration
	forgotten time.Duration // the youngest start of a recorder that was forgotten
	births    time.Duration // by when all was born that one of these told of
	streams   map[metric.RecorderID]*stream
}

// stream is what is known of one recorder.
type stream struct {
	seq      [2]uint64
	detail   metric.Detail
	heard    time.Duration
	start    time.Duration
	coverage time.Duration
	known    map[uint32]metric.Totals
	grew     map[uint32]time.Duration
}

func newModel(without rule) *model {
	return &model{without: without, sink: make(map[string]map[time.Duration]sums)}
}

func (s *state) clone() *state {
	c := *s
	c.streams = make(map[metric.RecorderID]*stream, len(s.streams))
	for id, was := range s.streams {
		own := *was
		own.known, own.grew = maps.Clone(was.known), maps.Clone(was.grew)
		c.streams[id] = &own
	}
	return &c
}

func (m *model) running() bool { return m.up }

func (m *model) start() {
	m.up, m.begun, m.dies, m.open = true, m.now, never, make(map[string]sums)
	if m.disk.state == nil {
		m.memory = state{start: m.now, coverage: m.now, forgotten: -1, streams: make(map[metric.RecorderID]*stream)}
		m.disk.state = m.memory.clone()
		return
	}
	m.memory = *m.disk.state.clone()
	if m.memory.clean {
		m.memory.start, m.memory.clean = m.now, false
	}
	if m.without == keys {
		m.memory.start = m.now / window * window
	}
	for _, a := range m.disk.log {
		m.fold(a.b, a.at)
	}
	for _, c := range m.disk.windows {
		m.write(c)
	}
	m.disk.windows = nil
}

func (m *model) stop() {
	if m.up {
		m.memory.clean = true
		m.flush()
		m.up = false
	}
}

func (m *model) kill(at instant) {
	m.dies = at
	if at == asked {
		m.up = false
	}
}

func (m *model) wait(d time.Duration) {
	due := (m.now + d) / window * window
	if due <= m.now {
		m.now += d
		return
	}
	rest := m.now + d - due
	m.now = due
	if m.up {
		m.flush()
	}
	m.now += rest
}

func (m *model) deliver(b *metric.Batch) {
	if m.without != log {
		m.disk.log = append(m.disk.log, arrival{b, m.now})
	}
	m.fold(b, m.now)
}

func (m *model) fold(b *metric.Batch, at time.Duration) {
	s := m.memory.streams[b.Process.Recorder]
	if s == nil {
		start := at - b.Uptime
		s = &stream{
			detail: b.Detail, start: start, coverage: m.covered(start),
			known: make(map[uint32]metric.Totals), grew: make(map[uint32]time.Duration),
		}
		m.memory.streams[b.Process.Recorder] = s
	}
	s.heard = at
	if m.without != sequence {
		if b.Seq <= s.seq[b.Detail] {
			return
		}
		s.seq[b.Detail] = b.Seq
	}
	for i := range b.Entries {
		m.gain(s, b, &b.Entries[i], at)
	}
	if b.Detail != s.detail {
		return
	}
	for _, x := range b.Samples {
		m.gained(&b.Entries[x.Entry], sums{detail: 1})
	}
	for _, x := range b.Summaries {
		m.gained(&b.Entries[x.Entry], sums{detail: x.Count})
	}
}

func (m *model) gained(e *metric.Entry, more sums) {
	sum := m.open[e.Series.Name]
	sum.add(more)
	m.open[e.Series.Name] = sum
}

// gain adds to the open window what a series' totals gained.
func (m *model) gain(s *stream, b *metric.Batch, e *metric.Entry, at time.Duration) {
	known, ok := s.known[e.ID]
	switch born := m.born(b, e, at); {
	case m.without == totals:
		known = e.Before
	case ok, m.without == baseline:
	case born < s.coverage, m.without == zero:
		known = e.Before
	}
	if more := above(e.After, known); more.count > 0 {
		m.gained(e, more)
		known = e.After
		s.grew[e.ID] = at
	}
	s.known[e.ID] = known
}

// born is when a series was born, by the backend's clock.
func (m *model) born(b *metric.Batch, e *metric.Entry, at time.Duration) time.Duration {
	if m.without == uptime {
		return b.Process.Start.Sub(epoch) + e.Birth
	}
	return at - (b.Uptime - e.Birth)
}

// covered is since when series of a recorder that is new here, and started then, count from zero.
func (m *model) covered(start time.Duration) time.Duration {
	since := m.memory.coverage
	if m.without == coverage {
		since = m.begun
	}
	if m.without != forgotten && start <= m.memory.forgotten {
		since = max(since, m.memory.births)
	}
	return since
}

// forget lets go of who was silent for long.
func (m *model) forget() {
	for id, s := range m.memory.streams {
		if m.without == idle {
			for n, at := range s.grew {
				if m.now-at > expire {
					delete(s.known, n)
					delete(s.grew, n)
				}
			}
		}
		if m.now-s.heard <= remember {
			continue
		}
		m.memory.forgotten = max(m.memory.forgotten, s.start+expire)
		births := s.heard + expire
		if m.without == later {
			births = s.start + time.Second
		}
		m.memory.births = max(m.memory.births, births)
		delete(m.memory.streams, id)
	}
}

// flush ends the open window: first it is stored, with what is known then, and then sent.
func (m *model) flush() {
	m.forget()
	c := closed{m.memory.start, m.open}
	m.open = make(map[string]sums)
	if m.dies == unstored && len(c.series) > 0 {
		m.up = false
		return
	}
	m.memory.start = m.now
	m.disk.state, m.disk.log = m.memory.clone(), nil
	if m.without != windows {
		m.disk.windows = append(m.disk.windows, c)
	}
	if m.dies == unsent && len(c.series) > 0 {
		m.up = false
		return
	}
	m.write(c)
	if m.dies == unsure && len(c.series) > 0 {
		m.up = false
		return
	}
	m.disk.windows = nil
}

// write is what the sink does.
func (m *model) write(c closed) {
	for name, sum := range c.series {
		if m.sink[name] == nil {
			m.sink[name] = make(map[time.Duration]sums)
		}
		m.sink[name][c.start] = sum
	}
}

func (m *model) counted() map[string]sums {
	all := make(map[string]sums, len(m.sink))
	for name, of := range m.sink {
		var sum sums
		for _, one := range of {
			sum.add(one)
		}
		all[name] = sum
	}
	return all
}
