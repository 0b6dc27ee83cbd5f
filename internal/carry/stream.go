package carry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

const (
	dialTimeout = 10 * time.Second
	// tellTimeout bounds what the end of a TLS connection may take: its last record.
	tellTimeout = time.Second
)

// Stream delivers payloads over connections, one each: it says that it has nothing more to send, and what the other side
// then says by closing its end is that it has read everything. A payload is delivered when that was seen; bytes that the
// kernel took are not delivered yet, and are lost when the other side dies. Not safe for concurrent use.
type Stream struct {
	Network string // tcp, tcp4, tcp6 or unix
	Addr    string
	TLS     *tls.Config // nil: none

	// Unconfirmed is for receivers that do not close their end: what the kernel took counts as delivered.
	Unconfirmed bool

	// Resume is how long a payload that comes again may go on where it was on a connection that hangs. 0: it always starts
	// over, on a new one. With TLS it does, too: a record that was cut off spoils the connection.
	Resume time.Duration

	conn net.Conn // nil: none
	sent int      // so much of the payload at hand
	told bool     // that there is nothing more to send
	seen time.Time
}

// Deliver delivers a payload. With again, it is the one that the last call did not deliver.
func (s *Stream) Deliver(ctx context.Context, payload []byte, again bool) error {
	if !again || s.conn != nil && time.Since(s.seen) >= s.Resume {
		s.Close()
	}
	err := s.deliver(ctx, payload)
	if err != nil && ctx.Err() != nil {
		if err = ctx.Err(); s.told {
			err = fmt.Errorf("everything is sent, but the other side does not close its end, which would say that it has read it: %w", err)
		}
		if s.TLS == nil && s.Resume > 0 {
			return err
		}
	}
	s.Close()
	return err
}

// Close ends the connection. What the kernel has taken it still sends.
func (s *Stream) Close() {
	if s.conn == nil {
		return
	}
	if s.TLS != nil {
		s.conn.SetDeadline(time.Now().Add(tellTimeout))
	}
	s.conn.Close() // there is nobody to tell of an error
	s.conn, s.sent, s.told = nil, 0, false
}

func (s *Stream) deliver(ctx context.Context, payload []byte) error {
	if s.conn == nil {
		if err := s.dial(ctx); err != nil {
			return err
		}
	}
	release := Until(ctx, s.conn)
	defer release()
	if s.sent < len(payload) {
		n, err := s.conn.Write(payload[s.sent:])
		s.sent += n
		if n > 0 {
			s.seen = time.Now()
		}
		if err != nil {
			return fmt.Errorf("the connection broke off: %w", err)
		}
	}
	if !s.told {
		if err := s.tell(); err != nil {
			return fmt.Errorf("the connection broke off: %w", err)
		}
		s.told = true
	}
	if s.Unconfirmed {
		return nil
	}
	// What a peer says before it closes its end is nothing to us, but must be read to see the end.
	_, err := io.Copy(io.Discard, s.conn)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("the connection broke off before everything was read: %w", err)
	}
	return err
}

func (s *Stream) dial(ctx context.Context) (err error) {
	d := &net.Dialer{Timeout: dialTimeout}
	if s.TLS != nil {
		s.conn, err = (&tls.Dialer{NetDialer: d, Config: s.TLS}).DialContext(ctx, s.Network, s.Addr)
	} else {
		s.conn, err = d.DialContext(ctx, s.Network, s.Addr)
	}
	if err != nil {
		s.conn = nil // not an interface that holds nil
	}
	s.seen = time.Now()
	return err
}

// tell says that there is nothing more to send. With TLS the record that says so is followed by the end of what is under it,
// for peers that heed only one of the two.
func (s *Stream) tell() error {
	if t, ok := s.conn.(*tls.Conn); ok {
		if err := t.CloseWrite(); err != nil {
			return err
		}
		return closeWrite(t.NetConn())
	}
	return closeWrite(s.conn)
}

func closeWrite(conn net.Conn) error {
	if c, ok := conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}
