package attack

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"
)

// Target is the forwarder: where publishers and where subscribers connect.
type Target struct{ In, Out string }

// each runs n loops until the context ends. A loop that fails begins again after a while, longer each time.
func each(ctx context.Context, n int, do func(ctx context.Context, i int) error) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			for ctx.Err() == nil {
				one, cancel := context.WithCancel(ctx)
				do(one, i)
				cancel()
				pause(ctx, 10*time.Millisecond)
			}
		})
	}
	all.Wait()
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (t Target) either(i int) string {
	if i%2 == 0 {
		return t.Out
	}
	return t.In
}

// Silent holds n connections, half of them at either side, on which it says nothing.
func Silent(ctx context.Context, t Target, n int) {
	each(ctx, n, func(ctx context.Context, i int) error {
		p, err := Dial(ctx, t.either(i))
		if err == nil {
			p.drain()
		}
		return err
	})
}

// Drip holds n connections, half of them at either side, on which it greets a byte at a time.
func Drip(ctx context.Context, t Target, n int) {
	each(ctx, n, func(ctx context.Context, i int) error {
		p, err := Dial(ctx, t.either(i))
		if err != nil {
			return err
		}
		for _, b := range []byte(greeting) {
			if _, err := p.Write([]byte{b}); err != nil {
				return err
			}
			pause(ctx, 300*time.Millisecond)
		}
		return nil
	})
}

// Reconnect connects and closes in n loops.
func Reconnect(ctx context.Context, t Target, n int) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			for ctx.Err() == nil {
				p, err := Dial(ctx, t.either(i))
				if err != nil {
					pause(ctx, time.Millisecond)
					continue
				}
				if tcp, ok := p.Conn.(*net.TCPConn); ok {
					tcp.SetLinger(0)
				}
				p.Close()
			}
		})
	}
	all.Wait()
}

// Garbage sends random bytes on n connections, half of them at either side, some after a proper handshake.
func Garbage(ctx context.Context, t Target, n int) {
	each(ctx, n, func(ctx context.Context, i int) error {
		var p Peer
		var err error
		if i%4 < 2 {
			p, err = Dial(ctx, t.either(i))
		} else {
			p, err = Connect(ctx, t.either(i), []string{"SUB", "PUB"}[i%2])
		}
		if err != nil {
			return err
		}
		go p.drain()
		var seed [32]byte
		binary.LittleEndian.PutUint64(seed[:], rand.Uint64())
		noise := rand.NewChaCha8(seed)
		buf := make([]byte, 4<<10)
		for {
			noise.Read(buf)
			if _, err := p.Write(buf); err != nil {
				return err
			}
		}
	})
}

// Topics subscribes on n connections, as fast as it can, to topics of the given lengths, distinct as far as they can be.
func Topics(ctx context.Context, t Target, n, shortest, longest int) {
	each(ctx, n, func(ctx context.Context, i int) error {
		return subscribe(ctx, t, func(rnd *rand.Rand, buf []byte) []byte {
			topic := make([]byte, shortest+rnd.IntN(longest-shortest+1))
			for k := range topic {
				topic[k] = 'a' + byte(rnd.IntN(26))
			}
			return append(buf, Frame(0, "\x01"+string(topic))...)
		})
	})
}

// Toggle subscribes and withdraws on n connections, as fast as it can, and withdraws what it never held.
func Toggle(ctx context.Context, t Target, n int) {
	each(ctx, n, func(ctx context.Context, i int) error {
		return subscribe(ctx, t, func(rnd *rand.Rand, buf []byte) []byte {
			topic := fmt.Sprintf("t%d", rnd.IntN(10))
			buf = append(buf, Frame(0, "\x01"+topic)...)
			return append(append(buf, Frame(0, "\x00"+topic)...), Frame(0, "\x00honest|")...)
		})
	})
}

func subscribe(ctx context.Context, t Target, next func(*rand.Rand, []byte) []byte) error {
	p, err := Connect(ctx, t.Out, "SUB")
	if err != nil {
		return err
	}
	defer p.Close()
	go p.drain()
	rnd := rand.New(rand.NewPCG(rand.Uint64(), 1))
	buf := make([]byte, 0, 16<<10)
	for {
		for buf = buf[:0]; len(buf) < 12<<10; {
			buf = next(rnd, buf)
		}
		if _, err := p.Write(buf); err != nil {
			return err
		}
	}
}

// Overlong subscribes, in n loops, to a topic of that many bytes.
func Overlong(ctx context.Context, t Target, n, size int) {
	frame := Frame(0, "\x01"+strings.Repeat("o", size))
	each(ctx, n, func(ctx context.Context, i int) error {
		p, err := Connect(ctx, t.Out, "SUB")
		if err != nil {
			return err
		}
		go p.Write(frame)
		p.drain()
		return nil
	})
}

// Multipart sends, on n connections, messages that never end, of frames of that many bytes.
func Multipart(ctx context.Context, t Target, n, size int) {
	publish(ctx, t, n, Frame(More, strings.Repeat("m", size)))
}

// Publish sends, on n connections, messages of a topic as fast as the forwarder takes them.
func Publish(ctx context.Context, t Target, n, size int, topic string) {
	publish(ctx, t, n, Frame(0, topic+strings.Repeat("p", size-len(topic))))
}

func publish(ctx context.Context, t Target, n int, frame []byte) {
	burst := frame
	for len(burst) < 32<<10 {
		burst = append(burst, frame...)
	}
	each(ctx, n, func(ctx context.Context, i int) error {
		p, err := Connect(ctx, t.In, "PUB")
		if err != nil {
			return err
		}
		go p.drain()
		for {
			if _, err := p.Write(burst); err != nil {
				return err
			}
		}
	})
}

// Huge announces, in n loops, a frame of 4 GiB, and sends as much of it as is taken.
func Huge(ctx context.Context, t Target, n int) {
	head := binary.BigEndian.AppendUint64([]byte{long}, 4<<30)
	some := make([]byte, 64<<10)
	each(ctx, n, func(ctx context.Context, i int) error {
		p, err := Connect(ctx, t.either(i), []string{"SUB", "PUB"}[i%2])
		if err != nil {
			return err
		}
		go p.drain()
		if _, err := p.Write(head); err != nil {
			return err
		}
		for {
			if _, err := p.Write(some); err != nil {
				return err
			}
		}
	})
}

// Stalled holds n subscribers of a topic that read nothing, or, if slow, a little at a time. They answer no heartbeats.
func Stalled(ctx context.Context, t Target, n int, topic string, slow bool) {
	each(ctx, n, func(ctx context.Context, i int) error {
		p, err := Connect(ctx, t.Out, "SUB")
		if err != nil {
			return err
		}
		if tcp, ok := p.Conn.(*net.TCPConn); ok {
			tcp.SetReadBuffer(4 << 10)
		}
		if _, err := p.Write(Frame(0, "\x01"+topic)); err != nil {
			return err
		}
		ping := Frame(command, "\x04PING\x00\x00")
		buf := make([]byte, 1<<10)
		for {
			pause(ctx, 100*time.Millisecond)
			if _, err := p.Write(ping); err != nil { // a sign of life, and how the end is noticed
				return err
			}
			if slow {
				if _, err := p.Read(buf); err != nil {
					return err
				}
			}
		}
	})
}
