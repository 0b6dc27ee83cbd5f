//go:build cgo

package subscriber

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/metric"
)

// patience is how long a test waits for what has to happen. Nothing waits that long unless the test fails.
const patience = time.Minute

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// peer is what the subscriber connects to: a socket that publishes and hears the subscriptions.
type peer struct {
	*zmq.Socket
	addr string
}

// newPeer binds a peer; tcp://127.0.0.1:* lets the kernel choose. It is closed with the test.
func newPeer(t testing.TB, addr string) *peer {
	t.Helper()
	s, err := zmq.NewSocket(zmq.XPUB)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	must(t, s.SetLinger(0), s.SetRcvtimeo(patience), s.SetSndtimeo(patience), s.SetXpubNodrop(true), s.SetIpv6(strings.Contains(addr, "[")))
	eventually(t, "binding "+addr, func() bool { return s.Bind(addr) == nil }) // a port is freed in the background
	addr, err = s.GetLastEndpoint()
	must(t, err)
	return &peer{s, addr}
}

// awaitTopics waits until the subscriber has asked for exactly these topics.
func (p *peer) awaitTopics(t testing.TB, want ...string) {
	t.Helper()
	p.await(t, 1, want)
}

// awaitWithdrawal waits until the topics are no longer wanted, as when the connection was lost.
func (p *peer) awaitWithdrawal(t testing.TB, want ...string) {
	t.Helper()
	p.await(t, 0, want)
}

func (p *peer) await(t testing.TB, first byte, want []string) {
	t.Helper()
	var got []string
	for range want {
		frame, err := p.Recv(0)
		must(t, err)
		if frame[0] != first {
			t.Fatalf("the subscriber said %q", frame)
		}
		got = append(got, frame[1:])
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("the subscriber said %d for %q, want %q", first, got, want)
	}
}

func (p *peer) publish(t testing.TB, frames ...string) {
	t.Helper()
	for _, f := range frames {
		if _, err := p.Send(f, 0); err != nil {
			t.Fatalf("sending %.40q: %v", f, err)
		}
	}
}

// shut closes the peer as the end of its process would.
func (p *peer) shut(t testing.TB) {
	t.Helper()
	must(t, p.Close())
}

func start(t testing.TB, cfg Config) *Subscriber {
	t.Helper()
	s, err := Start(cfg)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// reception is a Receive that runs.
type reception struct {
	batches chan *metric.Batch // copies
	end     context.CancelFunc
	result  chan error
}

func receive(t testing.TB, s *Subscriber) *reception {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &reception{make(chan *metric.Batch, 10000), cancel, make(chan error, 1)}
	t.Cleanup(cancel)
	go func() {
		r.result <- s.Receive(ctx, func(b *metric.Batch) { r.batches <- keep(b) })
	}()
	return r
}

// keep copies what is lent.
func keep(b *metric.Batch) *metric.Batch {
	c := *b
	c.Entries = slices.Clone(b.Entries)
	c.Samples = slices.Clone(b.Samples)
	c.Summaries = slices.Clone(b.Summaries)
	for i := range c.Summaries {
		c.Summaries[i].Hist = c.Summaries[i].Hist.Clone()
	}
	return &c
}

func (r *reception) next(t testing.TB) *metric.Batch {
	t.Helper()
	select {
	case b := <-r.batches:
		return b
	case err := <-r.result:
		t.Fatalf("Receive ended with %v", err)
	case <-time.After(patience):
		t.Fatal("no batch came")
	}
	return nil
}

// nextName returns the name of the series of the next batch.
func (r *reception) nextName(t testing.TB) string {
	t.Helper()
	return r.next(t).Entries[0].Series.Name
}

func (r *reception) wait(t testing.TB) error {
	t.Helper()
	select {
	case err := <-r.result:
		return err
	case <-time.After(patience):
		t.Fatal("Receive does not end")
		return nil
	}
}

// aBatch is a batch of one timer's sample, of one level.
func aBatch(level metric.Level, name string) *metric.Batch {
	return &metric.Batch{
		Process: metric.Process{Recorder: metric.RecorderID{1, 2, 3}, Host: "h", Program: "p", PID: 7, Start: time.Unix(1700000000, 0)},
		Level:   level, Seq: 1, Uptime: time.Minute, Interval: time.Second, Base: time.Unix(1700000060, 0),
		Entries: []metric.Entry{{
			ID: 4, Series: &metric.Series{Kind: metric.Timer, Level: level, Name: name, Source: "s", Unit: "s", Tags: []metric.Tag{{Key: "k", Value: "v"}}},
			Birth: time.Second, After: metric.Totals{Count: 1, Sum: metric.IntValue(1500)},
		}},
		Samples: []metric.Sample{{Time: 250, Value: metric.IntValue(1500)}},
	}
}

// summedUp is the same batch in summaries.
func summedUp(level metric.Level, name string) *metric.Batch {
	b := aBatch(level, name)
	b.Detail, b.Samples = metric.Summaries, nil
	var s metric.Summary
	s.Add(1500e-9)
	b.Summaries = []metric.EntrySummary{{Summary: s}}
	return b
}

func summariesOf(level metric.Level, name string) string {
	return string(metric.AppendBatch(nil, summedUp(level, name)))
}

func binaryOf(level metric.Level, name string) string {
	return string(metric.AppendBatch(nil, aBatch(level, name)))
}
