//go:build cgo && linux

package forwarder

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/forwarder/internal/attack"
	"github.com/zibrato/zibrato/metric"
)

// scene is an attack, with as few attackers as show what it does.
type scene struct {
	name string
	do   func(context.Context, attack.Target)
	met  func(Stats) bool // whether the forwarder has seen and refused what it is about; nil: it cannot tell
	near bool             // the attackers share the address of the honest peers
}

func refuses(why Refusal) func(Stats) bool { return func(s Stats) bool { return s.Refused[why] > 0 } }

// hostConnections is what the host grants besides those amid the handshake, and hostFiles its limit on open files, of which
// follows how many those may be.
const (
	hostConnections = 64
	hostFiles       = 512
	tooMany         = hostFiles / 4
)

var scenes = []scene{
	{name: "silent connections", met: refuses(RefusedConnections), do: func(ctx context.Context, t attack.Target) { attack.Silent(ctx, t, 2*tooMany) }},
	{name: "slow handshakes", met: refuses(RefusedConnections), do: func(ctx context.Context, t attack.Target) { attack.Drip(ctx, t, 2*tooMany) }},
	{name: "many idle subscribers", met: refuses(RefusedConnections), do: func(ctx context.Context, t attack.Target) {
		attack.Stalled(ctx, t, hostConnections+8, "nothing|", true)
	}},
	{name: "connections in loops", do: func(ctx context.Context, t attack.Target) { attack.Reconnect(ctx, t, 4) }},
	{name: "random bytes", met: refuses(RefusedFlood), do: func(ctx context.Context, t attack.Target) { attack.Garbage(ctx, t, 8) }},
	{name: "topics without end", met: refuses(RefusedFlood), do: func(ctx context.Context, t attack.Target) { attack.Topics(ctx, t, 2, 1, 64) }},
	{name: "topics without end from a neighbour", met: refuses(RefusedFlood), near: true, do: func(ctx context.Context, t attack.Target) { attack.Topics(ctx, t, 1, 1, 64) }},
	{name: "topics that are too long", met: refuses(RefusedLong), do: func(ctx context.Context, t attack.Target) { attack.Topics(ctx, t, 2, 65, 240) }},
	{name: "topics of megabytes", do: func(ctx context.Context, t attack.Target) { attack.Overlong(ctx, t, 2, 8<<20) }},
	{name: "subscriptions and withdrawals", met: refuses(RefusedFlood), do: func(ctx context.Context, t attack.Target) { attack.Toggle(ctx, t, 2) }},
	{name: "endless messages of small frames", met: refuses(RefusedEndless), do: func(ctx context.Context, t attack.Target) { attack.Multipart(ctx, t, 1, 1) }},
	{name: "endless messages of large frames", met: refuses(RefusedEndless), do: func(ctx context.Context, t attack.Target) { attack.Multipart(ctx, t, 2, 64<<10) }},
	{name: "frames of gigabytes", do: func(ctx context.Context, t attack.Target) { attack.Huge(ctx, t, 4) }},
	{name: "messages that are too large", met: refuses(RefusedLarge), do: func(ctx context.Context, t attack.Target) { attack.Publish(ctx, t, 1, metric.MaxFrame+1, "other|") }},
	{name: "small messages at full speed", met: func(s Stats) bool { return s.Messages > 10_000 }, do: func(ctx context.Context, t attack.Target) { attack.Publish(ctx, t, 2, 64, "other|") }},
	{name: "subscribers that read nothing", met: refuses(RefusedSlow), do: stalled(4, false)},
	{name: "subscribers that read little", met: refuses(RefusedSlow), do: stalled(4, true)},
}

// stalled lets subscribers stand in the way of a publisher that sends as fast as it can.
func stalled(n int, slow bool) func(context.Context, attack.Target) {
	return func(ctx context.Context, t attack.Target) {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			attack.Publish(ctx, t, 1, 64<<10, "stalled|")
		}()
		attack.Stalled(ctx, t, n, "stalled|", slow)
		<-ended
	}
}

// Each attack lasts until the forwarder has met it, and honest peers were served meanwhile: a pair that was there before, without a loss, and
// one that comes late.
func TestHonestPeersAreServedThroughEveryAttack(t *testing.T) {
	h := startHost(t)
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			opened := h.ask(t, "open")
			target := attack.Target{In: opened.In, Out: opened.Out}
			before := newHonest(t, target, "before|")
			before.exchange(t, 10)

			attack.From = nil
			if !s.near {
				attack.From = net.IPv4(127, 0, 0, 2)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				s.do(ctx, target)
			}()
			defer func() {
				cancel()
				<-ended
			}()

			eventually(t, "the forwarder meets the attack", func() bool {
				before.exchange(t, 10)
				now := h.ask(t, "look")
				return s.met == nil || s.met(now.Stats)
			})
			before.exchange(t, 100)
			newHonest(t, target, "late|").exchange(t, 10)
			before.exchange(t, 100)
			cancel()
			<-ended

			closed := h.ask(t, "close")
			if closed.Grown > hostGrows {
				t.Errorf("the host grew by %d bytes, want %d at the most", closed.Grown, int64(hostGrows))
			}
			if closed.Goroutines > 0 || closed.Files > 0 {
				t.Errorf("left in the host: %d goroutines, %d open files", closed.Goroutines, closed.Files)
			}
			if testing.Verbose() {
				t.Logf("grew by %d KiB; %+v", closed.Grown>>10, closed.Stats)
			}
		})
	}
}

// honest is a publisher and a subscriber that mean well.
type honest struct {
	pub, sub *zmq.Socket
	topic    string
	sent     int
}

func newHonest(t *testing.T, target attack.Target, topic string) *honest {
	t.Helper()
	h := &honest{pub: socket(t, zmq.XPUB, target.In), sub: socket(t, zmq.SUB, target.Out), topic: topic}
	must(t, h.pub.SetXpubNodrop(true), h.sub.SetSubscribe(topic))
	// Reads as fast as it can: subscriptions of attackers may come before.
	for others, deadline := 0, time.Now().Add(patience); ; others++ {
		m, err := h.pub.Recv(0)
		must(t, err)
		if m == "\x01"+topic {
			return h
		}
		if time.Now().After(deadline) {
			t.Fatalf("an honest pair is not served, but told of %d subscriptions of others", others)
		}
	}
}

// exchange sends messages, one when the other has come.
func (h *honest) exchange(t *testing.T, n int) {
	t.Helper()
	for range n {
		h.sent++
		m := fmt.Sprint(h.topic, h.sent)
		send(t, h.pub, m)
		hears(t, h.sub, m)
	}
}
