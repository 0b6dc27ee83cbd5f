package statsd_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/backend/backendtest"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/statsd"
)

// windowOf is the nth window, of ten seconds, with these series.
func windowOf(n int, series ...metric.Aggregate) *metric.Window {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(n) * 10 * time.Second)
	return &metric.Window{Start: start, End: start.Add(10 * time.Second), Interval: 10 * time.Second, Series: series}
}

func counter(name string, n int64, tags ...metric.Tag) metric.Aggregate {
	return metric.Aggregate{Series: &metric.Series{Kind: metric.Counter, Name: name, Source: "orders", Level: metric.Info, Tags: tags}, Count: 1, Sum: float64(n), IntSum: n}
}

func gauge(name string, v float64) metric.Aggregate {
	a := metric.Aggregate{Series: &metric.Series{Kind: metric.Gauge, Name: name, Source: "orders", Level: metric.Info}, Count: 1}
	a.Detail.Add(v)
	return a
}

func newSink(t *testing.T, cfg statsd.Config) *statsd.Sink {
	t.Helper()
	s, err := statsd.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

// udp listens as a server does.
func udp(t *testing.T, addr string) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// packets reads n packets.
func packets(t *testing.T, c net.PacketConn, n int) (all []string) {
	t.Helper()
	b := make([]byte, 1<<16)
	for range n {
		c.SetReadDeadline(time.Now().Add(30 * time.Second))
		size, _, err := c.ReadFrom(b)
		if err != nil {
			t.Fatalf("after %q: %v", all, err)
		}
		all = append(all, string(b[:size]))
	}
	return all
}

func TestANegativeGaugeFollowsAZeroInItsPacket(t *testing.T) {
	c := udp(t, "127.0.0.1:0")
	s := newSink(t, statsd.Config{Addr: c.LocalAddr().String(), Packet: 256})
	var series []metric.Aggregate
	for range 100 {
		series = append(series, gauge("g"+strings.Repeat("x", len(series)), -1.5))
	}
	if err := s.Write(t.Context(), windowOf(0, series[:60]...)); err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(30 * time.Second))
	seen := 0
	b := make([]byte, 1<<16)
	for seen < 60 {
		n, _, err := c.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(b[:n]), "\n")
		for i := 0; i < len(lines); i += 2 {
			name, _, _ := strings.Cut(lines[i], ":")
			if len(lines)%2 != 0 || lines[i] != name+":0|g" || lines[i+1] != name+":-1.5|g" {
				t.Fatalf("%q", lines)
			}
			seen++
		}
	}
}

// A name belongs to one type where tags make more series of it: servers refuse a second.
func TestANameHasOneType(t *testing.T) {
	c := udp(t, "127.0.0.1:0")
	var log bytes.Buffer
	s := newSink(t, statsd.Config{Addr: c.LocalAddr().String(), Tags: statsd.DogStatsD, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	jobs := gauge("jobs", 3)
	for n := range 2 {
		if err := s.Write(t.Context(), windowOf(n, counter("jobs", 1, metric.Tag{Key: "to", Value: "a"}), counter("jobs", 2), jobs)); err != nil {
			t.Fatal(err)
		}
		got := packets(t, c, 1)[0]
		want := "jobs:1|c|#source:orders,level:info,to:a\njobs:2|c|#source:orders,level:info\njobs_"
		if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, ":3|g|#source:orders,level:info") {
			t.Errorf("%q", got)
		}
	}
	// Alone, it keeps the name that it was given.
	if err := s.Write(t.Context(), windowOf(2, jobs)); err != nil {
		t.Fatal(err)
	}
	if got := packets(t, c, 1)[0]; !strings.HasPrefix(got, "jobs_") {
		t.Errorf("%q", got)
	}
	if n := strings.Count(log.String(), "go under other names"); n != 1 {
		t.Errorf("logged %d times: %s", n, &log)
	}
}

func TestWhenNobodyListensTheWindowComesAgain(t *testing.T) {
	c := udp(t, "127.0.0.1:0")
	addr := c.LocalAddr().String()
	var log bytes.Buffer
	s := newSink(t, statsd.Config{Addr: addr, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err := s.Write(t.Context(), windowOf(0, counter("c", 1))); err != nil {
		t.Fatal(err)
	}
	c.Close()
	for range 3 { // one packet, of which only the word afterwards tells
		err := s.Write(t.Context(), windowOf(1, counter("c", 2)))
		if _, again := backend.RetryAfter(err); !again || !errors.Is(err, syscall.ECONNREFUSED) || !strings.Contains(err.Error(), addr) {
			t.Fatalf("%v", err)
		}
	}
	c = udp(t, addr)
	if err := s.Write(t.Context(), windowOf(1, counter("c", 2))); err != nil {
		t.Fatal(err)
	}
	if got := packets(t, c, 1); got[0] != "orders.c:2|c" {
		t.Errorf("%q", got)
	}
	if log.Len() > 0 {
		t.Errorf("said that an earlier window was lost: %s", &log)
	}
}

// What the server adds up over many windows is what was counted.
func TestCountersAddUp(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		srv, err := newServer(t, statsd.Config{Network: network})
		if err != nil {
			t.Fatal(err)
		}
		sink, err := srv.NewSink()
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int64{}
		for n := range 100 {
			var series []metric.Aggregate
			for _, name := range []string{"a", "b", "c"} {
				v := rand.Int64N(1 << uint(rand.IntN(40)+1))
				want["orders."+name] += v
				series = append(series, counter(name, v))
			}
			if err := sink.Write(t.Context(), windowOf(n, series...)); err != nil {
				t.Fatal(err)
			}
		}
		if err := srv.announce(time.Now()); err != nil { // waits for what is under way
			t.Fatal(err)
		}
		points, err := srv.Arrived()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		for _, p := range points {
			got[p.Name] += int64(*p.Sum)
		}
		for name, n := range want {
			if got[name] != n {
				t.Errorf("%s: %s: %d instead of %d", network, name, got[name], n)
			}
		}
		sink.Close(t.Context())
		srv.Close()
	}
}

// A connection that breaks off in the middle of a window takes the whole window again; one that only hangs goes on.
func TestAHangingConnectionGoesOn(t *testing.T) {
	srv, err := newServer(t, statsd.Config{Network: "tcp"})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	sink, err := srv.NewSink()
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close(t.Context())
	var series []metric.Aggregate
	for range 20000 {
		series = append(series, counter(strings.Repeat("x", 1+len(series)%150), int64(len(series)), metric.Tag{Key: "n", Value: "v" + strings.Repeat("y", len(series)/150)}))
	}
	w := windowOf(0, series...)
	srv.Behave(backendtest.Hang)
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err := sink.Write(ctx, w)
		cancel()
		if _, again := backend.RetryAfter(err); !again || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	}
	srv.Behave(backendtest.Serve)
	if err := sink.Write(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	points, err := srv.Arrived()
	if err != nil || len(points) != len(series) {
		t.Errorf("%d of %d arrived, %v", len(points), len(series), err)
	}
}

func TestWhatCannotGoIsRefusedAndTheRestArrives(t *testing.T) {
	c := udp(t, "127.0.0.1:0")
	s := newSink(t, statsd.Config{Addr: c.LocalAddr().String(), Packet: 256})
	negative := metric.Aggregate{Series: &metric.Series{Kind: metric.Distribution, Name: "negative"}, Count: 1, Sum: -1}
	negative.Detail.Add(-1)
	err := s.Write(t.Context(), windowOf(0, counter("first", 1), counter(strings.Repeat("long.", 60)+"name", 1), negative, counter("last", 2)))
	if n, rejected := backend.Rejected(err); !rejected || n != 2 {
		t.Errorf("%v", err)
	}
	if got := packets(t, c, 1); got[0] != "orders.first:1|c\norders.last:2|c" {
		t.Errorf("%q", got)
	}
}

func TestConfigSaysWhatIsWrong(t *testing.T) {
	for want, cfg := range map[string]statsd.Config{
		"Addr":          {Addr: "localhost"},
		"port":          {Addr: "localhost:0"},
		"Network":       {Network: "sctp"},
		"Tags":          {Tags: "labels"},
		"Prefix":        {Prefix: "a b."},
		"Template":      {Template: "{source}"},
		"{names}":       {Template: "{names}"},
		"goes with":     {Template: "{name}", Tags: statsd.Influx},
		"Distributions": {Distributions: "x"},
		"Values":        {Values: -1},
		"Packet":        {Packet: 100},
	} {
		if s, err := statsd.New(cfg); err == nil || !strings.Contains(err.Error(), want) || s != nil {
			t.Errorf("%+v: %v, want one that names %s", cfg, err, want)
		}
	}
}
