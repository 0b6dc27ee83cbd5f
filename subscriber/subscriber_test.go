//go:build cgo

package subscriber

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/metric"
)

const anyPort = "tcp://127.0.0.1:*"

func TestBothFormsArriveWhole(t *testing.T) {
	for _, addr := range []string{anyPort, "ipc://" + filepath.Join(t.TempDir(), "s")} {
		p := newPeer(t, addr)
		s := start(t, Config{From: p.addr})
		r := receive(t, s)
		p.awaitTopics(t, "", "zsmp1|")
		p.publish(t, binaryOf("info", "größe"), "debug|Counter|jobs|5|1700000000|orders")

		if diff := cmp.Diff(aBatch("info", "größe"), r.next(t)); diff != "" {
			t.Error(diff)
		}
		want := &metric.Batch{
			Level:   "debug",
			Base:    time.Unix(1700000000, 0),
			Entries: []metric.Entry{{Series: &metric.Series{Kind: metric.Counter, Level: "debug", Name: "jobs", Source: "orders"}}},
			Samples: []metric.Sample{{Value: metric.IntValue(5)}},
		}
		if diff := cmp.Diff(want, r.next(t)); diff != "" {
			t.Error(diff)
		}
		wantStats := Stats{Messages: 2, Bytes: uint64(len(binaryOf("info", "größe")) + 38), Batches: 2, Samples: 2, Connected: true}
		if diff := cmp.Diff(wantStats, s.Stats()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestOnlyTheLevelsAskedForArrive(t *testing.T) {
	p := newPeer(t, anyPort)
	r := receive(t, start(t, Config{From: p.addr, Levels: metric.Levels{"info"}}))
	p.awaitTopics(t, "info|", "zsmp1|info|")
	p.publish(t,
		"information|Gauge|other|1|1|", binaryOf("information", "other"), binaryOf("debug", "other"), "debug|Gauge|other|1|1|",
		binaryOf("info", "binary"), "info|Gauge|text|1|1|")
	for _, want := range []string{"binary", "text"} {
		if got := r.nextName(t); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestAnIPv6EndpointConnects(t *testing.T) {
	p := newPeer(t, "tcp://[::1]:*")
	r := receive(t, start(t, Config{From: p.addr}))
	p.awaitTopics(t, "", "zsmp1|")
	p.publish(t, "info|Gauge|g|1|1|")
	r.next(t)
}

func TestANameConnectsToAnIPv4Peer(t *testing.T) {
	p := newPeer(t, anyPort)
	r := receive(t, start(t, Config{From: strings.Replace(p.addr, "127.0.0.1", "localhost", 1)}))
	p.awaitTopics(t, "", "zsmp1|")
	p.publish(t, "info|Gauge|g|1|1|")
	r.next(t)
}

// corrupt returns a binary message with one byte changed, counted from the end where at is negative.
func corrupt(at int) string {
	b := []byte(binaryOf("info", "x"))
	b[(at+len(b))%len(b)] ^= 0x40
	return string(b)
}

func TestEveryMalformedMessageIsCountedByReasonAndCostsNothingElse(t *testing.T) {
	unsorted := aBatch("info", "x")
	unsorted.Entries[0].Series.Tags = []metric.Tag{{Key: "b", Value: "1"}, {Key: "a", Value: "2"}}
	whole := binaryOf("info", "x")
	cases := []struct {
		reason metric.Reason
		frame  string
	}{
		{metric.ReasonSize, whole + strings.Repeat("x", metric.MaxFrame)[:metric.MaxFrame+1-len(whole)]},
		{metric.ReasonSize, "info|Gauge|" + strings.Repeat("n", 1<<19) + "|1|1|"},
		{metric.ReasonFields, ""},
		{metric.ReasonFields, "info|Gauge|n|1|1"},
		{metric.ReasonFields, "info|Gauge|n|1|1|s|more"},
		{metric.ReasonFields, "zsmp1|info"},
		{metric.ReasonLevel, "in fo|Gauge|n|1|1|s"},
		{metric.ReasonLevel, "zsmp1||" + whole},
		{metric.ReasonKind, "info|Histogram|n|1|1|s"},
		{metric.ReasonNumber, "info|Gauge|n|NaN|1|s"},
		{metric.ReasonNumber, "info|Gauge|n|+Inf|1|s"},
		{metric.ReasonNumber, "info|Timer|n|-0.5|1|s"},
		{metric.ReasonNumber, "info|Counter|n|1.5|1|s"},
		{metric.ReasonNumber, "info|Gauge|n|one|1|s"},
		{metric.ReasonNumber, "info|Gauge|n|1|NaN|s"},
		{metric.ReasonEncoding, "info|Gauge|\xff|1|1|s"},
		{metric.ReasonEncoding, binaryOf("info", "a|b")},
		{metric.ReasonVersion, "zsmp2|info|" + whole},
		{metric.ReasonVersion, "zsum2|info|"},
		{metric.ReasonVersion, "zs"},
		{metric.ReasonTruncated, whole[:20]},
		{metric.ReasonChecksum, whole[:len(whole)-1]},
		{metric.ReasonChecksum, corrupt(-1)},
		{metric.ReasonChecksum, corrupt(40)},
		{metric.ReasonContent, string(metric.AppendBatch(nil, unsorted))},
	}
	p := newPeer(t, anyPort)
	s := start(t, Config{From: p.addr})
	r := receive(t, s)
	p.awaitTopics(t, "", "zsmp1|")
	var want [metric.Reasons]uint64
	for i, c := range cases {
		want[c.reason]++
		good := fmt.Sprint("after ", i)
		p.publish(t, c.frame, binaryOf("info", good))
		if got := r.nextName(t); got != good {
			t.Fatalf("after %.40q came %q", c.frame, got)
		}
		if diff := cmp.Diff(want, s.Stats().Malformed); diff != "" {
			t.Fatalf("%.40q: %s", c.frame, diff)
		}
	}
}

func TestAMessageOfSeveralFramesIsCountedAndDroppedWhole(t *testing.T) {
	p := newPeer(t, anyPort)
	s := start(t, Config{From: p.addr})
	r := receive(t, s)
	p.awaitTopics(t, "", "zsmp1|")
	const good = "info|Gauge|g|1|1|"
	_, err := p.SendMessage(good, good, "", good)
	must(t, err)
	p.publish(t, "info|Gauge|alone|1|1|")
	if got := r.nextName(t); got != "alone" {
		t.Errorf("got %s", got)
	}
	stats := s.Stats()
	if stats.Malformed[metric.ReasonMultipart] != 1 || stats.Messages != 2 || stats.Bytes != uint64(3*len(good)+21) {
		t.Errorf("got %+v", stats)
	}
}

func TestFramesOfAFewMegabytesCostNothing(t *testing.T) {
	p := newPeer(t, anyPort)
	s := start(t, Config{From: p.addr})
	r := receive(t, s)
	p.awaitTopics(t, "", "zsmp1|")
	p.publish(t, strings.Repeat("x", 2<<20), "zsmp1|info|"+strings.Repeat("x", 2<<20), "info|Gauge|g|1|1|")
	r.next(t)
	if stats := s.Stats(); stats.Malformed[metric.ReasonSize] != 2 || stats.Violations != 0 {
		t.Errorf("got %+v", stats)
	}
}

func TestFramesOfMegabytesCostTheirConnectionsOnly(t *testing.T) {
	p := newPeer(t, anyPort)
	s := start(t, Config{From: p.addr})
	r := receive(t, s)
	for i := range 2 {
		p.awaitTopics(t, "", "zsmp1|")
		p.publish(t, strings.Repeat("x", 8<<20+1))
		p.awaitWithdrawal(t, "", "zsmp1|")
		eventually(t, "the connection counts as broken", func() bool { return s.Stats().Violations == uint64(i+1) })
	}
	p.awaitTopics(t, "", "zsmp1|")
	p.publish(t, "info|Gauge|g|1|1|")
	r.next(t)
}

func TestAfterSomethingElseAnsweredAtThePortAPeerIsFound(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s := start(t, Config{From: "tcp://" + listener.Addr().String()})
	r := receive(t, s)
	conn, err := listener.Accept()
	must(t, err)
	must(t, listener.Close())
	_, err = conn.Write(append([]byte("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00OTHER"), make([]byte, 47)...))
	must(t, err)
	eventually(t, "the connection counts as broken", func() bool { return s.Stats().Violations == 1 })
	must(t, conn.Close())
	p := newPeer(t, "tcp://"+listener.Addr().String())
	p.awaitTopics(t, "", "zsmp1|")
	p.publish(t, "info|Gauge|g|1|1|")
	r.next(t)
}

func TestAFloodOfGarbageDoesNotHideGoodMessages(t *testing.T) {
	const rounds, garbage = 100, 50
	p := newPeer(t, anyPort)
	s := start(t, Config{From: p.addr})
	r := receive(t, s)
	p.awaitTopics(t, "", "zsmp1|")
	for range rounds {
		for range garbage {
			p.publish(t, corrupt(-20))
		}
		p.publish(t, binaryOf("info", "good"))
	}
	for range rounds {
		r.next(t)
	}
	if got := s.Stats().Malformed[metric.ReasonChecksum]; got != rounds*garbage {
		t.Errorf("%d counted, %d sent", got, rounds*garbage)
	}
}

func TestASubscriberStartedBeforeItsPeerReceives(t *testing.T) {
	p := newPeer(t, anyPort)
	addr := p.addr
	p.shut(t)
	r := receive(t, start(t, Config{From: addr}))
	p = newPeer(t, addr)
	p.awaitTopics(t, "", "zsmp1|")
	p.publish(t, "info|Gauge|g|1|1|")
	r.next(t)
}

func TestSubscriptionsReturnWithARestartedPeer(t *testing.T) {
	p := newPeer(t, anyPort)
	r := receive(t, start(t, Config{From: p.addr, Levels: metric.Levels{"info"}}))
	for range 3 {
		p.awaitTopics(t, "info|", "zsmp1|info|")
		p.publish(t, binaryOf("info", "x"))
		r.next(t)
		p.shut(t)
		p = newPeer(t, p.addr)
	}
}

func TestWhatHadArrivedIsDeliveredAfterTheEnd(t *testing.T) {
	const n = 500
	p := newPeer(t, anyPort)
	s := start(t, Config{From: p.addr})
	p.awaitTopics(t, "", "zsmp1|")
	ctx, cancel := context.WithCancel(context.Background())
	delivered := 0
	hold, entered := make(chan struct{}), make(chan struct{})
	result := make(chan error, 1)
	go func() {
		result <- s.Receive(ctx, func(*metric.Batch) {
			if delivered == 0 {
				close(entered)
				<-hold
			}
			delivered++
		})
	}()
	for range n {
		p.publish(t, "info|Gauge|g|1|1|")
	}
	<-entered
	// Another subscriber, which got its share after the first one, says when all has left the peer.
	last := start(t, Config{From: p.addr})
	r := receive(t, last)
	for {
		p.publish(t, "info|Gauge|last|1|1|")
		select {
		case <-r.batches:
		case <-time.After(time.Millisecond):
			continue
		}
		break
	}
	cancel()
	close(hold)
	must(t, <-result)
	if delivered < n {
		t.Errorf("%d of at least %d delivered", delivered, n)
	}
}

func TestAfterItsContextEndedReceiveMayBeCalledAgain(t *testing.T) {
	p := newPeer(t, anyPort)
	s := start(t, Config{From: p.addr})
	for range 3 {
		r := receive(t, s)
		if s.Stats().Messages == 0 {
			p.awaitTopics(t, "", "zsmp1|")
		}
		p.publish(t, "info|Gauge|g|1|1|")
		r.next(t)
		r.end()
		must(t, r.wait(t))
	}
}

// atWork is a subscriber whose Receive has begun to deliver.
func atWork(t *testing.T) (*Subscriber, *reception) {
	t.Helper()
	p := newPeer(t, anyPort)
	s := start(t, Config{From: p.addr})
	r := receive(t, s)
	p.awaitTopics(t, "", "zsmp1|")
	p.publish(t, "info|Gauge|g|1|1|")
	r.next(t)
	return s, r
}

func TestASecondReceiveIsRefusedWhileOneRuns(t *testing.T) {
	s, r := atWork(t)
	if err := s.Receive(context.Background(), func(*metric.Batch) {}); !errors.Is(err, ErrReceiving) {
		t.Errorf("got %v", err)
	}
	r.end()
	must(t, r.wait(t))
}

func TestCloseEndsAReceiveThatRuns(t *testing.T) {
	s, r := atWork(t)
	closed := make(chan error)
	for range 3 {
		go func() { closed <- s.Close() }()
	}
	for range 3 {
		must(t, <-closed)
	}
	if err := r.wait(t); !errors.Is(err, ErrClosed) {
		t.Errorf("Receive returned %v", err)
	}
	if err := s.Receive(context.Background(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Receive after Close returned %v", err)
	}
	must(t, s.Close())
}

func TestAReceiverThatNeverReceivedCloses(t *testing.T) {
	must(t, start(t, Config{From: "tcp://127.0.0.1:1"}).Close())
}

func TestMessagesPassThroughOurForwarder(t *testing.T) {
	f, err := forwarder.Start(forwarder.Config{In: anyPort, Out: anyPort})
	must(t, err)
	defer f.Close()
	r := receive(t, start(t, Config{From: f.OutAddr(), Levels: metric.Levels{"info"}}))
	s, err := zmq.NewSocket(zmq.XPUB)
	must(t, err)
	defer s.Close()
	must(t, s.SetRcvtimeo(patience), s.SetImmediate(true), s.Connect(f.InAddr()))
	p := &peer{Socket: s}
	p.awaitTopics(t, "info|", "zsmp1|info|")
	p.publish(t, binaryOf("info", "binary"), "info|Gauge|text|1|1|")
	for _, want := range []string{"binary", "text"} {
		if got := r.nextName(t); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
