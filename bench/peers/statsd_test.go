package peers

import (
	"bytes"
	"net"
	"testing"
	"time"

	dogstatsd "github.com/DataDog/datadog-go/v5/statsd"
	cactusstatsd "github.com/cactus/go-statsd-client/v5/statsd"
	"go.uber.org/atomic"
)

// An agent takes what statsd clients send, as their agent on the same host would.
type agent struct {
	addr    string
	timings atomic.Int64
}

func startAgent(tb testing.TB) *agent {
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(tb, err)
	must(tb, socket.SetReadBuffer(4<<20))
	a := &agent{addr: socket.LocalAddr().String()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		packet := make([]byte, 64<<10)
		for {
			n, err := socket.Read(packet)
			if err != nil {
				return
			}
			for line := range bytes.Lines(packet[:n]) {
				if bytes.HasPrefix(line, []byte("request:")) {
					values, _, _ := bytes.Cut(line[len("request:"):], []byte("|"))
					a.timings.Add(int64(bytes.Count(values, []byte(":")) + 1))
				}
			}
		}
	}()
	tb.Cleanup(func() {
		socket.Close()
		<-done
	})
	return a
}

// https://github.com/DataDog/datadog-go: a client as it is by default aggregates counts and gauges, and sends every timing.
func datadog(tb testing.TB) jobs { return datadogJobs(tb) }

// The same with WithExtendedClientSideAggregation, which packs the values of timings.
func datadogExtended(tb testing.TB) jobs {
	j := datadogJobs(tb, dogstatsd.WithExtendedClientSideAggregation())
	j.counter, j.named, j.gauge = nil, nil, nil // as the plain one's
	return j
}

func datadogJobs(tb testing.TB, opts ...dogstatsd.Option) jobs {
	a := startAgent(tb)
	client, err := dogstatsd.New(a.addr, opts...)
	must(tb, err)
	tb.Cleanup(func() { must(tb, client.Close()) })
	tags := []string{"method:GET", "code:200"}
	timed := func(begun time.Time) { client.Timing("request", time.Since(begun), tags, 1) }
	return jobs{
		timer: func(n int) {
			for range n {
				datadogTimer(client, nil)
			}
		},
		labels: func(n int) {
			for range n {
				datadogTimer(client, tags)
			}
		},
		named: func(n int) {
			for range n {
				client.Incr("jobs", nil, 1)
			}
		},
		gauge: func(n int) {
			for i := range n {
				client.Gauge("queue.depth", float64(i), nil, 1)
			}
		},
		call: func() { defer timed(time.Now()) },
		block: func(steps int) {
			defer timed(time.Now())
			spin(steps)
		},
		seen: func() (int, float64) {
			must(tb, client.Flush())
			until(tb, "a timing", func() bool { return a.timings.Load() > 0 })
			return int(a.timings.Load()), 0
		},
	}
}

func datadogTimer(c *dogstatsd.Client, tags []string) { defer datadogSince(c, tags, time.Now()) }

func datadogSince(c *dogstatsd.Client, tags []string, begun time.Time) {
	c.Timing("request", time.Since(begun), tags, 1)
}

// https://github.com/cactus/go-statsd-client: the buffered client of its example.
func cactus(tb testing.TB) jobs {
	a := startAgent(tb)
	client, err := cactusstatsd.NewClientWithConfig(&cactusstatsd.ClientConfig{Address: a.addr, UseBuffered: true, FlushInterval: 300 * time.Millisecond})
	must(tb, err)
	tb.Cleanup(func() { must(tb, client.Close()) })
	timed := func(begun time.Time) { client.TimingDuration("request", time.Since(begun), 1) }
	return jobs{
		timer: func(n int) {
			for range n {
				cactusTimer(client)
			}
		},
		named: func(n int) {
			for range n {
				client.Inc("jobs", 1, 1)
			}
		},
		gauge: func(n int) {
			for i := range n {
				client.Gauge("queue.depth", int64(i), 1)
			}
		},
		call: func() { defer timed(time.Now()) },
		block: func(steps int) {
			defer timed(time.Now())
			spin(steps)
		},
		seen: func() (int, float64) {
			until(tb, "a timing", func() bool { return a.timings.Load() > 0 })
			return int(a.timings.Load()), 0
		},
	}
}

func cactusTimer(c cactusstatsd.Statter) { defer cactusSince(c, time.Now()) }

func cactusSince(c cactusstatsd.Statter, begun time.Time) {
	c.TimingDuration("request", time.Since(begun), 1)
}
