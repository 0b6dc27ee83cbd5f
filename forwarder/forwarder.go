//go:build cgo

package forwarder

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	zmq "github.com/pebbe/zmq4"
)

// Forwarder connects publishers with subscribers. Its methods may be called from any goroutine.
type Forwarder struct {
	inAddr, outAddr string // constant
	log             *slog.Logger
	stop            func()        // asks the loop to end; harmless after that
	done            chan struct{} // closed when the loop has ended and the sockets are closed
	err             error         // why it ended unasked; written before done is closed

	// The goroutine of run owns what follows, and the sockets in it; the atomics in it are there for Stats.
	stopped  *os.File // the end of a pipe that becomes readable when the loop is to end, or a side's connections
	asks     *os.File // the other end
	in, out  *side
	relay    *relay
	pump     *pump
	refusals *refusals
	gate     *gatekeeper
	pulse    pulse
	locks    locks
}

// Start binds both endpoints, that of the subscribers first, and begins to forward. An error is one line that names the
// endpoint, the cause and what to do about it.
func Start(cfg Config) (*Forwarder, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	in, err := resolve(cfg.In, cfg.reachable())
	if err != nil {
		return nil, fmt.Errorf("forwarder: Config.In %q: %w", cfg.In, err)
	}
	out, err := resolve(cfg.Out, cfg.reachable())
	if err != nil {
		return nil, fmt.Errorf("forwarder: Config.Out %q: %w", cfg.Out, err)
	}
	if in == out && !strings.HasSuffix(in.uri, "*") {
		return nil, fmt.Errorf("forwarder: Config.In and Config.Out are both %q; give each its own", cfg.In)
	}
	f := &Forwarder{
		log:      cfg.Logger,
		done:     make(chan struct{}),
		in:       new(side),
		out:      new(side),
		refusals: &refusals{log: cfg.Logger},
	}
	f.relay = &relay{in: f.in, out: f.out, topics: newTopics(cfg.MaxTopics), refusals: f.refusals}
	if err := f.open(cfg); err != nil {
		f.release()
		return nil, fmt.Errorf("forwarder: %w", err)
	}
	if err := f.out.bind(out); err != nil {
		f.release()
		return nil, fmt.Errorf("forwarder: Config.Out %q: %w", cfg.Out, err)
	}
	if err := f.in.bind(in); err != nil {
		f.release()
		return nil, fmt.Errorf("forwarder: Config.In %q: %w", cfg.In, err)
	}
	f.inAddr, f.outAddr = f.in.bound, f.out.bound
	f.log.Info("forwarder: listening", "in", f.inAddr, "out", f.outAddr)
	f.watch()
	f.gate.start()
	go f.run()
	return f, nil
}

// open makes all that needs no endpoint. Whether or not it fails, release undoes it.
func (f *Forwarder) open(cfg Config) error {
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("making a pipe: %w; raise the limit on open files", err)
	}
	f.stopped, f.asks = r, w
	f.stop = sync.OnceFunc(func() { w.Close() })
	for _, step := range []func() error{
		func() error { return f.out.open(zmq.XPUB, maxRequest) },
		func() error { return checkVersion(zmq.Version()) },
		func() error { return f.in.open(zmq.XSUB, maxMessage) },
		// No marks: libzmq is on the safe side only while it reads all that comes. Pump and gate see to it that not too much waits.
		func() error { return cmp.Or(f.in.socket.SetRcvhwm(0), f.out.socket.SetRcvhwm(0)) },
		func() error { return f.out.socket.SetSndhwm(cfg.queueLen()) },
		// Subscribers have little to say. What waits of it in the kernel is out of the gate's reach.
		func() error { return f.out.socket.SetRcvbuf(requestBuffer) },
		// What does not fit the queue of subscriptions for a publisher, libzmq would drop.
		func() error { return f.in.socket.SetSndhwm(8 * max(cfg.MaxTopics, 64)) },
		func() error { return f.lock(cfg) },
		f.relay.open,
		func() (err error) { f.pump, err = newPump(f.in, f.out, r.Fd(), w, cfg.QueueBytes*3/2); return err },
		func() (err error) { f.gate, err = newGatekeeper(cfg, f.in, f.out, f.pump, f.refusals); return err },
		func() error { f.relay.gate = f.gate.gate; return nil },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// checkVersion refuses versions of libzmq that a stranger can bring down or worse (CVE-2019-6250, CVE-2019-13132,
// CVE-2020-15166, CVE-2021-20235).
func checkVersion(major, minor, patch int) error {
	if v := [...]int{major, minor, patch}; slices.Compare(v[:], []int{4, 3, 3}) < 0 {
		return fmt.Errorf("libzmq is %d.%d.%d: 4.3.3 or newer is needed, since peers can bring down older ones; upgrade it", major, minor, patch)
	}
	return nil
}

// run owns the sockets until the forwarder ends.
func (f *Forwarder) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(f.done)
	err := f.loop()
	f.locks.endWatch()
	f.release()
	if err != nil {
		f.err = fmt.Errorf("forwarder: ended unexpectedly: %w", err)
		f.log.Error(f.err.Error(), "in", f.inAddr, "out", f.outAddr)
	}
}

// loop does what the pump leaves to it. Each turn is short, so that messages, subscriptions and Close wait for one another
// only briefly.
func (f *Forwarder) loop() error {
	for {
		timeout := -time.Millisecond
		switch {
		case f.relay.asked: // the last turn did not come to the end of what waited; perhaps just that was the end
			timeout = 0
		case f.relay.topics.late():
			timeout = catchUpInterval
		}
		why, err := f.pump.run(timeout)
		if err != nil {
			return err
		}
		if why&refused != 0 {
			f.refusals.raise(RefusedMultipart, f.pump.traffic.multipart.Load(), "")
			f.refusals.raise(RefusedLarge, f.pump.traffic.large.Load(), "")
			f.refusals.raise(RefusedCrowded, f.pump.traffic.crowded.Load(), "")
		}
		if why&stop != 0 {
			if end, err := f.told(); end || err != nil {
				return err
			}
		}
		if why&requests != 0 || timeout > 0 || f.relay.asked {
			err = f.relay.turn()
		}
		if err != nil {
			return err
		}
	}
}

// release closes what open made, the publishers' side first: they keep what they have when nobody takes it.
func (f *Forwarder) release() {
	if f.gate != nil {
		f.gate.close()
	}
	f.relay.close()
	f.in.close()
	f.out.close()
	if f.pump != nil {
		f.pump.close()
	}
	f.locks.close()
	if f.stopped != nil {
		f.stop()
		f.stopped.Close()
	}
}

// Close stops listening and forwarding, and waits until both addresses are free. Messages that wait for subscribers get
// a quarter of a second to leave in the background. The file of an ipc endpoint stays; the next Start there takes it
// over. Close returns what [Forwarder.Err] does, and may be called more than once.
func (f *Forwarder) Close() error {
	f.stop()
	<-f.done
	return f.err
}

// Done returns a channel that is closed when the forwarder has ended, by Close or unasked.
func (f *Forwarder) Done() <-chan struct{} { return f.done }

// Err says why the forwarder ended unasked. It is nil while it runs, and after Close ended it.
func (f *Forwarder) Err() error {
	select {
	case <-f.done:
		return f.err
	default:
		return nil
	}
}

// InAddr returns the endpoint that publishers connect to, as bound: with the port that the kernel chose.
func (f *Forwarder) InAddr() string { return f.inAddr }

// OutAddr returns the endpoint that subscribers connect to, as bound.
func (f *Forwarder) OutAddr() string { return f.outAddr }

// overdue is for how long the loop or the gate have not answered.
func (f *Forwarder) overdue(now time.Time) time.Duration {
	select {
	case <-f.done:
		return 0
	default:
		return max(f.pulse.ask(f.asks, now), f.gate.pulse.ask(f.gate.asks, now))
	}
}

// Stats returns the present figures. They are read one after the other, and messages are counted burst by burst.
func (f *Forwarder) Stats() Stats {
	s := Stats{
		Messages:    f.pump.traffic.messages.Load(),
		Bytes:       f.pump.traffic.bytes.Load(),
		Topics:      int(f.relay.relayed.Load()),
		Publishers:  int(f.in.peers.Load()),
		Subscribers: int(f.out.peers.Load()),
		Overdue:     f.overdue(time.Now()),
	}
	for i := range s.Refused {
		s.Refused[i] = f.refusals.counts[i].Load()
	}
	s.Refused[RefusedKey] = f.locks.refused()
	return s
}
