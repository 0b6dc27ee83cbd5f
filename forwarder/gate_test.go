package forwarder

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/zibrato/zibrato/internal/tcp"
)

// table is a system whose connections are what a test says.
type table struct {
	open    map[int]*line
	news    [2][]int // descriptors on which something came, by side
	watched map[int]int
	held    map[int]bool
	muted   map[int]bool
}

// line is one of its connections.
type line struct {
	id      tcp.Identity
	address string
	flow    tcp.Flow
	mute    bool // its flow is not known
}

func (t *table) identify(fd int, _ string) (tcp.Identity, string, bool) {
	l := t.open[fd]
	if l == nil {
		return 0, "", false
	}
	return l.id, l.address, true
}

func (t *table) flow(fd int) (tcp.Flow, bool) {
	l := t.open[fd]
	if l == nil || l.mute {
		return tcp.Flow{}, false
	}
	return l.flow, true
}

func (t *table) watch(side, fd int) { t.watched[fd] = side }

func (t *table) active(side int, f func(fd int)) {
	news := t.news[side]
	t.news[side] = nil
	for _, fd := range news {
		f(fd)
	}
}

func (t *table) cut(fd int, id tcp.Identity) {
	if l := t.open[fd]; l != nil && l.id == id {
		delete(t.open, fd)
	}
}

func (t *table) hold(fd int, id tcp.Identity, yes bool) {
	if l := t.open[fd]; l != nil && l.id == id {
		t.held[fd] = yes
	}
}

func (t *table) mute(fd int, id tcp.Identity, yes bool) {
	if l := t.open[fd]; l != nil && l.id == id {
		t.muted[fd] = yes
	}
}

// belt is a mover on which lies what a test says.
type belt struct {
	queued    int
	signs     map[int]bool
	heavy     map[int]bool
	sheds     int
	questions int // that are not answered
	attentive bool
}

func (b *belt) waiting() int { return b.queued }
func (b *belt) moved(fd int) bool {
	moved := b.signs[fd]
	delete(b.signs, fd)
	return moved
}
func (b *belt) weigh(fd int, heavy bool) { b.heavy[fd] = heavy }
func (b *belt) shed()                    { b.sheds++ }
func (b *belt) attend(closely bool)      { b.attentive = closely }
func (b *belt) ask()                     { b.questions++ }

// stage is a gate between a table and a belt, at a time of the test's.
type stage struct {
	*gate
	table *table
	belt  *belt
	now   time.Time
	last  int // descriptor
	id    tcp.Identity
}

const (
	here  = "192.0.2.1"
	there = "198.51.100.7"
)

// idle lets the loop have nothing to do.
func (s *stage) idle() {
	for ; s.belt.questions > 0; s.belt.questions-- {
		s.answer()
	}
}

func newStage(change ...func(*limits)) *stage {
	cfg, _ := Config{}.withDefaults()
	l := cfg.limits(1 << 20)
	for _, c := range change {
		c(&l)
	}
	s := &stage{
		table: &table{open: make(map[int]*line), watched: make(map[int]int), held: make(map[int]bool), muted: make(map[int]bool)},
		belt:  &belt{signs: make(map[int]bool), heavy: make(map[int]bool)},
		now:   time.Unix(1e9, 0), last: 100,
	}
	s.gate = newGate(l, s.table, s.belt, new(traffic), &refusals{log: slog.New(slog.DiscardHandler)})
	return s
}

// connect makes a connection from an address, and returns its descriptor.
func (s *stage) connect(side int, address string) int {
	s.last++
	s.reconnect(side, s.last, address)
	return s.last
}

// reconnect makes one that gets a descriptor which had another before.
func (s *stage) reconnect(side, fd int, address string) {
	s.id++
	s.table.open[fd] = &line{id: s.id, address: address}
	s.accept(side, fd, "", s.now)
}

// greet makes a connection and ends its handshake.
func (s *stage) greet(side int, address string) int {
	fd := s.connect(side, address)
	s.send(side, fd, plainHandshake)
	return fd
}

// send lets bytes come on a connection, and lets the gate look.
func (s *stage) send(side, fd, bytes int) {
	if l := s.table.open[fd]; l != nil {
		l.flow.Received += uint64(bytes)
	}
	s.table.news[side] = append(s.table.news[side], fd)
	s.look(side)
}

func (s *stage) look(side int) {
	if side == in {
		s.lookAtPublishers(s.now)
	} else {
		s.lookAtSubscribers(s.now)
	}
}

func (s *stage) pass(d time.Duration) { s.now = s.now.Add(d) }

func (s *stage) refused(why Refusal) int { return int(s.refusals.counts[why].Load()) }

// stands asserts which connections were not cut, and that the gate and the table are of one opinion.
func (s *stage) stands(t *testing.T, want ...int) {
	t.Helper()
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(s.table.open)); !slices.Equal(got, want) {
		t.Fatalf("%v stand, want %v", got, want)
	}
	var known []int
	for _, c := range s.conns {
		known = append(known, slices.Collect(maps.Keys(c.byFD))...)
	}
	slices.Sort(known)
	if !slices.Equal(known, want) {
		t.Fatalf("the gate knows %v, want %v", known, want)
	}
}

func (s *stage) held() (fds []int) {
	for fd, held := range s.table.held {
		if held && s.table.open[fd] != nil {
			fds = append(fds, fd)
		}
	}
	slices.Sort(fds)
	return fds
}

func (s *stage) holds(t *testing.T, want ...int) {
	t.Helper()
	if got := s.held(); !slices.Equal(got, want) {
		t.Fatalf("%v wait, want %v", got, want)
	}
}

func TestSubscribersOfOneAddressComeInAFewAtATime(t *testing.T) {
	s := newStage()
	var fds []int
	for range 5 {
		fds = append(fds, s.connect(out, here))
	}
	other := s.connect(out, there)
	publisher := s.connect(in, here)
	s.holds(t, fds[admittedAtOnce:]...)
	if len(s.table.muted) > 0 {
		t.Errorf("%v are muted, though they owe nothing", s.table.muted)
	}
	s.admit(s.now)
	s.holds(t, fds[admittedAtOnce:]...)
	for n := admittedAtOnce + 1; n <= len(fds); n++ {
		s.pass(time.Second/admittedPerSecond + time.Microsecond)
		s.admit(s.now)
		s.holds(t, fds[n:]...)
	}
	s.stands(t, append(fds, other, publisher)...)
}

func TestOneThatWaitedAndIsGoneTakesNobodysTurn(t *testing.T) {
	s := newStage()
	for range admittedAtOnce {
		s.connect(out, here)
	}
	gone, next := s.connect(out, here), s.connect(out, here)
	s.holds(t, gone, next)
	delete(s.table.open, gone)
	s.conns[out].remove(gone)
	reused := gone
	s.reconnect(out, reused, there)
	s.pass(time.Second/admittedPerSecond + time.Microsecond)
	s.admit(s.now)
	if s.table.held[next] {
		t.Error("the next one still waits")
	}
	if n := len(s.waiting); n != 0 {
		t.Errorf("%d wait", n)
	}
}

func TestADescriptorThatComesAgainIsAnotherConnection(t *testing.T) {
	s := newStage()
	fd := s.greet(out, here)
	first := s.conns[out].byFD[fd]
	s.send(out, fd, 5000)
	s.reconnect(out, fd, there)
	second := s.conns[out].byFD[fd]
	if second == first || second.level != 0 || second.address != there {
		t.Errorf("the second is taken for the first: %+v", second)
	}
	if n := s.conns[out].amid.Len() + s.conns[out].done.Len(); n != 1 {
		t.Errorf("%d connections", n)
	}
	s.cut(out, first, RefusedFlood, s.now) // too late
	if s.table.open[fd] == nil {
		t.Error("the second was cut for the first")
	}
}

func TestWhatCannotBeToldApartIsLeftAlone(t *testing.T) {
	s := newStage()
	s.accept(in, 7, "", s.now)
	s.accept(out, 8, "", s.now)
	s.table.news = [2][]int{{7}, {8}}
	s.look(in)
	s.look(out)
	s.strike(8)
	s.look(out)
	s.stands(t)
	if len(s.table.watched) > 0 {
		t.Errorf("%v are watched", s.table.watched)
	}
}

func TestASideThatWasExpelledBeginsAnew(t *testing.T) {
	s := newStage()
	publisher := s.greet(in, here)
	for range 4 {
		delete(s.table.open, s.connect(out, here))
	}
	s.forget(out)
	s.admit(s.now)
	s.stands(t, publisher)
	if n := len(s.waiting); n != 0 {
		t.Errorf("%d wait", n)
	}
}

// What a flood left behind has to be seen to before the next one comes from there; others are let in meanwhile.
func TestWhoOwesMuchIsNotLetInWhileThePumpIsBusy(t *testing.T) {
	s := newStage()
	flood := s.greet(out, here)
	s.send(out, flood, s.limits.requests+s.limits.requestsInAll+grace+1)
	if s.refused(RefusedFlood) != 1 {
		t.Fatal("the flood was not cut")
	}
	again, honest := s.connect(out, here), s.connect(out, there)
	s.holds(t, again)
	if len(s.table.muted) > 0 {
		t.Errorf("%v are muted amid the handshake, at which holding does", s.table.muted)
	}
	s.send(out, again, plainHandshake)
	if !maps.Equal(s.table.muted, map[int]bool{again: true}) {
		t.Errorf("muted are %v, want %d", s.table.muted, again)
	}
	s.pass(time.Second / inDebtPerSecond)
	s.admit(s.now)
	s.holds(t, again)
	for range rounds {
		s.holds(t, again)
		s.idle()
		s.admit(s.now)
	}
	s.holds(t)
	s.stands(t, again, honest)
	if s.table.muted[again] {
		t.Error("one that was let in is still muted")
	}
}

// Of floods from many addresses none may owe too much. Together they do not get further ahead of the loop than a few.
func TestNobodyIsLetInWhileFloodsOfManyAreNotSeenTo(t *testing.T) {
	s := newStage()
	said, floods := 0, 0
	for ; floods < 1000; floods++ {
		fd := s.greet(out, fmt.Sprint("address", floods))
		if s.table.held[fd] {
			break
		}
		s.send(out, fd, s.limits.requests+1)
		said += s.limits.requests
	}
	if said < s.limits.aftermath || said > s.limits.aftermath+2*s.limits.requests {
		t.Errorf("%d were let in and said %d bytes, want about %d", floods, said, s.limits.aftermath)
	}
	honest := s.greet(out, here)
	s.admit(s.now)
	if !s.table.held[honest] {
		t.Error("one was let in before what the floods left behind was seen to")
	}
	for range 1 + rounds {
		s.pass(calm)
		s.admit(s.now)
		s.idle()
	}
	s.admit(s.now)
	if s.table.held[honest] {
		t.Error("an honest one still waits")
	}
}

// Else what many leave behind one after the other, of whom nobody has to wait, would add up.
func TestWhatAFloodLeavesBehindIsSeenToThoughNobodyWaits(t *testing.T) {
	s := newStage()
	for i := range 100 {
		fd := s.greet(out, fmt.Sprint("address", i))
		if s.table.held[fd] {
			t.Fatalf("number %d has to wait", i)
		}
		s.send(out, fd, s.limits.requests/2)
		s.lose(out, fd, s.now)
		for looks := 0; s.pending(); looks++ {
			if looks > 10 {
				t.Fatalf("not over after %d looks", looks)
			}
			s.pass(calm)
			s.admit(s.now)
			s.idle()
		}
	}
}

// What is left of a connection that libzmq closes while it is muted, the kernel would keep.
func TestWhoIsMutedForLongIsCut(t *testing.T) {
	s := newStage()
	flood := s.greet(out, here)
	s.send(out, flood, s.limits.requests+s.limits.requestsInAll+grace+1)
	muted := s.greet(out, here)
	s.pass(handshakeTimeout/2 - 1)
	s.admit(s.now)
	s.holds(t, muted)
	s.pass(1)
	s.admit(s.now)
	s.stands(t)
	if s.refused(RefusedFlood) != 2 || len(s.waiting) != 0 {
		t.Errorf("%d are cut, %d wait", s.refused(RefusedFlood), len(s.waiting))
	}
}

// A question that was asked before a flood says nothing about it, and there is one at a time.
func TestWhatAFloodLeavesBehindIsOverWhenTheLoopHasOftenHadNothingToDo(t *testing.T) {
	var a aftermath
	asked := 0
	now := time.Unix(1e9, 0)
	lasts := func() bool { return a.lasts(func() { asked++ }, now) }
	if lasts() || asked != 0 {
		t.Error("it lasts though nothing was")
	}
	a.add(1, now)
	if !lasts() || asked != 0 {
		t.Error("asked at once")
	}
	now = now.Add(calm)
	for range 10 {
		if !lasts() || asked != 1 {
			t.Fatalf("asked %d times without an answer", asked)
		}
	}
	a.add(2, now)
	for i := range 1 + rounds {
		if !lasts() {
			t.Fatalf("over after %d answers", i)
		}
		now = now.Add(calm)
		lasts()
		a.answered.Inc()
	}
	if lasts() || a.bytes != 0 {
		t.Errorf("it still lasts: %+v", &a)
	}
}
