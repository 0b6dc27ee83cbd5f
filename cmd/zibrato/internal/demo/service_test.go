package demo

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"

	"github.com/zibrato/zibrato/cmd/zibrato/internal/search"
)

// seen is a sink that adds up, by full name, what the default recorder was told: the calls of timers and distributions,
// the growth of counters, and the last value of everything else. Each call on it comes from the backend's goroutine or
// after the backend has been closed.
type seen map[string]float64

func (s seen) Write(_ context.Context, w *metric.Window) error {
	for i := range w.Series {
		switch a := &w.Series[i]; a.Kind {
		case metric.Timer, metric.Distribution:
			s[fullName(a.Series)] += float64(a.Count)
		case metric.Counter:
			s[fullName(a.Series)] += a.Sum
		default:
			if a.HasDetail() {
				s[fullName(a.Series)] = a.Detail.Last
			}
		}
	}
	return nil
}

func (s seen) Close(context.Context) error { return nil }

// until is a seen that calls then, once or more, when it has seen enough.
type until struct {
	seen
	enough func(seen) bool
	then   func()
}

func (u until) Write(ctx context.Context, w *metric.Window) error {
	err := u.seen.Write(ctx, w)
	if u.enough(u.seen) {
		u.then()
	}
	return err
}

// observe returns what the default recorder is told from now on until stop is called, which must be before s is looked
// at. It calls then when s has seen enough.
func observe(t *testing.T, enough func(s seen) bool, then func()) (s seen, stop func()) {
	t.Helper()
	s = seen{}
	b, err := backend.Start(backend.Config{
		From:     backend.InProcess(zibrato.Default()),
		Interval: backend.MinInterval,
		Sinks:    []backend.Sink{until{s, enough, then}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

// smallCorpus is this module's own source: real, and there wherever the test runs.
func smallCorpus(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestServicesAndLoadAgreeOnWhatHappened(t *testing.T) {
	loading, endLoad := context.WithTimeout(context.Background(), time.Minute)
	defer endLoad()
	got, stop := observe(t, func(s seen) bool {
		return s["load.query{outcome=error}"] > 0 && s["http.request{route=file}"] > 0
	}, endLoad)
	corpus := smallCorpus(t)

	serving, endServices := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	ready := make(chan Ready, shards)
	for i := range shards {
		wg.Go(func() {
			limits := search.Limits{Shard: i, Shards: shards}
			if err := Service(serving, ServiceConfig{Corpus: corpus, Limits: limits}, func(r Ready) { ready <- r }); err != nil {
				t.Errorf("Service: %v", err)
			}
		})
	}
	var urls []string
	documents := 0
	for range shards {
		r := <-ready
		urls = append(urls, r.URL)
		documents += r.Documents
	}
	if err := Load(loading, LoadConfig{Services: urls, Corpus: corpus, Seed: 3, Rate: 400, Connections: 3}); err != nil {
		t.Errorf("Load: %v", err)
	}
	endServices()
	wg.Wait()
	stop()

	asked := got["load.query{outcome=ok}"] + got["load.query{outcome=error}"]
	for _, equal := range []struct {
		what      string
		one, same float64
	}{
		{"files of the services and counted", float64(documents), got["index.files"]},
		{"files read and tokenised", got["index.read"], got["index.tokenise"]},
		{"indexes built", got["index.build{outcome=ok}"], shards},
		{"each query asks all services", asked * shards, got["load.round_trip{route=search}"]},
		{"searches sent and served", got["load.round_trip{route=search}"], got["http.request{route=search}"]},
		{"files sent for and served", got["load.round_trip{route=file}"], got["http.request{route=file}"]},
		{"good searches", got["search.query{outcome=ok}"], got["http.answered{route=search,status=200}"]},
		{"refused searches", got["search.query{outcome=error}"], got["http.answered{route=search,status=400}"]},
		{"queries refused by every service", got["load.query{outcome=error}"] * shards, got["http.answered{route=search,status=400}"]},
		{"queries parsed and searches", got["search.parse"], got["http.request{route=search}"]},
		{"answers encoded and good searches", got["http.encode"], got["search.query{outcome=ok}"]},
		{"bodies compressed", got["http.compress"], got["http.body"]},
		{"under way at the end", got["http.in_flight"], 0},
		{"failed", got["load.failed"], 0},
	} {
		if equal.one != equal.same {
			t.Errorf("%s: %v and %v", equal.what, equal.one, equal.same)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}

func TestServiceStopsIndexingWhenItsTimeIsOver(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := Service(ctx, ServiceConfig{Corpus: smallCorpus(t)}, func(Ready) { t.Error("ready after its end") })
	if err != nil {
		t.Errorf("Service: %v", err)
	}
}

func TestServiceReportsACorpusThatItCannotRead(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	err := Service(context.Background(), ServiceConfig{Corpus: missing}, func(Ready) { t.Error("ready") })
	if err == nil || !strings.HasPrefix(err.Error(), "service: corpus: ") {
		t.Errorf("Service: %v", err)
	}
}
