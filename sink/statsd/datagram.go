package statsd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/zibrato/zibrato/internal/carry"
)

const (
	dialTimeout = 10 * time.Second
	// maxAge is how long a socket is used before the address is looked up again.
	maxAge = time.Minute
	// How long word that nobody listens may take, from this machine and from others.
	wordFromHere, wordFromThere = 10 * time.Millisecond, 50 * time.Millisecond
	// breath is the shortest pause worth taking.
	breath = time.Millisecond
)

var errNobody = errors.New("nobody listens there: some of the window, or all of it, did not arrive")

// datagrams delivers packets over a socket that keeps them apart.
type datagrams struct {
	network, addr string
	log           *slog.Logger

	conn net.Conn // nil: none
	made time.Time
	used bool // for an earlier window
	next int  // the packet to send next
}

// deliver sends packets, which end in out where ends says, at so many bytes per second or without a bound. With again, they are those that
// the last call did not deliver.
func (d *datagrams) deliver(ctx context.Context, out []byte, ends []int, rate float64, again bool) error {
	if !again {
		d.next = 0
		if d.conn != nil && time.Since(d.made) >= maxAge {
			d.close()
		}
	}
	if d.conn == nil {
		conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, d.network, d.addr)
		if err != nil {
			return err
		}
		d.conn, d.made, d.used = conn, time.Now(), false
	}
	release := carry.Until(ctx, d.conn)
	defer release()
	err := d.send(ctx, out, ends, rate)
	if err == nil && d.network == "udp" {
		err = d.word()
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err() // the rest goes when the window comes again
	case err != nil:
		d.close()
		if errors.Is(err, syscall.ECONNREFUSED) {
			err = fmt.Errorf("%w: %w", errNobody, err)
		}
		return err
	}
	d.used = true
	return nil
}

func (d *datagrams) send(ctx context.Context, out []byte, ends []int, rate float64) error {
	begin := time.Now()
	first := d.at(ends)
	for d.next < len(ends) {
		from, to := d.at(ends), ends[d.next]
		_, err := d.conn.Write(out[from : to-1]) // without the last line feed
		if d.used && d.next == 0 && errors.Is(err, syscall.ECONNREFUSED) {
			// Word that belongs to an earlier window. It took the place of this packet.
			d.log.Warn("statsd: nobody listened when an earlier window was sent: some of it, or all, did not arrive", "addr", d.addr)
			d.used = false
			continue
		}
		if err != nil {
			return err
		}
		d.next++
		if rate <= 0 {
			continue
		}
		ahead := time.Duration(float64(to-first)/rate*float64(time.Second)) - time.Since(begin)
		if ahead >= breath && d.next < len(ends) {
			if err := sleep(ctx, ahead); err != nil {
				return err
			}
		}
	}
	return nil
}

// at is where the next packet begins.
func (d *datagrams) at(ends []int) int {
	if d.next == 0 {
		return 0
	}
	return ends[d.next-1]
}

// word waits a moment for word that nobody listens. Servers say nothing themselves.
func (d *datagrams) word() error {
	wait := wordFromThere
	if a, ok := d.conn.RemoteAddr().(*net.UDPAddr); ok && a.IP.IsLoopback() {
		wait = wordFromHere
	}
	d.conn.SetReadDeadline(time.Now().Add(wait))
	_, err := d.conn.Read(make([]byte, 1))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}

func (d *datagrams) close() {
	if d.conn != nil {
		d.conn.Close() // there is nobody to tell of an error
		d.conn = nil
	}
	d.next = 0
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
