//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/sink/prometheus"
)

type prometheusCmd struct {
	merging     `set:"flush=5s"`
	Listen      adminAddr     `default:"127.0.0.1:9464" help:"Where to be scraped, at /metrics. Whoever can reach this address can read all measurements; one that other machines can reach is warned of in the log."`
	Expire      time.Duration `placeholder:"TIME" help:"Leave out series that had no news for so long; --expire=-1s means none. By default a series stays until nothing was heard of its source for 15 minutes."`
	MaxSeries   int           `default:"100000" help:"How many series to show at most."`
	Bounds      bounds        `placeholder:"LIST" help:"Upper bounds of the buckets for those who take no native histograms, by unit, as 'seconds=0.1,0.5,2;bytes=1e3,1e6'."`
	SourceLabel string        `default:"source" help:"The label that says where a measurement comes from; - for none."`
	LevelLabel  string        `default:"level" help:"The label that says its level; - for none."`
	NoCreated   bool          `help:"Leave out the _created lines of OpenMetrics, which some servers take for series."`
}

func (prometheusCmd) Help() string {
	return `Adds up what arrives and lets Prometheus scrape it: text, OpenMetrics, or protobuf with native histograms, whichever it asks
for. A scrape sees what was flushed. Counts begin at zero with each start, as Prometheus expects; what came since its last
scrape before this ends it does not see.

Example:

    zibrato prometheus --listen 127.0.0.1:9464 --levels info+

and in prometheus.yml:

    scrape_configs:
      - job_name: zibrato
        scrape_native_histograms: true
        static_configs: [{targets: ['127.0.0.1:9464']}]

Exit status: 0 ended by SIGTERM or SIGINT, 1 failure such as an address that is taken, 2 wrong usage.`
}

func (c *prometheusCmd) Run(log *slog.Logger) error { return work("prometheus", c, log) }

func (c *prometheusCmd) prepare(log *slog.Logger) (func(func()) (backend.Sink, error), error) {
	if c.MaxSeries == 0 { // which for the library means a default
		return nil, usageError{errors.New("--max-series: 0: want more than 0")}
	}
	sink, err := prometheus.New(prometheus.Config{
		Expire: c.Expire, MaxSeries: c.MaxSeries, Bounds: c.Bounds, SourceLabel: c.SourceLabel, LevelLabel: c.LevelLabel, NoCreated: c.NoCreated, Logger: log,
	})
	if err != nil {
		return nil, usageError{flagTerms(err, "prometheus: ", "", "Config.MaxSeries", "--max-series", "Config.Bounds", "--bounds",
			"Config.SourceLabel", "--source-label", "Config.LevelLabel", "--level-label")}
	}
	if !c.Listen.local() {
		log.Warn("prometheus: other machines may reach --listen, and whoever asks there is shown all measurements, unencrypted", "addr", string(c.Listen))
	}
	return func(end func()) (backend.Sink, error) { return exhibit(string(c.Listen), sink, end, log) }, nil
}

// exhibited is a sink with the server that shows it.
type exhibited struct {
	*prometheus.Sink
	server *http.Server
	done   chan struct{} // closed when the server has ended
}

// exhibit serves a sink at an address until it is closed. A server that ends by itself calls end.
func exhibit(addr string, sink *prometheus.Sink, end func(), log *slog.Logger) (*exhibited, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", sink)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "/metrics\n") })
	e := &exhibited{Sink: sink, done: make(chan struct{}), server: &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: 5 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
	go func() {
		defer close(e.done)
		if err := e.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("prometheus: the server ended", "error", err)
			end()
		}
	}()
	log.Info("prometheus: listening", "addr", l.Addr().String())
	return e, nil
}

// Close ends the server after the last window, and cuts off who is being answered when ctx ends.
func (e *exhibited) Close(ctx context.Context) error {
	if e.server.Shutdown(ctx) != nil {
		_ = e.server.Close()
	}
	<-e.done
	return e.Sink.Close(ctx)
}

// bounds are those of buckets, by unit, as a flag.
type bounds map[string][]float64

func (b *bounds) UnmarshalText(text []byte) error {
	*b = bounds{}
	for part := range strings.SplitSeq(string(text), ";") {
		unit, list, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			return fmt.Errorf("%q: want a unit and its bounds, as seconds=0.1,0.5,2", part)
		}
		edges := []float64{}
		for word := range strings.SplitSeq(list, ",") {
			if word = strings.TrimSpace(word); word == "" {
				continue
			}
			edge, err := strconv.ParseFloat(word, 64)
			if err != nil {
				return fmt.Errorf("%q: want a number", word)
			}
			edges = append(edges, edge)
		}
		(*b)[unit] = edges
	}
	return nil
}
