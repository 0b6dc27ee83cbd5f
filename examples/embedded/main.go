//go:build cgo

// Command embedded is a web service that has the forwarder within itself: other processes publish through it, backends subscribe to it,
// and it publishes what it measures itself.
//
//	go run . -listen 127.0.0.1:8080
//	zibrato tail --levels debug,info &       # in other terminals
//	curl 127.0.0.1:8080/hello
//	zibrato send counter deploys 1
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/publisher"
)

var requests = zibrato.NewTimerVec("http.request", []string{"route"})

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "where the service listens")
	in := flag.String("in", forwarder.DefaultIn, "where publishers connect")
	out := flag.String("out", forwarder.DefaultOut, "where subscribers connect")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *listen, *in, *out); err != nil {
		slog.Error(err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, listen, in, out string) error {
	fwd, err := forwarder.Start(forwarder.Config{In: in, Out: out, Logger: slog.Default()})
	if err != nil {
		return err
	}
	defer fwd.Close()
	pub, err := publisher.Start(publisher.Config{Endpoint: fwd.InAddr(), Logger: slog.Default()})
	if err != nil {
		return err
	}
	defer pub.Close() // before the forwarder: it still sends what is left

	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: routes(), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		timeout, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		server.Shutdown(timeout)
	}()
	fmt.Printf("http://%s publishers %s subscribers %s\n", ln.Addr(), fwd.InAddr(), fwd.OutAddr())
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", measured(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "hello")
	}))
	return mux
}

// measured times a handler by the pattern of its route, of which there are few, whatever clients ask for.
func measured(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		defer requests.With(r.Pattern).Start().Stop()
		h(w, r)
	}
}
