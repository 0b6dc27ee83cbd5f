//go:build cgo

package publisher

import (
	"cmp"
	"errors"
	"fmt"
	"syscall"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/internal/endpoint"
	"github.com/zibrato/zibrato/internal/monitor"
	"github.com/zibrato/zibrato/keys"
)

const (
	messageBytes    = 64 << 10 // about the size to which batches are filled
	textQueue       = 4096     // text messages are small
	maxSubscription = 256      // a forwarder has nothing longer to say
	shutFor         = 5 * time.Second
)

// socket is an XPUB, with ears, and the monitor that tells whether the forwarder is there. One goroutine owns it.
type socket struct {
	endpoint string
	xpub     *zmq.Socket
	ear      *ear
	said     [][]byte    // what listen has read
	monitor  *zmq.Socket // a PAIR
	news     *ear        // of the monitor
	link     monitor.Link
	lookout  *lookout
	key      keys.Pair
	servers  endpoint.ServerKeys
	shut     time.Time // until when there is no connection, since the forwarder said too much; zero: there may be one
	pace     endpoint.Pace
}

func connect(cfg Config) (_ *socket, err error) {
	s := &socket{endpoint: cfg.Endpoint, key: cfg.Key, servers: endpoint.ServerKeys{Now: cfg.ServerKey, Next: cfg.NextServerKey}}
	if s.xpub, err = zmq.NewSocket(zmq.XPUB); err != nil {
		return nil, fmt.Errorf("publisher: making a socket: %w", err)
	}
	s.lookout = newLookout(newEye(cfg.Endpoint))
	s.link.Shakes = true
	s.monitor, err = monitor.Open(s.xpub, zmq.EVENT_CONNECTED|monitor.Handshakes|zmq.EVENT_CONNECT_RETRIED|zmq.EVENT_DISCONNECTED|zmq.EVENT_MONITOR_STOPPED)
	if err != nil {
		s.xpub.Close()
		return nil, fmt.Errorf("publisher: %w", err)
	}
	if err := s.setUp(cfg); err != nil {
		s.close(0)
		return nil, err
	}
	return s, nil
}

func (s *socket) setUp(cfg Config) (err error) {
	queue := cfg.QueueBytes / messageBytes
	if cfg.Format == Text {
		queue = textQueue
	}
	if err := cmp.Or(
		s.xpub.SetImmediate(true),  // without it an XPUB does not hear when its connection is lost
		s.xpub.SetXpubNodrop(true), // with DONTWAIT: a full queue says EAGAIN instead of dropping in silence
		s.xpub.SetSndhwm(queue),
		s.xpub.SetMaxmsgsize(maxSubscription),
		s.xpub.SetLinger(0),
		endpoint.SetOptions(s.xpub, endpoint.NeedsIPv6(cfg.Endpoint)),
		endpoint.SetHeartbeats(s.xpub),
		endpoint.SetKeys(s.xpub, s.key, s.servers.Now),
	); err != nil {
		return fmt.Errorf("publisher: setting up a socket: %w", err)
	}
	if s.ear, err = listen(s.xpub); err != nil {
		return err
	}
	if s.news, err = listen(s.monitor); err != nil {
		return err
	}
	if err := s.xpub.Connect(cfg.Endpoint); err != nil {
		return fmt.Errorf("publisher: Config.Endpoint %q: %w; choose another endpoint", cfg.Endpoint, err)
	}
	return nil
}

// begin begins a turn, in which the socket is used. What is known of the connection comes first: it may be new.
func (s *socket) begin() {
	s.link.Hear(s.monitor, time.Now()) // fails on a closed monitor only
	s.lookout.begin(s.link.FD)
}

// end ends a turn, and reports whether the connection was cut in it, since too much came.
func (s *socket) end() bool { return s.lookout.end() }

func is(err error, no syscall.Errno) bool { return err != nil && errors.Is(err, zmq.Errno(no)) }

// send hands libzmq a message. It reports false when there is no room.
func (s *socket) send(msg []byte) (bool, error) {
	_, err := s.xpub.SendBytes(msg, zmq.DONTWAIT)
	if is(err, syscall.EAGAIN) || is(err, syscall.EINTR) {
		return false, nil
	}
	return err == nil, err
}

// saidPerTurn bounds what listen reads at once.
const saidPerTurn = 64

// listen reads what the forwarder said into s.said, and reports whether there may be more.
func (s *socket) listen() (more bool) {
	clear(s.said)
	s.said = s.said[:0]
	for len(s.said) < saidPerTurn {
		msg, err := s.xpub.RecvBytes(zmq.DONTWAIT)
		if err != nil {
			return false
		}
		s.said = append(s.said, msg)
	}
	return true
}

// connected takes in what the monitor says, and reports whether the forwarder is there. A connection that libzmq has given up is
// made anew, and so is one for which there is another key to try, or that shall be looked for at another pace.
func (s *socket) connected() bool {
	now := time.Now()
	s.link.Hear(s.monitor, now) // fails on a closed monitor only
	if now.Before(s.shut) {
		return false
	}
	if !s.shut.IsZero() {
		s.shut, s.link.Lost = time.Time{}, time.Unix(1, 0) // make another
	}
	turned := s.servers.Turn(s.link.HungUps, now)
	if turned {
		endpoint.SetKeys(s.xpub, s.key, s.servers.Now) // fails on a closed socket only
	}
	paced := s.pace.Turn(s.link.State == monitor.Connected, now)
	if paced {
		endpoint.SetPace(s.xpub, s.pace.Most()) // likewise
	}
	if turned || paced || s.link.GivenUp(now) {
		s.link.Lost = time.Time{}
		s.xpub.Disconnect(s.endpoint) // fails when libzmq has forgotten it
		if err := s.xpub.Connect(s.endpoint); err != nil {
			s.link.Lost = now // try again
		}
	}
	return s.link.State == monitor.Connected
}

// shutOut ends the connection for a while. What was subscribed to through it is withdrawn.
func (s *socket) shutOut(now time.Time) {
	if s.shut.IsZero() {
		s.xpub.Disconnect(s.endpoint) // fails when libzmq has forgotten it
	}
	s.shut, s.link.State = now.Add(shutFor), monitor.Away
}

// close closes the socket and waits, for so long at the most, until all that it holds has left the process. It is the monitor that
// says so: libzmq stops it when the socket is gone. Contexts are never terminated; others of this process use the same.
func (s *socket) close(linger time.Duration) error {
	if s.ear != nil {
		s.ear.close()
	}
	s.lookout.begin(s.link.FD)
	defer s.lookout.end()
	s.xpub.SetLinger(linger)
	begun := time.Now()
	err := s.xpub.Close()
	if s.news != nil {
		deadline := time.NewTimer(linger + grace)
		defer deadline.Stop()
		for s.link.Hear(s.monitor, begun); !s.link.Closed && err == nil; s.link.Hear(s.monitor, begun) {
			select {
			case <-s.news.C:
			case <-deadline.C:
				err = errors.New("libzmq did not let go of the socket in time")
			}
		}
		s.news.close()
		if err == nil && linger > 0 && time.Since(begun) >= linger {
			err = errors.New("libzmq may have dropped messages that the forwarder did not take in time")
		}
	}
	s.monitor.Close()
	if err != nil {
		return fmt.Errorf("publisher: closing the socket: %w", err)
	}
	return nil
}

// grace is what libzmq's own threads may take beyond the linger time.
const grace = 250 * time.Millisecond
