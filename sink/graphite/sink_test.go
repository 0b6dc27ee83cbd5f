package graphite_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/graphite"
)

func windowOf(series ...metric.Aggregate) *metric.Window {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return &metric.Window{Start: start, End: start.Add(10 * time.Second), Interval: 10 * time.Second, Series: series}
}

func counter(name string, n int64) metric.Aggregate {
	return metric.Aggregate{Series: &metric.Series{Kind: metric.Counter, Name: name, Source: "orders", Level: metric.Info}, Count: 1, Sum: float64(n), IntSum: n}
}

// receive accepts one connection, and gives it to f; what was read of it is sent on the channel.
func receive(t *testing.T, f func(net.Conn) string) (addr string, got chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got = make(chan string, 10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			got <- f(c)
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String(), got
}

func readAll(c net.Conn) string {
	defer c.Close()
	b, _ := io.ReadAll(c)
	return string(b)
}

func newSink(t *testing.T, cfg graphite.Config) *graphite.Sink {
	t.Helper()
	s, err := graphite.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

func TestLinesAreAsDocumented(t *testing.T) {
	timer := metric.Aggregate{Series: &metric.Series{Kind: metric.Timer, Name: "db.query", Source: "orders", Level: metric.Info, Tags: []metric.Tag{{Key: "table", Value: "users"}}}}
	for _, v := range []float64{0.25, 0.5} {
		timer.Count++
		timer.Detail.Add(v)
	}
	timer.Sum, timer.IntSum = 0.75, 750_000_000
	depth := metric.Aggregate{Series: &metric.Series{Kind: metric.Gauge, Name: "depth", Level: metric.Info}, Count: 2}
	depth.Detail.Add(4)
	depth.Detail.Add(2)
	nan := metric.Aggregate{Series: &metric.Series{Kind: metric.Distribution, Name: "nan"}, Count: 2, Sum: math.NaN()}
	nan.Detail = metric.Summary{Count: 2, M2: math.NaN(), Min: math.Inf(-1), Max: math.NaN()}
	addr, got := receive(t, readAll)
	for want, cfg := range map[string]graphite.Config{
		`prod.orders.jobs.count 9007199254740993 T
prod.orders.jobs.rate 900719925474099.2 T
prod.orders.db.query.table.users.count 2 T
prod.orders.db.query.table.users.rate 0.2 T
prod.orders.db.query.table.users.sum 0.75 T
prod.orders.db.query.table.users.mean 0.375 T
prod.orders.db.query.table.users.min 0.25 T
prod.orders.db.query.table.users.max 0.5 T
prod.orders.db.query.table.users.stddev 0.125 T
prod.orders.db.query.table.users.p50 0.25 T
prod.depth.mean 3 T
prod.depth.min 2 T
prod.depth.max 4 T
prod.depth.last 2 T
prod.nan.count 2 T
prod.nan.rate 0.2 T
`: {Prefix: "prod.", Stats: []string{"count", "rate", "sum", "mean", "min", "max", "last", "stddev", "p50"}},
		`jobs.count;source=orders;level=info 9007199254740993 T
db.query.count;source=orders;level=info;table=users 2 T
db.query.max;source=orders;level=info;table=users 0.5 T
depth.max;level=info 4 T
nan.count 2 T
`: {Tags: true, Stats: []string{"count", "max"}},
	} {
		cfg.Addr = addr
		if err := newSink(t, cfg).Write(t.Context(), windowOf(counter("jobs", 1<<53+1), timer, depth, nan)); err != nil {
			t.Fatal(err)
		}
		if text := strings.ReplaceAll(<-got, " 1772366400\n", " T\n"); text != want {
			t.Errorf("got\n%s\nwant\n%s", text, want)
		}
	}
}

func TestAConnectionThatBreaksOffIsTriedAgain(t *testing.T) {
	addr, got := receive(t, func(c net.Conn) string {
		c.(*net.TCPConn).SetLinger(0) // a reset, as of a server that was killed
		c.Read(make([]byte, 10))
		c.Close()
		return ""
	})
	err := newSink(t, graphite.Config{Addr: addr}).Write(t.Context(), windowOf(counter("a", 1)))
	<-got
	if _, again := backend.RetryAfter(err); !again || !strings.Contains(err.Error(), addr) {
		t.Errorf("%v", err)
	}
}

// A server that holds its end open has not said that it read anything.
func TestAServerThatDoesNotCloseItsEnd(t *testing.T) {
	end := make(chan struct{})
	addr, got := receive(t, func(c net.Conn) string {
		b, _ := io.ReadAll(c)
		go func() { <-end; c.Close() }()
		return string(b)
	})
	defer close(end)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := newSink(t, graphite.Config{Addr: addr}).Write(ctx, windowOf(counter("a", 1)))
	if _, again := backend.RetryAfter(err); !again || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "close its end") {
		t.Errorf("%v", err)
	}
	<-got
	if err := newSink(t, graphite.Config{Addr: addr, Unconfirmed: true, Stats: []string{"count"}}).Write(t.Context(), windowOf(counter("a", 1))); err != nil {
		t.Error(err)
	}
	if text := <-got; text != "orders.a.count 1 1772366400\n" {
		t.Errorf("%q", text)
	}
}

func TestAStrangersCertificateIsNotTrusted(t *testing.T) {
	secure, _ := certified(t)
	srv, err := newServer(graphite.Config{}, secure)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	err = newSink(t, graphite.Config{Addr: srv.cfg.Addr, TLS: &tls.Config{}}).Write(t.Context(), windowOf(counter("a", 1)))
	if unknown := (*tls.CertificateVerificationError)(nil); !errors.As(err, &unknown) {
		t.Errorf("%v", err)
	}
}

func TestConfigSaysWhatIsWrong(t *testing.T) {
	for want, cfg := range map[string]graphite.Config{
		"Addr":                    {Addr: "localhost"},
		"port":                    {Addr: "localhost:99999"},
		"Prefix":                  {Prefix: "."},
		"Template":                {Template: "{source}.{name}..{tags}"},
		"does not go with":        {Template: "{name}", Tags: true},
		"Stats":                   {Stats: []string{"median"}},
		`"p101"`:                  {Stats: []string{"p101"}},
		`"p1e1"`:                  {Stats: []string{"p1e1"}},
		"p999 stands there twice": {Stats: []string{"p99.9", "p9.99"}},
	} {
		if s, err := graphite.New(cfg); err == nil || !strings.Contains(err.Error(), want) || s != nil {
			t.Errorf("%+v: %v, want one that says %s", cfg, err, want)
		}
	}
}
