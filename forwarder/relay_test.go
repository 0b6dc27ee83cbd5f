//go:build cgo

package forwarder

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	zmq "github.com/pebbe/zmq4"
)

func TestATopicIsRelayedOnceHoweverManyHoldIt(t *testing.T) {
	f := start(t, Config{})
	pub := publisher(t, f)
	a := subscriber(t, f, "info|")
	hears(t, pub, "\x01info|")
	b := subscriber(t, f, "info|", "b")
	hears(t, pub, "\x01b")
	if got := f.Stats().Topics; got != 2 {
		t.Errorf("%d topics, want 2", got)
	}

	must(t, a.Close())
	eventually(t, "one subscriber left", func() bool { return f.Stats().Subscribers == 1 })
	must(t, b.SetSubscribe("c"))
	hears(t, pub, "\x01c") // and no withdrawal of info|, since b holds it

	must(t, b.SetUnsubscribe("info|"))
	hears(t, pub, "\x00info|")
	must(t, b.Close())
	got := map[string]bool{}
	for range 2 {
		m, err := pub.Recv(0)
		must(t, err)
		got[m] = true
	}
	if !got["\x00b"] || !got["\x00c"] {
		t.Errorf("when the last subscriber left, the publisher heard %v", got)
	}
	eventually(t, "no topics left", func() bool { return f.Stats().Topics == 0 })
}

func TestALatePublisherHearsWhatIsRelayed(t *testing.T) {
	f := start(t, Config{})
	first := publisher(t, f)
	subscriber(t, f, "zsmp1|debug|")
	hears(t, first, "\x01zsmp1|debug|")
	hears(t, publisher(t, f), "\x01zsmp1|debug|")
}

func TestRefusedSubscriptionsAreCountedAndOthersServed(t *testing.T) {
	f := start(t, Config{MaxTopics: 3})
	pub := publisher(t, f)
	honest := subscriber(t, f, "info|")
	hears(t, pub, "\x01info|")

	rogue := subscriber(t, f, strings.Repeat("x", 65), strings.Repeat("y", 200), "a\nb", "c\xff", "rogue1", "rogue2", "rogue3")
	hears(t, pub, "\x01rogue1", "\x01rogue2")
	eventually(t, "a topic too many is refused", func() bool { return f.Stats().Refused[RefusedTooMany] == 1 })
	s := f.Stats()
	if s.Refused[RefusedLong] != 2 || s.Refused[RefusedMalformed] != 2 || s.Topics != 3 {
		t.Errorf("stats %+v, want 2 topics refused as long, 2 as malformed and 3 relayed", s)
	}

	send(t, pub, "info|Counter|jobs|1|0|test")
	hears(t, honest, "info|Counter|jobs|1|0|test")

	// Who has much makes room for who comes late and wants little.
	late := subscriber(t, f, "late")
	hears(t, pub, "\x00rogue2", "\x01late")
	send(t, pub, "late message")
	hears(t, late, "late message")

	// What waited takes the place of what goes.
	must(t, late.SetUnsubscribe("late"))
	hears(t, pub, "\x00late", "\x01rogue3")
	must(t, rogue.Close())
	eventually(t, "the honest topic is left", func() bool { return f.Stats().Topics == 1 })
}

// libzmq reports a peer's withdrawal of a topic which that peer does not hold. Others who hold it must not lose it.
func TestNobodyCanWithdrawTheTopicOfOthers(t *testing.T) {
	for name, connect := range map[string]func(testing.TB, string, string) stranger{"ZMTP 3": newStranger, "ZMTP 2": newOldStranger} {
		t.Run(name, func(t *testing.T) {
			f := start(t, Config{})
			pub := publisher(t, f)
			honest := subscriber(t, f, "info|", "")
			hears(t, pub, "\x01info|", "\x01")

			rogue := connect(t, f.OutAddr(), "SUB")
			rogue.write(t, 0, "\x00info|")
			rogue.write(t, 0, "\x00")
			rogue.write(t, 0, "\x01info|") // held now, and withdrawn once too often
			rogue.write(t, 0, "\x00info|")
			rogue.write(t, 0, "\x00info|")
			rogue.write(t, 0, "\x00never")
			rogue.write(t, 0, "\x01rogue")
			hears(t, pub, "\x01rogue")
			rogue.Close()
			hears(t, pub, "\x00rogue")
			if got := f.Stats().Refused[RefusedUnheld]; got != 1 {
				t.Errorf("%d withdrawals of topics not relayed, want 1", got)
			}

			must(t, honest.SetUnsubscribe("info|"))
			hears(t, pub, "\x00info|")
			must(t, honest.Close())
			hears(t, pub, "\x00")
		})
	}
}

func TestWhatElseSubscribersSendIsRefused(t *testing.T) {
	f := start(t, Config{})
	pub := publisher(t, f)
	rogue := socket(t, zmq.XSUB, f.OutAddr())
	for _, m := range []string{"\x02", "hello", "", strings.Repeat("h", 200)} {
		send(t, rogue, m)
	}
	if _, err := rogue.SendMessage("several", "frames"); err != nil {
		t.Fatal(err)
	}
	send(t, rogue, "\x01info|")
	hears(t, pub, "\x01info|")
	if got := f.Stats().Refused[RefusedRequest]; got != 6 {
		t.Errorf("%d frames refused, want 6", got)
	}
}

// libzmq 4.3.4 sends topics of 246 to 255 bytes garbled. Larger requests than 256 bytes cost the connection.
func TestOverlongTopicsDisturbNobody(t *testing.T) {
	f := start(t, Config{})
	pub := publisher(t, f)
	honest := subscriber(t, f, "", "zsmp1|info|")
	hears(t, pub, "\x01", "\x01zsmp1|info|")
	for _, n := range []int{65, 240, 245, 246, 247, 250, 255, 256, 257, 1000} {
		before := f.Stats().Refused[RefusedLong]
		rogue, disconnected := monitored(t, zmq.SUB, f.OutAddr())
		must(t, rogue.SetSubscribe(strings.Repeat("o", n)))
		eventually(t, fmt.Sprintf("a topic of %d bytes is refused, or costs the connection", n), func() bool {
			return f.Stats().Refused[RefusedLong] > before || disconnected()
		})
		must(t, rogue.Close())
	}
	before := f.Stats().Refused
	for _, n := range []int{257, 64 << 10, 8 << 20} { // by hand, since these would bring down the sender's own libzmq
		rogue := newStranger(t, f.OutAddr(), "SUB")
		head := binary.BigEndian.AppendUint64([]byte{2}, uint64(1+n))
		rogue.Write(append(head, "\x01"+strings.Repeat("o", n)...)) // fails where the connection ends before all is written
		if _, err := io.Copy(io.Discard, rogue); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a topic of %d bytes did not cost the connection", n)
		}
	}
	after := f.Stats().Refused
	after[RefusedUnheld] = before[RefusedUnheld] // the ends of those before, late
	if after != before {
		t.Errorf("topics that cost the connection were looked at: refusals %v, then %v", before, after)
	}
	send(t, pub, "zsmp1|info|still served")
	hears(t, honest, "zsmp1|info|still served")
	must(t, honest.SetSubscribe("after"))
	hears(t, pub, "\x01after")
}

func TestThousandsOfTopicsComeAndGo(t *testing.T) {
	const n = 3000
	f := start(t, Config{MaxTopics: n})
	sub, err := zmq.NewSocket(zmq.SUB)
	must(t, err)
	defer sub.Close()
	must(t, sub.SetSndhwm(0), sub.Connect(f.OutAddr())) // libzmq drops subscriptions beyond the mark
	for i := range n {
		must(t, sub.SetSubscribe(fmt.Sprintf("level%d|", i)))
	}
	eventually(t, "all topics are relayed", func() bool { return f.Stats().Topics == n })
	pub := publisher(t, f)
	hearsAll := func(what string) {
		want := map[string]bool{}
		for i := range n {
			want[fmt.Sprintf("%slevel%d|", what, i)] = true
		}
		for len(want) > 0 {
			m, err := pub.Recv(0)
			must(t, err)
			if !want[m] {
				t.Fatalf("heard %q twice, or for no reason", m)
			}
			delete(want, m)
		}
	}
	hearsAll("\x01")
	must(t, sub.Close())
	hearsAll("\x00")
}

// A question that comes while so many requests wait as one turn takes is answered by the next, though nothing else wakes the loop.
func TestTheGateIsAnsweredThoughTheLastTurnTookAllRequests(t *testing.T) {
	f := unstarted(t)
	for i := range requestsPerTurn {
		must(t, f.relay.probe.SetSubscribe(strings.Repeat("x", MaxTopicLen+1+i%100)+strconv.Itoa(i)))
	}
	f.pump.ask()
	go f.run()
	t.Cleanup(func() { f.Close() })
	eventually(t, "the answer", func() bool { return f.gate.after.answered.Load() == 1 })
}

// unstarted returns a forwarder that listens nowhere and whose loop does not run yet.
func unstarted(t *testing.T) *Forwarder {
	t.Helper()
	cfg, err := Config{}.withDefaults()
	must(t, err)
	f := &Forwarder{log: cfg.Logger, done: make(chan struct{}), in: new(side), out: new(side), refusals: &refusals{log: cfg.Logger}}
	f.relay = &relay{in: f.in, out: f.out, topics: newTopics(cfg.MaxTopics), refusals: f.refusals}
	must(t, f.open(cfg))
	return f
}
