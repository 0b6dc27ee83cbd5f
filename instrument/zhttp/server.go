package zhttp

import (
	"io"
	"net/http"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
)

// Handler returns a handler that serves with next and measures it. What it wraps may be a whole ServeMux, or the handler of one pattern. The package says
// what is recorded, and what stays as it is. While nobody watches the scope's level it only calls next.
func Handler(next http.Handler, c Config) http.Handler {
	route := c.Route
	if route == nil {
		route = patternOf
	}
	return &handler{next, newInstruments("http.server", c, route)}
}

type handler struct {
	next http.Handler
	*instruments
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	timing := h.begun.Start()
	if timing == (zibrato.Stopwatch{}) {
		h.next.ServeHTTP(w, r)
		return
	}
	h.active.Add(1)
	x := exchange{h: h, timing: timing, request: r}
	w, x.response = wrap(w)
	if r.ContentLength != 0 && r.Body != nil && r.Body != http.NoBody {
		x.received = newReceived(r)
		r = &x.received.request
	}
	defer x.end()
	h.next.ServeHTTP(w, r)
	x.returned = true
}

// exchange is a request that is being served.
type exchange struct {
	h        *handler
	timing   zibrato.Stopwatch
	request  *http.Request // the server's
	response *response
	received *received // nil: no body is expected
	returned bool      // the handler did not panic. Asking recover would change what passes
}

func (x *exchange) end() {
	request, in := x.request, int64(0)
	if x.received != nil {
		in = x.received.n.Load()
		x.received.giveBack()
		request = &x.received.request
	}
	status, out := "", x.response.size
	switch {
	case x.response.hijacked:
		status, out = "hijacked", unknown // what was written to the connection is not known
	case !x.returned:
		status = "panic"
	case x.response.status == 0:
		status = "2xx" // what the server sends then
	default:
		status = classOf(x.response.status)
	}
	if request.Method == http.MethodHead {
		out = 0 // the server took it and sent nothing
	}
	x.h.record(x.timing, request, status, in, out)
}

// received counts what the handler reads of a body. The server's request must stay as it is: the server looks at the type of its Body to know whether a
// connection can serve another request. So the handler gets a copy.
type received struct {
	n atomic.Int64 // first, so that it is aligned on 32-bit platforms. Written by who reads, which may go on after the handler returned

	io.ReadCloser
	original *http.Request
	request  http.Request
}

func newReceived(r *http.Request) *received {
	b := &received{ReadCloser: r.Body, original: r, request: *r}
	b.request.Body = b
	return b
}

func (b *received) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	if err == io.EOF {
		b.request.Trailer = b.original.Trailer // which the server only knows now
	}
	return n, err
}

// giveBack does to the server's request what the handler did to its copy: the server removes the files of the form, and who is around us asks for the pattern.
func (b *received) giveBack() {
	b.original.Pattern = b.request.Pattern
	b.original.Form, b.original.PostForm, b.original.MultipartForm = b.request.Form, b.request.PostForm, b.request.MultipartForm
}
