//go:build cgo

package publisher_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
	"github.com/zibrato/zibrato/subscriber"
)

// listener is a subscriber to debug that knows the totals of the timer "x".
type listener struct {
	mu     sync.Mutex
	totals metric.Totals
	close  func()
}

func hearDebug(t *testing.T, from string) *listener {
	t.Helper()
	sub, err := subscriber.Start(subscriber.Config{From: from, Levels: metric.Levels{metric.Debug}})
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{}
	done := make(chan struct{})
	l.close = sync.OnceFunc(func() {
		sub.Close()
		<-done
	})
	t.Cleanup(l.close)
	go func() {
		defer close(done)
		sub.Receive(context.Background(), func(b *metric.Batch) {
			l.mu.Lock()
			defer l.mu.Unlock()
			for _, e := range b.Entries {
				if e.Series.Name == "x" {
					l.totals = e.After
				}
			}
		})
	}()
	return l
}

func (l *listener) heard() metric.Totals {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.totals
}

func TestAKilledForwarderLeavesLevelsOnAndTotalsExact(t *testing.T) {
	fwd := startForwarder(t, "tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
	rec := zibrato.New(zibrato.Config{AlwaysOn: []zibrato.Level{}})
	timer := rec.NewTimer("x", zibrato.AtLevel(zibrato.LevelDebug))
	watched := func() bool { return timer.Start() != zibrato.Stopwatch{} }
	pub := start(t, publisher.Config{Recorder: rec, Endpoint: fwd.in, Hold: time.Hour})
	sub := hearDebug(t, fwd.out)
	calls := uint64(0)
	call := func() {
		for range 100 {
			timer.Observe(time.Microsecond)
			calls++
		}
	}
	await(t, "debug is recorded", watched)
	for range 3 {
		call()
		fwd.kill()
		await(t, "the loss is noticed", func() bool {
			if !watched() {
				t.Fatal("debug went off")
			}
			call()
			s := pub.Stats()
			return !s.Connected && s.Held == 2 && s.Topics == 0
		})
		call()
		if err := pub.Flush(within(t)); err == nil {
			t.Error("Flush says that without a forwarder everything was sent")
		}
		if pub.Stats().Queued == 0 {
			t.Error("nothing is held back")
		}
		fwd = startForwarder(t, fwd.in, fwd.out)
		await(t, "the subscriptions are back", func() bool {
			if !watched() {
				t.Fatal("debug went off")
			}
			call()
			s := pub.Stats()
			return s.Connected && s.Held == 0 && s.Topics == 2
		})
		call()
		if err := pub.Flush(within(t)); err != nil {
			t.Fatal(err)
		}
		await(t, "the totals are exact", func() bool {
			return sub.heard() == metric.Totals{Count: calls, Sum: metric.IntValue(int64(calls) * 1000)}
		})
	}
	sub.close() // a withdrawal: the forwarder is there
	await(t, "debug goes off though it would have been held for an hour", func() bool { return !watched() })
}

func TestWhatDoesNotComeBackInTimeGoesOff(t *testing.T) {
	fwd := startForwarder(t, "tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
	rec := zibrato.New(zibrato.Config{})
	timer := rec.NewTimer("x", zibrato.AtLevel(zibrato.LevelDebug))
	watched := func() bool { return timer.Start() != zibrato.Stopwatch{} }
	pub := start(t, publisher.Config{Recorder: rec, Endpoint: fwd.in, Hold: time.Millisecond})
	hearDebug(t, fwd.out)
	await(t, "debug is recorded", watched)
	fwd.kill()
	await(t, "debug goes off", func() bool { return !watched() })
	if s := pub.Stats(); s.Held != 0 || s.Topics != 0 {
		t.Errorf("%+v", s)
	}
}

func TestWhatIsRecordedWithoutAForwarderArrivesOnceItIsBack(t *testing.T) {
	fwd := startForwarder(t, "tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
	rec := zibrato.New(zibrato.Config{AlwaysOn: []zibrato.Level{}})
	made := time.Now()
	timer := rec.NewTimer("x", zibrato.AtLevel(zibrato.LevelDebug))
	pub := start(t, publisher.Config{Recorder: rec, Endpoint: fwd.in, Hold: time.Hour})
	sub, err := subscriber.Start(subscriber.Config{From: fwd.out, Levels: metric.Levels{metric.Debug}})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	batches := make(chan []int64, 1000)
	var (
		mu       sync.Mutex
		restored time.Duration // age of the recorder when the forwarder was not yet back
	)
	var seq uint64
	go sub.Receive(context.Background(), func(b *metric.Batch) {
		if seq > 0 && b.Seq != seq+1 {
			t.Errorf("batch %d after %d", b.Seq, seq)
		}
		seq = b.Seq
		mu.Lock()
		// Receivers work out from the age when series were born.
		if b.Uptime < restored-10*time.Millisecond {
			t.Errorf("batch %d says that its recorder was %v old when it was sent, and it was at least %v", b.Seq, b.Uptime, restored)
		}
		mu.Unlock()
		var values []int64
		for _, s := range b.Samples {
			values = append(values, s.Value.Int())
		}
		batches <- values
	})
	await(t, "debug is recorded", func() bool { return timer.Start() != zibrato.Stopwatch{} })
	sent, came := int64(0), int64(0)
	record := func() {
		for range 10 {
			timer.Observe(time.Duration(sent))
			sent++
		}
	}
	receive := func() {
		t.Helper()
		for came < sent {
			select {
			case values := <-batches:
				for _, v := range values {
					if v != came {
						t.Fatalf("sample %d came when %d was due", v, came)
					}
					came++
				}
			case <-time.After(patience):
				t.Fatalf("%d of %d samples came", came, sent)
			}
		}
	}
	for range 3 {
		record()
		receive() // so that nothing is on its way
		fwd.kill()
		await(t, "the loss is noticed", func() bool { return pub.Stats().Held == 2 })
		for range 5 {
			record()
			if err := pub.Flush(within(t)); err == nil {
				t.Error("Flush says that without a forwarder everything was sent")
			}
		}
		time.Sleep(100 * time.Millisecond) // so that it shows how old what waits is
		mu.Lock()
		restored = time.Since(made)
		mu.Unlock()
		fwd = startForwarder(t, fwd.in, fwd.out)
		receive()
	}
	if s := pub.Stats(); s.Dropped != 0 || s.Queued != 0 {
		t.Errorf("%d messages dropped, %d left", s.Dropped, s.Queued)
	}
}
