package zhttp

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// response is what all writers have: what became of the response. One goroutine uses it at a time, as any http.ResponseWriter. The types in writers.go
// add the methods that the server's writer has beyond those of http.ResponseWriter.
//
// They are our own, where github.com/felixge/httpsnoop would do the same: that one makes an allocation for each method that is listened to, and knows neither
// io.StringWriter nor FlushError.
type response struct {
	http.ResponseWriter
	size     int64
	status   int // 0: not sent yet
	hijacked bool
}

// Unwrap is for http.ResponseController.
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *response) base() *response { return r }

func (r *response) WriteHeader(status int) {
	r.ResponseWriter.WriteHeader(status) // panics if it is not one
	if status >= 200 || status == http.StatusSwitchingProtocols {
		r.sent(status)
	}
}

// sent notes the first status: others come too late.
func (r *response) sent(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *response) Write(p []byte) (int, error) {
	r.sent(http.StatusOK)
	n, err := r.ResponseWriter.Write(p)
	r.size += int64(n)
	return n, err
}

func (r *response) writeString(s string) (int, error) {
	r.sent(http.StatusOK)
	n, err := r.ResponseWriter.(io.StringWriter).WriteString(s)
	r.size += int64(n)
	return n, err
}

// readFrom hands src on as it is, so that the server can send a file by sendfile. Where src has nothing the server has sent nothing, and the handler may still choose
// another status.
func (r *response) readFrom(src io.Reader) (int64, error) {
	n, err := r.ResponseWriter.(io.ReaderFrom).ReadFrom(src)
	if n > 0 {
		r.sent(http.StatusOK)
	}
	r.size += n
	return n, err
}

func (r *response) flush() {
	r.sent(http.StatusOK)
	r.ResponseWriter.(http.Flusher).Flush()
}

func (r *response) flushError() error {
	r.sent(http.StatusOK)
	return r.ResponseWriter.(flushErrorer).FlushError()
}

func (r *response) hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := r.ResponseWriter.(http.Hijacker).Hijack()
	r.hijacked = r.hijacked || err == nil
	return conn, buffered, err
}

func (r *response) push(target string, opts *http.PushOptions) error {
	return r.ResponseWriter.(http.Pusher).Push(target, opts)
}

func (r *response) closeNotify() <-chan bool {
	return r.ResponseWriter.(closeNotifier).CloseNotify()
}

// closeNotifier is http.CloseNotifier, which is deprecated, but which the handler may still ask for.
type closeNotifier interface{ CloseNotify() <-chan bool }

// flushErrorer is what http.ResponseController prefers to http.Flusher.
type flushErrorer interface {
	http.Flusher
	FlushError() error
}

// wrap returns a writer that has the methods of w, and what it will know of the response.
func wrap(w http.ResponseWriter) (http.ResponseWriter, *response) {
	n := 0
	if _, ok := w.(http.Flusher); ok {
		n = 1
		if _, ok := w.(flushErrorer); ok {
			n = 2
		}
	}
	if _, ok := w.(http.Hijacker); ok {
		n += 3 << 0
	}
	if _, ok := w.(io.ReaderFrom); ok {
		n += 3 << 1
	}
	if _, ok := w.(http.Pusher); ok {
		n += 3 << 2
	}
	if _, ok := w.(io.StringWriter); ok {
		n += 3 << 3
	}
	if _, ok := w.(closeNotifier); ok {
		n += 3 << 4
	}
	wrapped, r := writers[n]()
	r.ResponseWriter = w
	return wrapped, r
}

// makeWriter makes one of the types in writers.go in one allocation: they hold the response as their only part.
func makeWriter[T any, P interface {
	*T
	http.ResponseWriter
	base() *response
}]() (http.ResponseWriter, *response) {
	w := P(new(T))
	return w, w.base()
}
