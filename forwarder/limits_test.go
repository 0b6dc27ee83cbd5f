package forwarder

import (
	"slices"
	"testing"
	"time"
)

func TestAProcessMayUseHalfOfTheFilesThatAreLeftAtMost(t *testing.T) {
	cfg, _ := Config{}.withDefaults()
	for left, want := range map[int][2]int{
		1 << 20: {DefaultMaxConnections, maxUnfinished}, 160: {30, 30}, 16: {3, 3}, 0: {1, 1}, -5: {1, 1},
	} {
		if l := cfg.limits(left); l.connections != want[0] || l.unfinished != want[1] {
			t.Errorf("with %d files: %d connections, %d amid the handshake, want %v", left, l.connections, l.unfinished, want)
		}
	}
}

func TestASubscriberMaySayWhatItNeeds(t *testing.T) {
	s := newStage()
	fd := s.greet(out, here)
	s.send(out, fd, s.limits.requests) // every topic that there is room for
	for range 3600 {
		s.pass(time.Second)
		s.send(out, fd, forgiven)
	}
	s.stands(t, fd)
	s.pass(24 * time.Hour)
	s.send(out, fd, s.limits.requests)
	s.stands(t, fd)
}

func TestASubscriberThatSaysMoreIsCut(t *testing.T) {
	s := newStage()
	loud, honest := s.greet(out, here), s.greet(out, there)
	s.send(out, loud, s.limits.requests)
	s.stands(t, loud, honest)
	s.send(out, loud, 1)
	s.stands(t, honest)
	if n := s.refused(RefusedFlood); n != 1 {
		t.Errorf("%d refused", n)
	}
}

func TestAnAddressPaysForWhatItsSubscribersSay(t *testing.T) {
	s := newStage()
	quiet := s.greet(out, here)
	s.send(out, quiet, grace)
	cuts := 0
	for range 100 { // each says less than one may
		s.pass(time.Second / inDebtPerSecond)
		for range 1 + rounds {
			s.admit(s.now)
			s.idle()
		}
		fd := s.greet(out, here)
		s.send(out, fd, s.limits.requests/2)
		if s.table.open[fd] == nil {
			cuts++
		}
		delete(s.table.open, fd)
		s.conns[out].remove(fd)
	}
	most := 1 + s.limits.requestsInAll/(s.limits.requests/2-grace) + 5*repaid/(s.limits.requests/2-grace)
	if cuts < 100-most {
		t.Errorf("%d of 100 were cut, want all but %d", cuts, most)
	}
	honest := s.greet(out, there)
	s.send(out, honest, s.limits.requests)
	s.send(out, quiet, 0)
	s.stands(t, quiet, honest)
}

func TestOfAllSubscribersTheLoudestIsCutFirst(t *testing.T) {
	s := newStage(func(l *limits) { l.requestsInAll = 3 * l.requests })
	var fds []int
	for i := range 5 {
		fds = append(fds, s.greet(out, string(rune('a'+i))))
	}
	for i, fd := range fds {
		s.send(out, fd, s.limits.requests*(6+i)/10) // 6 + 7 + 8 + 9 fit
	}
	s.stands(t, fds[:4]...)
	s.pass(time.Hour) // all is forgiven, though nobody has looked since
	last := s.greet(out, "f")
	s.send(out, last, s.limits.requests)
	s.stands(t, append(fds[:4:4], last)...)
}

func TestRefusedTopicsCostTheConnection(t *testing.T) {
	s := newStage()
	clumsy, wicked := s.greet(out, here), s.greet(out, there)
	for range maxStrikes {
		s.strike(clumsy)
		s.strike(wicked)
	}
	s.look(out)
	s.stands(t, clumsy, wicked)
	s.strike(wicked)
	s.strike(-1) // of one that is not known
	s.look(out)
	s.stands(t, clumsy)
	if len(s.strikes) > 0 {
		t.Errorf("strikes are kept: %v", s.strikes)
	}
}

func TestRefusedTopicsOfManyCostTheWorst(t *testing.T) {
	s := newStage(func(l *limits) { l.strikesInAll = 100 })
	var fds []int
	for i := range 5 {
		fds = append(fds, s.greet(out, string(rune('a'+i))))
		for range 20 + i {
			s.strike(fds[i])
		}
	}
	s.look(out)
	s.stands(t, fds[:4]...)
}

// suspected lets a publisher send until it is suspected.
func suspected(t *testing.T, s *stage) (fd int) {
	t.Helper()
	fd = s.greet(in, here)
	s.send(in, fd, s.limits.incomplete-plainHandshake)
	if s.belt.attentive {
		t.Fatal("suspected of the largest message")
	}
	s.send(in, fd, 1)
	if !s.belt.attentive {
		t.Fatal("not suspected")
	}
	return fd
}

func TestAPublisherThatNeverEndsAMessageIsCut(t *testing.T) {
	for name, passed := range map[string]func(*stage){
		"when the pump has taken all there is":     func(s *stage) { s.traffic.emptied.Add(2) },
		"when the pump has taken much of others":   func(s *stage) { s.traffic.frames.Add(6 * burst) },
		"as a sign of another is none of this one": func(s *stage) { s.traffic.emptied.Add(2); s.belt.signs[99] = true },
	} {
		s := newStage()
		fd := suspected(t, s)
		s.look(in)
		s.stands(t, fd) // the pump had no time yet
		passed(s)
		s.look(in)
		s.stands(t)
		if s.refused(RefusedEndless) != 1 {
			t.Errorf("%s: not counted", name)
		}
		s.look(in)
		if s.belt.attentive {
			t.Errorf("%s: still attentive", name)
		}
	}
}

func TestASuspectOfWhichAFrameComesIsAcquitted(t *testing.T) {
	s := newStage()
	fd := suspected(t, s)
	s.traffic.emptied.Add(2)
	s.belt.signs[fd] = true
	s.look(in)
	s.stands(t, fd)
	s.look(in)
	if s.belt.attentive {
		t.Error("still attentive")
	}
	s.send(in, fd, s.limits.incomplete)
	if s.belt.attentive {
		t.Error("what came before the frame is held against it")
	}
}

func TestBytesWithoutANameSpeakForEverybody(t *testing.T) {
	s := newStage()
	fd := suspected(t, s)
	s.traffic.nameless.Add(uint64(s.limits.incomplete)) // some may be its
	s.traffic.emptied.Add(2)
	s.look(in)
	s.stands(t, fd)
}

func TestHeartbeatsAreNoMessage(t *testing.T) {
	s := newStage()
	fd := s.greet(in, here)
	for range 48 * 60 {
		s.pass(time.Minute)
		s.send(in, fd, 60*heartbeats)
		s.traffic.emptied.Add(2)
		if s.belt.attentive {
			t.Fatal("suspected")
		}
		if s.conns[in].byFD[fd].received > maxPardon { // so long without a message is only pardoned up to a bound
			break
		}
	}
	s.stands(t, fd)
	s.send(in, fd, s.limits.incomplete+maxPardon)
	if !s.belt.attentive {
		t.Error("a rest made an endless message invisible")
	}
}

func TestManyThatBeginMessagesCostTheLargest(t *testing.T) {
	s := newStage()
	var fds []int
	for range 200 {
		fds = append(fds, s.greet(in, here))
	}
	each := (2*s.limits.incomplete + len(fds)*perPublisher) / len(fds)
	for i, fd := range fds {
		s.send(in, fd, each-plainHandshake+i-100)
	}
	s.look(in)
	if s.belt.attentive {
		t.Fatal("suspected of what is granted")
	}
	largest := fds[150]
	s.send(in, largest, each)
	if !s.belt.attentive {
		t.Fatal("not suspected")
	}
	s.traffic.emptied.Add(2)
	s.look(in)
	s.stands(t, slices.DeleteFunc(fds, func(fd int) bool { return fd == largest })...)
	s.look(in)
	if s.belt.attentive {
		t.Error("the others pay for it")
	}
}

// flooding is a stage on which one publisher sends faster than the pump takes, and another a little.
func flooding(t *testing.T) (s *stage, fast, slow int) {
	s = newStage()
	fast, slow = s.greet(in, here), s.greet(in, there)
	s.traffic.frames.Store(1000)
	s.traffic.taken.Store(1000 << 10)
	s.traffic.emptied.Inc()
	s.look(in)
	return s, fast, slow
}

func TestABacklogCostsThoseThatSendMost(t *testing.T) {
	s, fast, slow := flooding(t)
	for range 100 {
		s.send(in, fast, s.limits.queue/50)
		s.send(in, slow, s.limits.queue/5000)
		s.belt.signs[fast], s.belt.signs[slow] = true, true
	}
	if s.belt.sheds == 0 || !s.belt.heavy[fast] || s.belt.heavy[slow] {
		t.Errorf("shed %d times, of %v", s.belt.sheds, s.belt.heavy)
	}
	s.stands(t, fast, slow)
}

func TestABacklogIsBelievedOnlyAfterASecondLook(t *testing.T) {
	s, fast, _ := flooding(t)
	s.send(in, fast, s.limits.queue)
	if s.belt.sheds > 0 {
		t.Error("shed at first sight")
	}
	s.look(in)
	if s.belt.sheds > 0 {
		t.Error("shed without anything new")
	}
	s.send(in, fast, s.limits.queue)
	if s.belt.sheds == 0 {
		t.Error("nothing is shed")
	}
}

func TestWhatTheKernelStillHasIsNoBacklog(t *testing.T) {
	s, fast, _ := flooding(t)
	for range 10 {
		s.table.open[fast].flow.Unread += uint64(s.limits.queue)
		s.send(in, fast, s.limits.queue)
	}
	if s.belt.sheds > 0 {
		t.Error("shed what libzmq has not read")
	}
}

func TestAPumpThatKeepsUpHasNoBacklog(t *testing.T) {
	for name, keep := range map[string]func(s *stage, bytes int){
		"it took all that came": func(s *stage, _ int) { s.traffic.emptied.Inc() },
		"it took as many bytes": func(s *stage, bytes int) {
			s.traffic.taken.Add(uint64(bytes))
			s.traffic.frames.Add(uint64(bytes >> 10))
		},
	} {
		s, fast, _ := flooding(t)
		for range 100 {
			s.belt.signs[fast] = true
			s.send(in, fast, s.limits.queue/2)
			keep(s, s.limits.queue/2)
		}
		if s.belt.sheds > 0 {
			t.Errorf("%s, and yet something was shed", name)
		}
	}
}

// Frames take memory besides what is in them.
func TestManySmallFramesAreABacklogSooner(t *testing.T) {
	for size, want := range map[uint64]bool{16: true, 64 << 10: false} {
		s, fast, _ := flooding(t)
		s.traffic.frames.Store(1 << 20)
		s.traffic.taken.Store(size << 20)
		s.traffic.emptied.Inc()
		s.look(in)
		s.send(in, fast, s.limits.queue/4)
		s.send(in, fast, s.limits.queue/4)
		if got := s.belt.sheds > 0; got != want {
			t.Errorf("frames of %d bytes: shed %v, want %v", size, got, want)
		}
	}
}

func TestTheFirstMessageMayBeTheLargest(t *testing.T) {
	s := newStage()
	first, second := s.greet(in, here), s.greet(in, there)
	for range maxMessage / (8 << 10) {
		s.send(in, first, 8<<10)
		s.send(in, second, 8<<10)
	}
	if s.belt.sheds > 0 {
		t.Error("it would be shed")
	}
}

// queued is a stage on which more waits for subscribers than may; how many bytes each took until now, and whether something waits for it.
func queued(t *testing.T, took ...uint64) (s *stage, fds []int, look func()) {
	t.Helper()
	s = newStage()
	for i := range took {
		fds = append(fds, s.greet(out, string(rune('a'+i))))
		s.table.open[fds[i]].flow.Unsent = 1
	}
	s.belt.queued = s.limits.queue + 1
	s.look(in)
	return s, fds, func() {
		s.pass(stalledAfter)
		for i, fd := range fds {
			if l := s.table.open[fd]; l != nil {
				l.flow.Acked += took[i]
			}
		}
		s.look(in)
	}
}

func TestShortMemoryCostsWhoTakesNothing(t *testing.T) {
	s, fds, look := queued(t, 0, 1000, 900)
	s.stands(t, fds...) // they had no time yet
	look()
	s.stands(t, fds[1:]...)
	for range 10 {
		look() // the others are about equally fast
	}
	s.stands(t, fds[1:]...)
	if n := s.refused(RefusedSlow); n != 1 {
		t.Errorf("%d refused", n)
	}
}

func TestShortMemoryCostsTheSlowestIfOthersAreNot(t *testing.T) {
	s, fds, look := queued(t, 1000, 499, 700)
	look()
	s.stands(t, fds[0], fds[2])
}

func TestShortMemoryCostsTheSlowestIfOthersKeepUp(t *testing.T) {
	s, fds, look := queued(t, 1000, 900, 0)
	s.table.open[fds[2]].flow.Unsent = 0
	look()
	s.stands(t, fds[0], fds[2])
}

func TestNobodyIsSlowWhileThereIsRoom(t *testing.T) {
	s, fds, look := queued(t, 0, 0, 1000)
	s.belt.queued = s.limits.queue
	for range 10 {
		look()
	}
	s.stands(t, fds...)
	s.belt.queued++
	look() // what was seen before there was room is too old
	s.stands(t, fds...)
	look()
	s.stands(t, fds[2])
}
