//go:build cgo

package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"sync"
	"time"

	zmq "github.com/pebbe/zmq4"
)

const (
	interval = 5 * time.Millisecond
	never    = 5 * time.Second // how long a fresh pair is waited for
)

var epoch = time.Now()

// pair is an honest publisher and an honest subscriber.
type pair struct {
	cancel context.CancelFunc
	ended  sync.WaitGroup // of the two goroutines, each of which owns its socket

	mu     sync.Mutex
	first  uint64 // the number of the first message that counts
	end    uint64 // the number of the first that does not count any longer
	sent   uint64
	came   int
	delays []time.Duration
}

func socket(kind zmq.Type, addr string) (*zmq.Socket, error) {
	s, err := zmq.NewSocket(kind)
	if err != nil {
		return nil, err
	}
	s.SetLinger(0)
	s.SetReconnectIvl(20 * time.Millisecond)
	s.SetReconnectIvlMax(100 * time.Millisecond)
	s.SetHeartbeatIvl(time.Second)
	s.SetHeartbeatTimeout(3 * time.Second)
	s.SetRcvtimeo(20 * time.Millisecond)
	return s, s.Connect(addr)
}

func startPair(ctx context.Context, in, out string) (*pair, error) {
	ctx, cancel := context.WithCancel(ctx)
	p := &pair{cancel: cancel}
	pub, err := socket(zmq.XPUB, in)
	if err != nil {
		return nil, err
	}
	sub, err := socket(zmq.SUB, out)
	if err != nil {
		return nil, err
	}
	sub.SetSubscribe(honest)
	for deadline := time.Now().Add(never); ; {
		if m, _ := pub.Recv(0); m == "\x01"+honest {
			break
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("the honest pair was not served before the attack")
		}
	}
	p.ended.Go(func() {
		defer pub.Close()
		for ctx.Err() == nil {
			sleep(ctx, interval)
			for {
				if _, err := pub.Recv(zmq.DONTWAIT); err != nil {
					break
				}
			}
			p.mu.Lock()
			n := p.sent
			p.sent++
			p.mu.Unlock()
			m := binary.LittleEndian.AppendUint64([]byte(honest), n)
			pub.SendBytes(binary.LittleEndian.AppendUint64(m, uint64(time.Since(epoch))), zmq.DONTWAIT)
		}
	})
	p.ended.Go(func() {
		defer sub.Close()
		for ctx.Err() == nil {
			m, err := sub.RecvBytes(0)
			if err != nil || len(m) != len(honest)+16 {
				continue
			}
			n := binary.LittleEndian.Uint64(m[len(honest):])
			at := time.Duration(binary.LittleEndian.Uint64(m[len(honest)+8:]))
			p.mu.Lock()
			if n >= p.first && n < p.end {
				p.came++
				p.delays = append(p.delays, time.Since(epoch)-at)
			}
			p.mu.Unlock()
		}
	})
	return p, nil
}

// reset begins to count.
func (p *pair) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.first, p.end, p.came, p.delays = p.sent, math.MaxUint64, 0, nil
}

// result says how many messages were sent since reset, and after a second for the last of them to come, how many did not.
func (p *pair) result() (sent, lost int, delays []time.Duration) {
	p.mu.Lock()
	p.end = p.sent
	p.mu.Unlock()
	time.Sleep(time.Second)
	p.mu.Lock()
	defer p.mu.Unlock()
	sent = int(p.end - p.first)
	return sent, sent - p.came, append([]time.Duration(nil), p.delays...)
}

func (p *pair) close() {
	p.cancel()
	p.ended.Wait()
}

// freshPair connects a new publisher and a new subscriber, and returns how long it takes until a message comes through.
func freshPair(in, out string) time.Duration {
	began := time.Now()
	pub, err := socket(zmq.XPUB, in)
	if err != nil {
		return never
	}
	defer pub.Close()
	sub, err := socket(zmq.SUB, out)
	if err != nil {
		return never
	}
	defer sub.Close()
	topic := fmt.Sprintf("fresh%d|", began.UnixNano())
	sub.SetSubscribe(topic)
	sub.SetRcvtimeo(time.Millisecond)
	pub.SetRcvtimeo(time.Millisecond)
	for time.Since(began) < never {
		pub.Recv(0)
		pub.Send(topic, zmq.DONTWAIT)
		if m, err := sub.Recv(0); err == nil && m == topic {
			return time.Since(began)
		}
	}
	return never
}
