//go:build cgo

package network

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	zmq "github.com/pebbe/zmq4"
	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/metric"
)

const (
	forwarderPairs = 31
	forwarderSlice = 200 * time.Millisecond // of work, measured; as long again at most to warm up and to run dry
)

// BenchmarkForwarder compares the forwarder's throughput with that of libzmq's own proxy (zmq4.Proxy), counted at the
// receiver. Both run in this process with the same socket options, each between one sender that drops nothing and one
// receiver that takes whatever comes. They work in turns, in pairs of short slices, alternating which goes first. What is
// reported is the median over the pairs: of the forwarder's rate, and of its ratio to the proxy's.
//
//	go test -run '^$' -bench Forwarder ./bench/network
//
// One iteration takes all pairs. The proxies run until the process ends, since zmq4.Proxy cannot be stopped.
func BenchmarkForwarder(b *testing.B) {
	for _, size := range []int{64, 4 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) { benchmarkForwarder(b, size) })
	}
}

func benchmarkForwarder(b *testing.B, size int) {
	fwd, err := forwarder.Start(forwarder.Config{In: "tcp://127.0.0.1:0", Out: "tcp://127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	defer fwd.Close()
	ours := startRelayLoad(b, fwd.InAddr(), fwd.OutAddr(), size)
	defer ours.close()
	proxyIn, proxyOut := startProxy(b)
	stock := startRelayLoad(b, proxyIn, proxyOut, size)
	defer stock.close()
	ours.rate(time.Second) // warms up
	stock.rate(time.Second)
	b.Logf("%d CPUs, %s/%s, %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	for b.Loop() {
		var rates, ratios []float64
		for i := range forwarderPairs {
			var o, s float64
			if i%2 == 0 {
				o = ours.rate(forwarderSlice)
				s = stock.rate(forwarderSlice)
			} else {
				s = stock.rate(forwarderSlice)
				o = ours.rate(forwarderSlice)
			}
			rates = append(rates, o)
			ratios = append(ratios, o/s)
		}
		b.Logf("forwarder / proxy at %d B, %d pairs: %.2f", size, len(ratios), ratios)
		b.Logf("forwarder / proxy at %d B, quartiles: %.3f %.3f %.3f", size, quantile(ratios, 0.25), quantile(ratios, 0.5), quantile(ratios, 0.75))
		b.ReportMetric(quantile(rates, 0.5), "msgs/s")
		b.ReportMetric(quantile(rates, 0.5)*float64(size)/(1<<20), "MiB/s")
		b.ReportMetric(quantile(ratios, 0.5), "ratio")
	}
}

// startProxy starts libzmq's own proxy with the options that the forwarder uses.
func startProxy(b *testing.B) (inAddr, outAddr string) {
	const queueLen = forwarder.DefaultQueueBytes / (8 << 10) // as the forwarder counts
	in := relaySocket(b, zmq.XSUB)
	out := relaySocket(b, zmq.XPUB)
	fatalIf(b,
		in.SetRcvhwm(queueLen), out.SetSndhwm(queueLen),
		in.SetMaxmsgsize(metric.MaxFrame), out.SetMaxmsgsize(256),
		in.SetHeartbeatIvl(time.Second), out.SetHeartbeatIvl(time.Second),
		in.SetHeartbeatTimeout(3*time.Second), out.SetHeartbeatTimeout(3*time.Second),
		out.Bind("tcp://127.0.0.1:*"), in.Bind("tcp://127.0.0.1:*"),
	)
	inAddr, err1 := in.GetLastEndpoint()
	outAddr, err2 := out.GetLastEndpoint()
	fatalIf(b, err1, err2)
	go zmq.Proxy(in, out, nil)
	return inAddr, outAddr
}

// relayLoad is a sender and a receiver on either side of a broker.
type relayLoad struct {
	received atomic.Int64 // the receiver counts
	sending  atomic.Bool  // false ends the sender's turn
	turns    chan struct{}
	closing  atomic.Bool
	ended    sync.WaitGroup // of the two goroutines, each of which owns its socket
}

func startRelayLoad(b *testing.B, inAddr, outAddr string, size int) *relayLoad {
	l := &relayLoad{turns: make(chan struct{})}
	receiver := relaySocket(b, zmq.SUB)
	sender := relaySocket(b, zmq.XPUB)
	fatalIf(b,
		receiver.SetRcvtimeo(100*time.Millisecond), receiver.SetSubscribe("b"), receiver.Connect(outAddr),
		sender.SetXpubNodrop(true), sender.SetSndtimeo(20*time.Millisecond), sender.SetRcvtimeo(5*time.Second),
		sender.Connect(inAddr),
	)
	_, err := sender.RecvBytes(0) // the receiver's subscription
	fatalIf(b, err)
	l.ended.Go(func() {
		defer sender.Close()
		message := []byte(strings.Repeat("b", size))
		for range l.turns {
			for l.sending.Load() {
				sender.SendBytes(message, 0)
			}
		}
	})
	l.ended.Go(func() {
		defer receiver.Close()
		for !l.closing.Load() {
			if _, err := receiver.RecvBytes(0); err == nil {
				l.received.Inc()
			}
		}
	})
	return l
}

// rate sends for a while, as fast as the broker takes messages, and returns how many a second arrived.
func (l *relayLoad) rate(slice time.Duration) float64 {
	l.sending.Store(true)
	l.turns <- struct{}{}
	time.Sleep(slice / 5)
	from, start := l.received.Load(), time.Now()
	time.Sleep(slice)
	n, took := l.received.Load()-from, time.Since(start)
	l.sending.Store(false)
	// What is under way must not burden the other's turn.
	for before := int64(-1); before != l.received.Load(); time.Sleep(slice / 10) {
		before = l.received.Load()
	}
	return float64(n) / took.Seconds()
}

func (l *relayLoad) close() {
	l.closing.Store(true)
	close(l.turns)
	l.ended.Wait()
}

func relaySocket(b *testing.B, kind zmq.Type) *zmq.Socket {
	s, err := zmq.NewSocket(kind)
	fatalIf(b, err)
	fatalIf(b, s.SetLinger(0))
	return s
}

func fatalIf(b *testing.B, errs ...error) {
	b.Helper()
	if err := errors.Join(errs...); err != nil {
		b.Fatal(err)
	}
}

// quantile returns the element of x below which the share q of it lies.
func quantile(x []float64, q float64) float64 {
	return slices.Sorted(slices.Values(x))[int(q*float64(len(x)-1)+0.5)]
}
