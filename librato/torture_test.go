package librato_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/librato"
	"github.com/zibrato/zibrato/metric"
)

// trickle is a source of text messages.
type trickle struct{ batches chan *metric.Batch }

func (s *trickle) Receive(ctx context.Context, deliver func(*metric.Batch)) error {
	for {
		select {
		case b := <-s.batches:
			deliver(b)
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *trickle) Close() error { return nil }

// neighbour is a sink beside the tortured one, which notes how late its windows come.
type neighbour struct {
	mu      sync.Mutex
	windows int
	latest  time.Duration
}

func (n *neighbour) Write(_ context.Context, w *metric.Window) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.windows++
	n.latest = max(n.latest, time.Since(w.End))
	return nil
}

func (*neighbour) Close(context.Context) error { return nil }

// torments are the answers of a service that is not well, all of which its documents name, or networks know.
func torments(now func() time.Time) []http.HandlerFunc {
	limit := func() string { return fmt.Sprintf("limit=100,remaining=0,reset=%d", now().Add(3*time.Second).Unix()) }
	limited := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			says(status, `{"errors":{"request":["Rate limit exceeded"]}}`, "X-Librato-RateLimit-Agg", limit(), "Retry-After", "2")(w, r)
		}
	}
	return []http.HandlerFunc{
		says(500, ""), says(502, "<html>"), says(503, "", "Retry-After", "4"), says(504, "not now"), says(408, ""), says(401, `{"errors":{"request":["Authorization Required"]}}`),
		limited(429), limited(403), says(301, "", "Location", "https://elsewhere.example/"), says(200, "<html>maintenance</html>", "Content-Type", "text/html"),
		func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, // hangs
	}
}

// A service that fails in every way gets every good measurement in the end, once; a bad one among them costs only itself, and other sinks wait for nothing.
func TestNoGoodMeasurementIsLostWhateverTheServiceDoes(t *testing.T) {
	for seed := range uint64(12) {
		synctest.Test(t, func(t *testing.T) {
			const interval, windows = 10 * time.Second, 60
			rng := rand.New(rand.NewPCG(seed, 1))
			f := newFake(t)
			f.poison["poison"] = "is not valid"
			other := &neighbour{}
			cfg := config(f)
			cfg.Timeout, cfg.BatchSize = 5*time.Second, 4
			src := &trickle{make(chan *metric.Batch)}
			time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute + time.Second)))
			b, err := backend.Start(backend.Config{From: src, Sinks: []backend.Sink{librato.New(cfg), other}, Interval: interval, QueueWindows: 2 * windows})
			if err != nil {
				t.Fatal(err)
			}
			bad := torments(time.Now)
			want := map[string]int64{}
			for range windows {
				for range rng.IntN(4) {
					f.next(bad[rng.IntN(len(bad))])
					if rng.IntN(2) == 0 {
						f.next(nil) // which is well
					}
				}
				for _, name := range []string{"poison", "a", "b", "c", "d", "e", "f"} {
					n := 1 + rng.Int64N(9)
					var m metric.Batch
					if err := metric.DecodeText(fmt.Appendf(nil, "info|Counter|%s|%d|1|s", name, n), &m); err != nil {
						t.Fatal(err)
					}
					src.batches <- &m
					want[name] += n
				}
				time.Sleep(interval)
			}
			f.mu.Lock()
			f.script = nil // it is well again
			f.mu.Unlock()
			for begun := time.Now(); time.Since(begun) < time.Hour; time.Sleep(time.Second) { // until it is done, at the backend's pace
				if s := b.Stats().Sinks[0]; s.Queued == 0 && !s.Failing && s.Written >= windows {
					break
				}
			}
			if err := b.Close(); err != nil && !strings.Contains(err.Error(), "refused") {
				t.Errorf("seed %d: %v", seed, err)
			}
			got := map[string]int64{}
			for _, m := range f.store {
				n, err := whole(m["value"])
				if err != nil {
					t.Fatalf("seed %d: %v", seed, m)
				}
				got[m["name"].(string)] += n
			}
			stats := b.Stats().Sinks[0]
			delete(want, "poison")
			if fmt.Sprint(got) != fmt.Sprint(want) || stats.Dropped != 0 || stats.Rejected != windows || stats.Retried == 0 {
				t.Errorf("seed %d: the service has %v, want %v; %+v", seed, got, want, stats)
			}
			if other.windows != windows || other.latest > interval {
				t.Errorf("seed %d: the other sink got %d windows, the latest %v after its end", seed, other.windows, other.latest)
			}
		})
	}
}
