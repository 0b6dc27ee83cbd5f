package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"runtime/metrics"
	"strconv"
	"time"

	"github.com/zibrato/zibrato"

	"github.com/zibrato/zibrato/cmd/zibrato/internal/search"
)

var (
	readTime = zibrato.NewTimer("index.read", zibrato.AtLevel(zibrato.LevelDebug), zibrato.WithHelp("one file from the disk"))
	files    = zibrato.NewCounter("index.files")
)

// graceful is how long requests under way have to end when the service does.
const graceful = time.Second

// ServiceConfig says what a service searches.
type ServiceConfig struct {
	Corpus string        // the directory that holds the files
	Limits search.Limits // and those of them that this service has
}

// Ready is what a service tells when it can be searched.
type Ready struct {
	URL       string
	Documents int
	Bytes     int
	Took      time.Duration // to read and index them
}

// Service indexes its part of a corpus and answers searches over HTTP, on a port of loopback that the kernel chooses,
// until ctx ends. It calls ready once, when it can be searched. An end by ctx is no error.
func Service(ctx context.Context, cfg ServiceConfig, ready func(Ready)) error {
	start := time.Now()
	index, err := build(ctx, os.DirFS(cfg.Corpus), cfg.Limits)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("service: %w", err)
	}
	defer watch(index.Stats(), cfg.Limits.Shard)()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("service: %w", err)
	}
	server := &http.Server{Handler: (&server{index: index}).handler(), ReadHeaderTimeout: graceful}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	ready(Ready{
		URL:       "http://" + listener.Addr().String(),
		Documents: index.Stats().Documents,
		Bytes:     index.Stats().Bytes,
		Took:      time.Since(start),
	})
	select {
	case err := <-served:
		return fmt.Errorf("service: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceful)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		_ = server.Close() // cuts off who is still there
	}
	<-served
	return nil
}

// build reads and indexes the files.
func build(ctx context.Context, tree fs.FS, limits search.Limits) (_ *search.Index, err error) {
	defer zibrato.TimeErr("index.build", &err)()
	paths, err := search.Files(tree, limits)
	if err != nil {
		return nil, err
	}
	var b search.Builder
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		text, err := read(tree, path)
		if err != nil {
			return nil, err
		}
		b.Add(path, text)
		files.Inc()
	}
	return b.Index(), nil
}

func read(tree fs.FS, path string) ([]byte, error) {
	defer readTime.Start().Stop()
	return fs.ReadFile(tree, path)
}

// watch shows the size of the index and, until stop is called, of the heap. Each shard has its own.
func watch(size search.Stats, shard int) (stop func()) {
	mine := zibrato.With(zibrato.Tag("shard", strconv.Itoa(shard)))
	mine.Set("index.documents", float64(size.Documents))
	mine.Set("index.terms", float64(size.Terms))
	mine.NewGauge("index.text", zibrato.WithUnit("By")).Set(float64(size.Bytes))
	return mine.NewGaugeFunc("process.heap", heap, zibrato.WithUnit("By"))
}

// heap returns the bytes of the objects on the heap.
func heap() float64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return float64(sample[0].Value.Uint64())
}
