//go:build cgo && linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/subscriber"
)

// receiving is what a backend is told when it is started.
type receiving struct {
	From    string
	Detail  metric.Detail
	Dir     string // empty: in memory
	Sink    string // URL
	Journal string // its files
	Stats   string
	// CloseTimeout is how long the end may take.
	CloseTimeout time.Duration
}

const (
	interval     = time.Second
	writeTimeout = time.Second
	// queueWindows is more than a run has: the store fails most of the time.
	queueWindows = 10_000
)

// run merges what it receives until the context ends, and closes in good order.
func (p *receiving) run(ctx context.Context, log *slog.Logger) error {
	j, err := openJournal(p.Journal)
	if err != nil {
		return err
	}
	sub, err := subscriber.Start(subscriber.Config{From: p.From, Detail: p.Detail, Logger: log})
	if err != nil {
		return err
	}
	b, err := backend.Start(backend.Config{
		From: &journaled{sub, j, log}, Sinks: []backend.Sink{&poster{url: p.Sink}}, Interval: interval, WriteTimeout: writeTimeout,
		Dir: p.Dir, DirBytes: dirBytes, QueueWindows: queueWindows, Logger: log,
	})
	if err != nil {
		sub.Close()
		return err
	}
	keep := keepStats(p.Stats, func() any { return b.Stats() })
	<-ctx.Done()
	last, cancel := context.WithTimeout(context.Background(), p.CloseTimeout)
	defer cancel()
	err = b.Shutdown(last)
	keep()
	return err
}

// journaled is a source that writes down what it hands over.
type journaled struct {
	*subscriber.Subscriber
	journal *journal
	log     *slog.Logger
}

func (s *journaled) Receive(ctx context.Context, deliver func(*metric.Batch)) error {
	return s.Subscriber.Receive(ctx, func(b *metric.Batch) {
		s.check(s.journal.put(b))
		deliver(b)
		s.check(s.journal.taken())
	})
}

func (s *journaled) check(err error) {
	if err != nil {
		s.log.Error("journal", "error", err)
	}
}

// posted is a window as it travels to the store.
type posted struct {
	Start  int64 // unix nanoseconds
	Series []figures
}

// figures are what the store keeps of a series and window.
type figures struct {
	Series series
	Count  uint64
	Sum    int64 // as in told; for gauges and up-down counters the last value
	Detail uint64
}

// poster is the sink that takes windows to the store.
type poster struct{ url string }

func (p *poster) String() string { return "store" }

func (p *poster) Write(ctx context.Context, w *metric.Window) error {
	out := posted{Start: w.Start.UnixNano()}
	for i := range w.Series {
		a := &w.Series[i]
		f := figures{Series: seriesOf(a.Series), Count: a.Count, Detail: a.Detail.Count}
		switch a.Kind {
		case metric.Timer, metric.Counter:
			f.Sum = a.IntSum
		case metric.Distribution:
			f.Sum = int64(a.Sum)
		default:
			f.Sum = int64(a.Detail.Last)
		}
		out.Series = append(out.Series, f)
	}
	body, err := json.Marshal(out)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return backend.Retry(err, 0)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return backend.Retry(err, 0)
	}
	if res.StatusCode == http.StatusOK {
		return nil
	}
	after, _ := strconv.Atoi(res.Header.Get("Retry-After"))
	return backend.Retry(fmt.Errorf("the store says %s", res.Status), time.Duration(after)*time.Second)
}

func (*poster) Close(context.Context) error {
	http.DefaultClient.CloseIdleConnections()
	return nil
}
