//go:build cgo && !unix

package publisher

import (
	"time"

	zmq "github.com/pebbe/zmq4"
)

// ear tells its socket's owner to look, every 20 ms: where Go's poller cannot wait for libzmq's descriptors, this has to do.
type ear struct {
	C    <-chan time.Time
	tick *time.Ticker
}

func listen(*zmq.Socket) (*ear, error) {
	t := time.NewTicker(20 * time.Millisecond)
	return &ear{t.C, t}, nil
}

func (e *ear) close() { e.tick.Stop() }
