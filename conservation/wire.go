//go:build cgo && linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"time"

	zmq "github.com/pebbe/zmq4"
	"github.com/zibrato/zibrato/metric"
	"go.uber.org/atomic"
)

// apart is the address that the harness' own subscriber comes from. Faults of the network leave it alone.
const apart = "127.0.0.2"

// witness is a subscriber that is always there. It keeps debug on, and remembers frames for those who send them again.
type witness struct {
	seed  maphash.Seed
	stop  chan struct{}
	ended chan struct{}

	mu      sync.Mutex
	frames  [][]byte       // the latest
	seen    map[uint64]int // how often, by hash
	again   int            // frames that came again
	strange int            // frames that no publisher made
}

// brand begins the frames that no publisher made.
var brand = []byte(metric.SummariesTopic + "info|stranger")

func watch(out string) (*witness, error) {
	s, err := zmq.NewSocket(zmq.SUB)
	if err != nil {
		return nil, err
	}
	w := &witness{seed: maphash.MakeSeed(), stop: make(chan struct{}), ended: make(chan struct{}), seen: map[uint64]int{}}
	err = errors.Join(s.SetRcvtimeo(50*time.Millisecond), s.SetLinger(0), s.SetReconnectIvl(50*time.Millisecond),
		s.SetHeartbeatIvl(time.Second), s.SetHeartbeatTimeout(3*time.Second),
		s.SetSubscribe(metric.SummariesTopic), s.SetSubscribe(metric.SamplesTopic+"error|"),
		s.Connect("tcp://"+apart+":0;"+out[len("tcp://"):]))
	if err != nil {
		s.Close()
		return nil, err
	}
	go w.run(s)
	return w, nil
}

// run owns the socket.
func (w *witness) run(s *zmq.Socket) {
	defer close(w.ended)
	defer s.Close()
	for {
		select {
		case <-w.stop:
			return
		default:
		}
		frame, err := s.RecvBytes(0)
		if err != nil { // there was none
			continue
		}
		sum := maphash.Bytes(w.seed, frame)
		w.mu.Lock()
		switch {
		case bytes.HasPrefix(frame, brand):
			w.strange++
		default:
			if w.seen[sum]++; w.seen[sum] > 1 {
				w.again++
			} else if w.frames = append(w.frames, frame); len(w.frames) > 512 {
				w.frames = w.frames[256:]
			}
		}
		w.mu.Unlock()
	}
}

func (w *witness) close() {
	close(w.stop)
	<-w.ended
}

func (w *witness) counts() (again, strange int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.again, w.strange
}

// latest returns up to n of the latest frames.
func (w *witness) latest(n int) [][]byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([][]byte(nil), w.frames[max(len(w.frames)-n, 0):]...)
}

// publish sends frames, once somebody subscribes.
func publish(in string, frames [][]byte) error {
	s, err := zmq.NewSocket(zmq.XPUB)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := errors.Join(s.SetLinger(time.Second), s.SetRcvtimeo(5*time.Second), s.SetSndtimeo(time.Second), s.SetXpubNodrop(true), s.Connect(in)); err != nil {
		return err
	}
	if _, err := s.RecvBytes(0); err != nil {
		return fmt.Errorf("nobody subscribes: %w", err)
	}
	time.Sleep(50 * time.Millisecond) // the other subscriptions
	for _, f := range frames {
		if _, err := s.SendBytes(f, 0); err != nil {
			return err
		}
	}
	return nil
}

// damage returns copies of frames in which something is wrong, and one that no publisher made.
func damage(frames [][]byte, rng *rand.Rand) [][]byte {
	out := make([][]byte, 0, len(frames)+1)
	for _, f := range frames {
		f = bytes.Clone(f)
		switch rng.IntN(3) {
		case 0:
			f[rng.IntN(len(f))] ^= 1 << rng.IntN(8)
		case 1:
			f = f[:rng.IntN(len(f))]
		case 2:
			f = append(f, f[:rng.IntN(len(f))]...)
		}
		out = append(out, f)
	}
	junk := bytes.Clone(brand)
	for range 200 {
		junk = append(junk, byte(rng.Uint32()))
	}
	return append(out, junk)
}

// babble connects and says things that are no ZeroMQ. It returns how many bytes were taken.
func babble(endpoint string, d time.Duration, rng *rand.Rand) (sent int, err error) {
	begun := time.Now()
	for time.Since(begun) < d {
		c, err := net.DialTimeout("tcp", endpoint[len("tcp://"):], time.Second)
		if err != nil {
			return sent, err
		}
		junk := make([]byte, 1+rng.IntN(4096))
		for i := range junk {
			junk[i] = byte(rng.Uint32())
		}
		n, _ := c.Write(junk)
		sent += n
		if rng.IntN(2) == 0 {
			c.(*net.TCPConn).SetLinger(0)
		}
		c.Close()
		time.Sleep(10 * time.Millisecond)
	}
	return sent, nil
}

// flood subscribes to so many topics, and goes when it is stopped.
func flood(out string, n int, stop <-chan struct{}, rng *rand.Rand) error {
	s, err := zmq.NewSocket(zmq.SUB)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := errors.Join(s.SetLinger(0), s.SetSndhwm(2*n), s.Connect(out)); err != nil {
		return err
	}
	for range n {
		if err := s.SetSubscribe(fmt.Sprintf("zsum1|flood%x|", rng.Uint64())); err != nil {
			return err
		}
	}
	<-stop
	return nil
}

// texter publishes the text form, as programs do that know nothing else. Its owner is the goroutine of run.
type texter struct {
	sent  atomic.Int64 // counted before it is sent
	stop  chan struct{}
	ended chan struct{}
}

// textSource is where its measurements come from.
const textSource = "texter"

func text(in string) (*texter, error) {
	s, err := zmq.NewSocket(zmq.PUB)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.SetLinger(0), s.SetReconnectIvl(50*time.Millisecond), s.Connect(in)); err != nil {
		s.Close()
		return nil, err
	}
	t := &texter{stop: make(chan struct{}), ended: make(chan struct{})}
	go t.run(s)
	return t, nil
}

func (t *texter) run(s *zmq.Socket) {
	defer close(t.ended)
	defer s.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-t.stop:
			return
		case <-tick.C:
			t.sent.Inc()
			_, err := s.SendBytes(fmt.Appendf(nil, "info|Counter|said|1|%d|%s", time.Now().Unix(), textSource), zmq.DONTWAIT)
			if err != nil && !errors.Is(err, zmq.Errno(syscall.EAGAIN)) {
				return
			}
		}
	}
}

func (t *texter) close() {
	close(t.stop)
	<-t.ended
}
