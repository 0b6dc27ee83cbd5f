package demo

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/zibrato/zibrato"

	"github.com/zibrato/zibrato/cmd/zibrato/internal/search"
)

// slowSearch is what the service finds worth a warning.
const slowSearch = 20 * time.Millisecond

// What the service measures of every request; the search engine measures itself.
var (
	requestTime  = zibrato.NewTimerVec("http.request", []string{"route"}, zibrato.WithHelp("a request, from the first line of the handler to the last byte of the answer"))
	answered     = zibrato.NewCounterVec("http.answered", []string{"route", "status"})
	inFlight     = zibrato.NewUpDown("http.in_flight")
	bodies       = zibrato.NewDistribution("http.body", zibrato.WithUnit("By"), zibrato.WithHelp("the body of an answer, as sent"))
	encodeTime   = zibrato.NewTimer("http.encode", zibrato.AtLevel(zibrato.LevelDebug))
	compressTime = zibrato.NewTimer("http.compress", zibrato.AtLevel(zibrato.LevelDebug))
	emptyOnes    = zibrato.NewCounter("search.empty", zibrato.AtLevel(zibrato.LevelWarning), zibrato.WithHelp("searches that found nothing"))
	slowOnes     = zibrato.NewCounter("search.slow", zibrato.AtLevel(zibrato.LevelWarning), zibrato.WithHelp("searches that took longer than 20 ms"))
)

// A server answers searches over HTTP:
//
//	GET /search?q=QUERY&n=10   the best n documents, as JSON
//	GET /file?path=PATH        a document's text
//
// Answers are compressed for clients that accept gzip.
type server struct {
	index *search.Index
}

// An answer is what /search returns.
type answer struct {
	Total   int             `json:"total"` // documents that match
	Results []search.Result `json:"results"`
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /search", measured("search", s.search))
	mux.Handle("GET /file", measured("file", s.file))
	return mux
}

// A reply is the body of an answer, and its type.
type reply struct {
	contentType string
	body        []byte
}

// errNotFound makes a request end in 404; any other error of a handler in 400, since it is the query's.
var errNotFound = errors.New("no such file")

// measured makes a route of a function that works out the reply.
func measured(route string, work func(*http.Request) (reply, error)) http.Handler {
	timer := requestTime.With(route)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer timer.Start().Stop()
		inFlight.Add(1)
		defer inFlight.Add(-1)

		status := http.StatusOK
		rep, err := work(r)
		switch {
		case errors.Is(err, errNotFound):
			status = http.StatusNotFound
		case err != nil:
			status = http.StatusBadRequest
		}
		answered.With(route, strconv.Itoa(status)).Inc()
		if err != nil {
			http.Error(w, err.Error(), status)
			return
		}
		send(w, r, rep)
	})
}

func (s *server) search(r *http.Request) (rep reply, err error) {
	defer zibrato.TimeErr("search.query", &err)()
	n, err := strconv.Atoi(r.FormValue("n"))
	if err != nil {
		return reply{}, fmt.Errorf("n: want a number of results: %w", err)
	}
	start := time.Now()
	results, total, err := s.index.Search(r.FormValue("q"), n)
	if err != nil {
		return reply{}, err
	}
	if total == 0 {
		emptyOnes.Inc()
	}
	if time.Since(start) > slowSearch {
		slowOnes.Inc()
	}

	defer encodeTime.Start().Stop()
	body, err := json.Marshal(answer{Total: total, Results: results})
	if err != nil {
		return reply{}, fmt.Errorf("encode: %w", err)
	}
	return reply{"application/json", body}, nil
}

func (s *server) file(r *http.Request) (reply, error) {
	text, ok := s.index.Text(r.FormValue("path"))
	if !ok {
		return reply{}, errNotFound
	}
	return reply{"text/plain; charset=utf-8", text}, nil
}

// send writes the reply. The client may have gone; nobody is left to tell then.
func send(w http.ResponseWriter, r *http.Request, rep reply) {
	header := w.Header()
	header.Set("Content-Type", rep.contentType)
	header.Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		buf := compress(rep.body)
		defer buffers.Put(buf)
		rep.body = buf.Bytes()
	}
	header.Set("Content-Length", strconv.Itoa(len(rep.body)))
	bodies.Record(float64(len(rep.body)))
	_, _ = w.Write(rep.body)
}

var (
	buffers     = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	compressors = sync.Pool{New: func() any {
		z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails for other levels only
		return z
	}}
)

// compress returns the body in a buffer that is to be put back.
func compress(body []byte) *bytes.Buffer {
	defer compressTime.Start().Stop()
	buf := buffers.Get().(*bytes.Buffer)
	buf.Reset()
	z := compressors.Get().(*gzip.Writer)
	defer compressors.Put(z)
	z.Reset(buf)
	// A bytes.Buffer takes whatever is written.
	_, _ = z.Write(body)
	_ = z.Close()
	return buf
}
