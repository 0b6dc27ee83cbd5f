package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"
)

// Config says where a [Server] listens and what it tells of.
type Config struct {
	Addr   string // host:port; port 0 lets the kernel choose
	Parts  Parts
	Pprof  bool // serve /debug/pprof/, too
	Logger *slog.Logger
}

// A Server answers over HTTP.
type Server struct {
	addr string
	http *http.Server
	done chan struct{} // closed when it has ended
}

// Listen binds the address and begins to answer.
func Listen(cfg Config) (*Server, error) {
	l, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return nil, err
	}
	s := &Server{addr: l.Addr().String(), done: make(chan struct{})}
	s.http = &http.Server{
		Handler:           handler(cfg),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			cfg.Logger.Error("admin: ended unexpectedly", "addr", s.addr, "error", err)
		}
	}()
	return s, nil
}

// Addr is where it listens, as bound.
func (s *Server) Addr() string { return s.addr }

// Close stops listening, and cuts off who is being answered when ctx ends.
func (s *Server) Close(ctx context.Context) {
	if s.http.Shutdown(ctx) != nil {
		s.http.Close()
	}
	<-s.done
}

// handler answers for the parts.
func handler(cfg Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", report("ok", cfg.Parts.stuck))
	mux.HandleFunc("GET /readyz", report("ready", cfg.Parts.waiting))
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		var e Exposition
		for _, p := range cfg.Parts {
			p.Report(&e)
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = e.WriteTo(w) // who asked is gone
	})
	pages := "/healthz\n/readyz\n/metrics\n"
	if cfg.Pprof {
		pages += "/debug/pprof/\n"
		// Not /debug/pprof/cmdline: a command line may hold a token.
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
		mux.HandleFunc("GET /debug/pprof/cmdline", http.NotFound)
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, pages) })
	return mux
}

// report answers with the word alone when there is nothing to report, else with status 503 and a line for each report.
func report(well string, reports func() []string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if r := reports(); len(r) > 0 {
			text(w, http.StatusServiceUnavailable, fmt.Sprintf("not %s\n%s\n", well, strings.Join(r, "\n")))
			return
		}
		text(w, http.StatusOK, well+"\n")
	}
}

func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}
