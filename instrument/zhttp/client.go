package zhttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
)

// Transport returns a RoundTripper that sends with next and measures it. Nil stands for http.DefaultTransport. The package says what is recorded, and what stays
// as it is. While nobody watches the scope's level it only calls next.
func Transport(next http.RoundTripper, c Config) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	t := &transport{next, newInstruments("http.client", c, c.Route)}
	if i, ok := next.(idler); ok {
		return struct {
			*transport
			idler
		}{t, i}
	}
	return t
}

// idler is what http.Client.CloseIdleConnections asks for.
type idler interface{ CloseIdleConnections() }

type transport struct {
	next http.RoundTripper
	*instruments
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	timing := t.begun.Start()
	if timing == (zibrato.Stopwatch{}) {
		return t.next.RoundTrip(r)
	}
	t.active.Add(1)
	x := &trip{t: t, timing: timing, request: r, status: "panic"}
	defer x.abandon()
	outgoing := x.outgoing()
	response, err := t.next.RoundTrip(outgoing)
	x.returned = true
	if err != nil || response == nil { // a transport that returns neither is told so by http.Client
		x.end(x.outcomeOf(err), unknown, unknown)
		return response, err
	}
	if response.Request == outgoing {
		response.Request = r
	}
	x.status = classOf(response.StatusCode)
	_, writes := response.Body.(io.Writer)
	switch {
	case writes: // the connection changed its protocol and belongs to the caller
		x.end(x.status, x.sent(), unknown)
		return response, nil
	case response.Body == nil || response.Body == http.NoBody:
		x.end(x.status, x.sent(), 0)
		return response, nil
	}
	x.body = response.Body
	if w, ok := response.Body.(io.WriterTo); ok {
		response.Body = &writingTrip{x, w}
	} else {
		response.Body = x
	}
	return response, nil
}

// trip is a request under way. It becomes the response's body.
type trip struct {
	// First, so that they are aligned on 32-bit platforms.
	read, got atomic.Int64 // bytes of the request's body, of the response's

	t        *transport
	timing   zibrato.Stopwatch
	request  *http.Request // the caller's
	counted  bool          // its body's bytes are, since nobody said how many there are
	returned bool          // the transport did not panic
	status   string
	body     io.ReadCloser // the transport's
	ended    atomic.Bool   // a body may be closed while it is read
}

// outgoing returns the request to send: the caller's, which must not be modified, or a copy whose body is counted.
func (x *trip) outgoing() *http.Request {
	r := x.request
	if r.ContentLength > 0 || r.Body == nil || r.Body == http.NoBody {
		return r
	}
	x.counted = true
	counting := *r
	counting.Body = &sending{r.Body, &x.read}
	if get := r.GetBody; get != nil {
		counting.GetBody = func() (io.ReadCloser, error) { // the transport begins anew
			body, err := get()
			if err != nil {
				return nil, err
			}
			x.read.Store(0)
			return &sending{body, &x.read}, nil
		}
	}
	return &counting
}

// abandon ends the request that a panic of the transport ended.
func (x *trip) abandon() {
	if !x.returned {
		x.end(x.status, unknown, unknown)
	}
}

// sent returns how many bytes the request's body had.
func (x *trip) sent() int64 {
	if x.counted {
		return x.read.Load()
	}
	return x.request.ContentLength // the transport sends as much, or fails
}

func (x *trip) end(status string, in, out int64) {
	if !x.ended.Swap(true) {
		x.t.record(x.timing, x.request, status, in, out)
	}
}

// finish ends a request whose response came.
func (x *trip) finish(status string) { x.end(status, x.sent(), x.got.Load()) }

func (x *trip) Read(p []byte) (int, error) {
	n, err := x.body.Read(p)
	x.got.Add(int64(n))
	switch err {
	case nil:
	case io.EOF:
		x.finish(x.status)
	default:
		x.finish(x.outcomeOf(err))
	}
	return n, err
}

func (x *trip) Close() error {
	err := x.body.Close()
	x.finish(x.status)
	return err
}

// writingTrip is a body whose original is an io.WriterTo.
type writingTrip struct {
	*trip
	to io.WriterTo
}

func (x *writingTrip) WriteTo(w io.Writer) (int64, error) {
	n, err := x.to.WriteTo(w)
	x.got.Add(n)
	if err == nil { // an error may be that of w, after which the caller closes the body
		x.finish(x.status)
	}
	return n, err
}

// sending counts what the transport reads of a request's body, in which it may go on when the response is there.
type sending struct {
	io.ReadCloser
	n *atomic.Int64
}

func (b *sending) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	return n, err
}

// outcomeOf is the status of a request without a response, or whose body broke off. What the context did counts also where the error does not say so: that may
// be the context's cause, or what http.Client's Timeout makes of a wrapped transport, which it ends by the request's Cancel, too, and maybe before the
// context knows.
func (x *trip) outcomeOf(err error) string {
	ctx := x.request.Context()
	due, limited := ctx.Deadline()
	var timed interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.As(err, &timed) && timed.Timeout(): // context.DeadlineExceeded, too
		return "timeout"
	case ctx.Err() == context.Canceled:
		return "canceled"
	case limited && !time.Now().Before(due):
		return "timeout"
	}
	return "error"
}
