// Package hotinstrument has instruments that are made where they are used.
package hotinstrument

import (
	"context"
	"net/http"
	"sync"

	"google.golang.org/grpc"

	"github.com/zibrato/zibrato"
)

var scope = zibrato.With(zibrato.Tag("region", "eu"))

type server struct {
	jobs   map[string]*zibrato.Counter
	shared *zibrato.Timer
	once   sync.Once
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer zibrato.NewTimer("http.request").Start().Stop() // want `an instrument is made for each request, which costs many times what measuring does: make it once`
	t := scope.NewTimer("http.request")                   // want `for each request`
	defer t.Start().Stop()
	zibrato.With(zibrato.Tag("user", r.Host)).Inc("requests") // want `a scope is made for each request, .*where its tags vary, make a vector`
	var z = scope.With(zibrato.Source("a"))                   // want `a scope is made for each request`
	z.Inc("requests")
	zibrato.NewCounterVec("requests", []string{"host"}).With(r.Host).Inc() // want `for each request`
	go func() {
		zibrato.NewCounter("requests").Inc() // want `for each request`
	}()
	zibrato.With(zibrato.Source("a")).NewCounter("requests").Inc() // want `an instrument is made for each request`
}

func helper(r *http.Request) {
	(zibrato.NewDistribution("size")).Record(float64(r.ContentLength)) // want `for each request`
}

func middleware(next http.Handler) http.Handler {
	t := zibrato.NewTimer("http.request")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer t.Start().Stop()
		zibrato.NewUpDown("open").Add(1) // want `for each request`
		next.ServeHTTP(w, r)
	})
}

func intercept(ctx context.Context, req any, info *grpc.UnaryServerInfo) {
	zibrato.NewTimerVec("rpc", []string{"method"}).With(info.FullMethod).Start().Stop() // want `for each request`
}

func loops(jobs chan string, names []string) {
	for range jobs {
		zibrato.NewCounter("jobs").Inc() // want `in each turn of a loop`
	}
	for i := 0; i < 10; i++ {
		c := zibrato.NewGauge("depth") // want `in each turn of a loop`
		func() { c.Set(float64(i)) }()
	}
	for _, name := range names {
		defer zibrato.NewTimer(name).Start().Stop() // want `in each turn of a loop`
	}
}

func main() {
	jobs := make(chan string)
	go func() {
		for job := range jobs {
			zibrato.NewCounterVec("jobs", []string{"kind"}).With(job).Inc() // want `in each turn of a loop`
		}
	}()
	for {
		zibrato.NewCounter("turns").Inc() // want `in each turn of a loop`
	}
}

func worker(jobs chan string) func() {
	return func() {
		for {
			zibrato.NewCounter("jobs").Inc() // want `in each turn of a loop`
		}
	}
}

// What follows is right.

func newServer(kinds []string) *server {
	s := &server{jobs: map[string]*zibrato.Counter{}}
	for _, kind := range kinds {
		s.jobs[kind] = zibrato.NewCounter(kind)
		zibrato.NewCounter(kind).Add(0) // is there from the beginning
	}
	return s
}

func init() {
	for _, kind := range []string{"a", "b"} {
		zibrato.NewCounter(kind).Add(0)
	}
}

func table(kinds []string) (all []*zibrato.Counter) {
	vec := zibrato.NewCounterVec("jobs", []string{"kind"})
	for _, kind := range kinds {
		all = append(all, zibrato.NewCounter(kind))
		c := scope.NewCounter(kind)
		all = append(all, c)
		all = append(all, vec.With(kind))
		all = append(all, zibrato.NewCounterVec("more", []string{"kind"}).With(kind))
	}
	return all
}

func calls(kinds []string) (all []func()) {
	for _, kind := range kinds {
		c := zibrato.NewCounter(kind)
		all = append(all, func() { c.Inc() }, zibrato.NewCounter(kind).Inc)
		all = append(all, func() { zibrato.NewCounter("later").Inc() })
	}
	return all
}

func (s *server) lazy(w http.ResponseWriter, r *http.Request) {
	if s.jobs[r.Pattern] == nil {
		s.jobs[r.Pattern] = zibrato.NewCounter(r.Pattern)
	}
	s.once.Do(func() {
		s.shared = zibrato.NewTimer("once")
		zibrato.NewCounter("once").Inc()
	})
	use(zibrato.NewTimer("given"))
	defer zibrato.NewGaugeFunc("open", func() float64 { return 0 })()
	zibrato.Inc("requests")
	scope.Inc("requests")
}

func use(*zibrato.Timer) {}

func once() {
	defer zibrato.NewTimer("once").Start().Stop()
}

func newHandler() http.HandlerFunc {
	zibrato.NewCounter("handlers").Inc()
	return nil
}

func NewFor(r *http.Request) *server {
	zibrato.NewCounter("servers").Inc()
	return nil
}

func registerMetrics(kinds []string) {
	for _, kind := range kinds {
		zibrato.NewCounter(kind).Add(0)
	}
}

func initKinds(kinds []string) {
	for _, kind := range kinds {
		zibrato.NewCounter(kind).Add(0)
	}
}

// What only begins like that is wrong.

func NewsHandler(w http.ResponseWriter, r *http.Request) {
	zibrato.NewCounter("news").Inc() // want `for each request`
}

func register(w http.ResponseWriter, r *http.Request) {
	zibrato.NewCounter("registrations").Inc() // want `for each request`
}
