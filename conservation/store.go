//go:build cgo && linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// answer is how the store answers for a while.
type answer string

// The answers. All but fine make the backend try again.
const (
	fine    answer = "fine"
	broken  answer = "500"     // takes nothing
	limited answer = "429"     // takes nothing, says when to come again
	refused answer = "403"     // takes nothing
	hung    answer = "hang"    // takes nothing, and says nothing
	torn    answer = "reset"   // takes nothing, cuts the connection in the middle of the body
	unheard answer = "unheard" // takes all, cuts the connection before it says so
	partial answer = "partial" // takes half, and says 500
)

var failures = []answer{broken, limited, refused, hung, torn, unheard, partial}

// store is where windows go. It keys by series and start of the window, and overwrites.
type store struct {
	url    string
	server *http.Server

	mu       sync.Mutex
	answer   answer
	served   map[answer]int
	books    map[string]map[series]map[int64]figures // by backend
	windows  int                                     // accepted
	again    int                                     // series of windows that came again
	conflict []string                                // what came again otherwise
}

func openStore() (*store, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &store{url: "http://" + l.Addr().String() + "/", answer: fine, served: map[answer]int{}, books: map[string]map[series]map[int64]figures{}}
	s.server = &http.Server{Handler: s}
	go s.server.Serve(l)
	return s, nil
}

// become makes the store answer so from now on.
func (s *store) become(a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = a
}

// count returns how often it answered so.
func (s *store) count(a answer) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.served[a]
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	how := s.answer
	s.served[how]++
	s.mu.Unlock()
	if how == torn {
		io.CopyN(io.Discard, r.Body, r.ContentLength/2)
		reset(w)
		return
	}
	var p posted
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	switch how {
	case broken:
		http.Error(w, "out of order", http.StatusInternalServerError)
	case limited:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many requests", http.StatusTooManyRequests)
	case refused:
		http.Error(w, "forbidden", http.StatusForbidden)
	case hung:
		select {
		case <-r.Context().Done():
		case <-time.After(10 * writeTimeout):
		}
	case partial:
		s.take(r.URL.Path[1:], p.Start, p.Series[:len(p.Series)/2])
		http.Error(w, "out of order", http.StatusInternalServerError)
	case unheard:
		s.take(r.URL.Path[1:], p.Start, p.Series)
		reset(w)
	default:
		s.take(r.URL.Path[1:], p.Start, p.Series)
	}
}

// reset cuts the connection with an RST.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

// take keeps what a window says.
func (s *store) take(backend string, start int64, all []figures) {
	s.mu.Lock()
	defer s.mu.Unlock()
	book := s.books[backend]
	if book == nil {
		book = map[series]map[int64]figures{}
		s.books[backend] = book
	}
	s.windows++
	for _, f := range all {
		if book[f.Series] == nil {
			book[f.Series] = map[int64]figures{}
		}
		if was, ok := book[f.Series][start]; ok {
			s.again++
			if was != f {
				s.conflict = append(s.conflict, fmt.Sprintf("%s, window %d: %+v, then %+v", backend, start, was, f))
			}
		}
		book[f.Series][start] = f
	}
}

// sum returns what the store knows of each series of a backend over all windows. The sum of a gauge and an up-down counter is that of the
// last one.
func (s *store) sum(backend string) map[series]figures {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[series]figures{}
	for k, windows := range s.books[backend] {
		f, last := figures{Series: k}, int64(0)
		for start, w := range windows {
			f.Count += w.Count
			f.Detail += w.Detail
			switch {
			case k.additive():
				f.Sum += w.Sum
			case start > last:
				f.Sum, last = w.Sum, start
			}
		}
		all[k] = f
	}
	return all
}

// dump writes all that it knows, a line of JSON for each series and window.
func (s *store) dump(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	out := json.NewEncoder(f)
	s.mu.Lock()
	defer s.mu.Unlock()
	for backend, book := range s.books {
		for _, windows := range book {
			for start, figures := range windows {
				err = errors.Join(err, out.Encode(map[string]any{"backend": backend, "start": start, "figures": figures}))
			}
		}
	}
	return errors.Join(err, f.Close())
}

func (s *store) close() { s.server.Close() }
