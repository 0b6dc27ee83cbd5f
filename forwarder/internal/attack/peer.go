package attack

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"time"
)

// patience bounds a dial, a handshake, and a single write that the other side does not take.
const patience = 2 * time.Second

// From is the address that attacks come from; nil means the one that the target has.
var From net.IP

// Flags of a frame (https://rfc.zeromq.org/spec/37/).
const (
	More    = 1
	long    = 2
	command = 4
)

var greeting = "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01NULL" + strings.Repeat("\x00", 48)

// Peer is a connection that speaks ZMTP 3.1 by hand.
type Peer struct{ net.Conn }

// Dial connects to an endpoint of libzmq's form and says nothing yet. The connection ends with the context.
func Dial(ctx context.Context, endpoint string) (Peer, error) {
	network, addr, _ := strings.Cut(endpoint, "://")
	if network == "ipc" {
		network = "unix"
	}
	dialer := net.Dialer{Timeout: patience}
	if network == "tcp" && From != nil {
		dialer.LocalAddr = &net.TCPAddr{IP: From}
	}
	conn, err := dialer.DialContext(ctx, network, addr)
	if err != nil {
		return Peer{}, err
	}
	context.AfterFunc(ctx, func() { conn.Close() })
	return Peer{conn}, nil
}

// Connect is Dial and the handshake of a socket of that type without security.
func Connect(ctx context.Context, endpoint, socketType string) (Peer, error) {
	p, err := Dial(ctx, endpoint)
	if err != nil {
		return p, err
	}
	if err := p.shakeHands(socketType); err != nil {
		p.Close()
		return p, err
	}
	return p, nil
}

func (p Peer) shakeHands(socketType string) error {
	p.SetDeadline(time.Now().Add(patience))
	defer p.SetDeadline(time.Time{})
	ready := "\x05READY\x0bSocket-Type" + string(binary.BigEndian.AppendUint32(nil, uint32(len(socketType)))) + socketType
	if _, err := p.Write([]byte(greeting + string(Frame(command, ready)))); err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, p, int64(len(greeting))); err != nil {
		return err
	}
	head := make([]byte, 2)
	if _, err := io.ReadFull(p, head); err != nil {
		return err
	}
	if head[0] != command {
		return errors.New("not a short command")
	}
	_, err := io.CopyN(io.Discard, p, int64(head[1]))
	return err
}

// Frame returns a frame of ZMTP.
func Frame(flags byte, body string) []byte {
	if len(body) < 256 {
		return append([]byte{flags, byte(len(body))}, body...)
	}
	return append(binary.BigEndian.AppendUint64([]byte{flags | long}, uint64(len(body))), body...)
}

// drain reads and forgets what comes, until the connection ends.
func (p Peer) drain() { io.Copy(io.Discard, p) }
