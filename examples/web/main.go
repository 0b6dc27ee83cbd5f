// Command web is a web service that Prometheus scrapes. Everything is in one process: no ZeroMQ, no forwarder, no cgo.
//
//	go run . -listen 127.0.0.1:8080
//	curl 127.0.0.1:8080/fib/27
//	curl 127.0.0.1:8080/metrics
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/sink/prometheus"
)

var (
	requests = zibrato.NewTimerVec("http.request", []string{"route", "status"}, zibrato.WithHelp("Requests, by route and status."))
	inFlight = zibrato.NewUpDown("http.requests.open", zibrato.WithHelp("Requests that are being answered."))
	steps    = zibrato.NewCounter("fib.steps", zibrato.WithHelp("Additions that were made."))
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "where to listen")
	interval := flag.Duration("interval", 5*time.Second, "how often what is scraped is renewed; less than Prometheus' scrape interval")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *listen, *interval); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, listen string, interval time.Duration) error {
	scraped, err := prometheus.New(prometheus.Config{Logger: slog.Default()})
	if err != nil {
		return err
	}
	b, err := backend.Start(backend.Config{
		From:     backend.InProcess(zibrato.Default()),
		Interval: interval,
		Sinks:    []backend.Sink{scraped},
		Logger:   slog.Default(),
	})
	if err != nil {
		return err
	}
	defer b.Close()

	mux := http.NewServeMux()
	mux.Handle("GET /metrics", scraped)
	mux.Handle("GET /fib/{n}", measured(fib))
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		timeout, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		server.Shutdown(timeout)
	}()
	fmt.Printf("http://%s\n", ln.Addr())
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// measured times what answers with a status. Its tags have few values, whatever clients ask for.
func measured(answer func(w http.ResponseWriter, r *http.Request) (status int)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		inFlight.Add(1)
		defer inFlight.Add(-1)
		begun := time.Now() // the series depends on the status, which only the end knows
		status := answer(w, r)
		requests.With(r.Pattern, strconv.Itoa(status)).Observe(time.Since(begun))
	}
}

func fib(w http.ResponseWriter, r *http.Request) int {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 0 || n > 30 {
		http.Error(w, "want a number from 0 to 30", http.StatusBadRequest)
		return http.StatusBadRequest
	}
	fmt.Fprintln(w, slowly(n))
	return http.StatusOK
}

// slowly is as slow as it looks, so that there is something to see.
func slowly(n int) int {
	if n < 2 {
		return n
	}
	steps.Inc()
	return slowly(n-1) + slowly(n-2)
}
