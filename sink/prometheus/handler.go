package prometheus

import (
	"compress/gzip"
	"io"
	"net/http"
	"sync"
	"time"
)

// sendTimeout is how long a client may take to read the answer. One that takes longer must not keep others from scraping.
const sendTimeout = 30 * time.Second

var zippers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // a valid level
	return z
}}

// ServeHTTP answers a scrape. It takes GET and HEAD; a scrape too many is refused with status 503.
func (s *Sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "want GET or HEAD", http.StatusMethodNotAllowed)
		return
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many scrapes at once", http.StatusServiceUnavailable)
		return
	}
	f, contentType := negotiate(r.Header)
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Add("Vary", "Accept, Accept-Encoding")
	h.Set("Cache-Control", "no-store")
	zipped := takesGzip(r.Header)
	if zipped {
		h.Set("Content-Encoding", "gzip")
	}
	if r.Method == http.MethodHead {
		return
	}
	p := s.page(f)
	defer p.free()
	// Writers that know no deadlines, as in tests, do without. The connection may serve others afterwards.
	deadline := http.NewResponseController(w)
	_ = deadline.SetWriteDeadline(time.Now().Add(sendTimeout))
	defer func() { _ = deadline.SetWriteDeadline(time.Time{}) }()
	if !zipped {
		_, _ = p.WriteTo(w) // a client that is gone needs no answer
		return
	}
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(w)
	if _, err := p.WriteTo(z); err == nil {
		_ = z.Close()
	}
	z.Reset(io.Discard) // it must not keep the connection
}

// page writes all that is shown now.
func (s *Sink) page(f form) *page {
	p := newPage()
	t, m := text{open: f == openForm, created: !s.cfg.NoCreated}, &proto{}
	s.mu.RLock()
	defer s.mu.RUnlock()
	now := s.now()
	for _, fam := range s.families {
		begun := false
		for _, r := range fam.series {
			if s.stale(r, now) {
				continue
			}
			switch {
			case f == protoForm && !begun:
				m.begin(fam)
			case !begun:
				p.done(t.begin(p.next(), fam))
			}
			begun = true
			if f == protoForm {
				m.series(r)
			} else {
				p.done(t.series(p.next(), r))
			}
		}
		if begun && f == protoForm {
			p.done(m.end(p.next()))
		}
	}
	if f == openForm {
		p.done(append(p.next(), "# EOF\n"...))
	}
	return p
}
