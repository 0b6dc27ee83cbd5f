//go:build cgo

package subscriber

import (
	"io"
	"net"
	"testing"
	"time"
)

// A backend may be busy for a while, and its forwarder killed meanwhile.
func TestALostConnectionDoesNotHurtAFullQueue(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	s, err := Start(Config{From: "tcp://" + l.Addr().String(), QueueBytes: maxMessage})
	must(t, err)
	defer s.Close()
	must(t, l.(*net.TCPListener).SetDeadline(time.Now().Add(patience)))
	conn, err := l.Accept()
	must(t, err)
	must(t, conn.SetDeadline(time.Now().Add(patience)))
	// A publisher that speaks ZMTP 3.1 (https://rfc.zeromq.org/spec/37/) by hand, since libzmq would say goodbye.
	greeting := append([]byte("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01NULL"), make([]byte, 48)...)
	_, err = conn.Write(append(greeting, "\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03PUB"...))
	must(t, err)
	_, err = io.CopyN(io.Discard, conn, int64(len(greeting)))
	must(t, err)
	go io.Copy(io.Discard, conn)
	message := []byte("\x00\x05hello")
	for range 2 * maxMessage / messageBytes { // more than fit the queue
		_, err := conn.Write(message)
		must(t, err)
	}
	time.Sleep(200 * time.Millisecond) // to be full; if it is not yet, the test shows less
	must(t, conn.(*net.TCPConn).SetLinger(0), conn.Close())
	time.Sleep(1500 * time.Millisecond) // longer than heartbeats are apart: what is shown is that the process is still there
}
