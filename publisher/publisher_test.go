//go:build cgo

package publisher_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
)

// patience is how long a test waits for what must happen. It is not a speed: nothing waits that long unless it fails.
const patience = time.Minute

// peer is a SUB that binds: a forwarder and its one subscriber. A goroutine owns the socket and uses it all the time, since a SUB subscribes
// at new connections only while it is used.
type peer struct {
	addr     string
	messages chan string
	do       chan func(*zmq.Socket)
	stop     chan struct{}
	stopped  chan struct{}
	once     sync.Once
}

func listen(t *testing.T, endpoint string, topics ...string) *peer {
	t.Helper()
	p, err := bind(endpoint, 100_000, topics...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

// bind makes a peer that receives messages until nobody takes them any more: then it stands still.
func bind(endpoint string, room int, topics ...string) (*peer, error) {
	s, err := zmq.NewSocket(zmq.SUB)
	if err != nil {
		return nil, err
	}
	s.SetLinger(0)
	// Without a mark, as a forwarder: over ipc libzmq loses what it has not read yet when a connection ends while its queue is full.
	s.SetRcvhwm(0)
	if room == 0 {
		s.SetRcvhwm(1)
	}
	s.SetRcvtimeo(5 * time.Millisecond)
	for _, topic := range topics {
		s.SetSubscribe(topic)
	}
	if err := s.Bind(endpoint); err != nil {
		s.Close()
		return nil, err
	}
	p := &peer{messages: make(chan string, room), do: make(chan func(*zmq.Socket)), stop: make(chan struct{}), stopped: make(chan struct{})}
	p.addr, _ = s.GetLastEndpoint()
	go func() {
		defer close(p.stopped)
		defer s.Close()
		for {
			select {
			case <-p.stop:
				return
			case f := <-p.do:
				f(s)
			default:
			}
			if msg, err := s.RecvMessage(0); err == nil {
				select {
				case p.messages <- strings.Join(msg, "<another frame>"):
				case <-p.stop:
					return
				}
			}
		}
	}()
	return p, nil
}

func (p *peer) close() {
	p.once.Do(func() { close(p.stop) })
	<-p.stopped
}

func (p *peer) subscribe(topic string)   { p.do <- func(s *zmq.Socket) { s.SetSubscribe(topic) } }
func (p *peer) unsubscribe(topic string) { p.do <- func(s *zmq.Socket) { s.SetUnsubscribe(topic) } }

func (p *peer) receive(t *testing.T) string {
	t.Helper()
	select {
	case msg := <-p.messages:
		return msg
	case <-time.After(patience):
		t.Fatal("nothing arrives")
		return ""
	}
}

func start(t *testing.T, c publisher.Config) *publisher.Publisher {
	t.Helper()
	p, err := publisher.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func TestTextArrivesAsTheOldSubscribersReadIt(t *testing.T) {
	sub := listen(t, "tcp://127.0.0.1:*", "info|")
	rec := zibrato.New(zibrato.Config{Source: "orders"})
	pub := start(t, publisher.Config{Recorder: rec, Endpoint: sub.addr, Format: publisher.Text})
	if err := pub.WaitSubscriber(within(t), zibrato.LevelInfo); err != nil {
		t.Fatal(err)
	}
	rec.Observe("größe", 1500*time.Microsecond)
	if err := pub.Flush(within(t)); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(sub.receive(t), "|")
	if len(got) != 6 {
		t.Fatalf("%d fields: %q", len(got), got)
	}
	got[4] = "now"
	if diff := cmp.Diff([]string{"info", "Timer", "größe", "0.0015", "now", "orders"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestBinaryArrivesWithTotals(t *testing.T) {
	sub := listen(t, "ipc://"+filepath.Join(t.TempDir(), "s"), "zsmp1|info|")
	rec := zibrato.New(zibrato.Config{Source: "orders"})
	pub := start(t, publisher.Config{Recorder: rec, Endpoint: sub.addr})
	if err := pub.WaitSubscriber(within(t), zibrato.LevelInfo); err != nil {
		t.Fatal(err)
	}
	rec.Count("jobs", 3)
	rec.Count("jobs", 4)
	if err := pub.Shutdown(within(t)); err != nil {
		t.Fatal(err)
	}
	var sum int64
	for final := false; !final; {
		var b metric.Batch
		if err := metric.DecodeBatch([]byte(sub.receive(t)), &b); err != nil {
			t.Fatal(err)
		}
		final = b.Final
		if b.Process.Recorder != rec.ID() {
			t.Errorf("from recorder %v", b.Process.Recorder)
		}
		for _, e := range b.Entries {
			if e.Series.Name == "jobs" {
				sum = e.After.Sum.Int()
			}
		}
	}
	if sum != 7 {
		t.Errorf("the counter's total is %d", sum)
	}
}

func TestALevelIsRecordedWhileSomebodySubscribes(t *testing.T) {
	sub := listen(t, "tcp://127.0.0.1:*")
	rec := zibrato.New(zibrato.Config{})
	debug := rec.NewTimer("x", zibrato.AtLevel(zibrato.LevelDebug))
	pub := start(t, publisher.Config{Recorder: rec, Endpoint: sub.addr})
	watched := func() bool { return debug.Start() != zibrato.Stopwatch{} }
	if watched() {
		t.Error("debug is recorded before anybody asked")
	}
	sub.subscribe("zsmp1|debug|")
	await(t, "debug is recorded", watched)
	sub.unsubscribe("zsmp1|debug|")
	await(t, "debug is no longer recorded", func() bool { return !watched() })
	sub.subscribe("zsum1|debug|")
	await(t, "debug is recorded for summaries", watched)
	sub.unsubscribe("zsum1|debug|")
	await(t, "debug is no longer recorded", func() bool { return !watched() })
	sub.subscribe("zsmp1|") // all levels
	await(t, "debug is recorded again", watched)
	sub.subscribe("debug|") // text does not switch the binary form on
	sub.unsubscribe("zsmp1|")
	await(t, "debug is no longer recorded", func() bool { return !watched() })
	if s := pub.Stats(); s.Held != 0 || s.Dropped != 0 {
		t.Errorf("a withdrawal is taken for a loss: %+v", s)
	}
}

func TestAForwarderMayComeLateAndComeBack(t *testing.T) {
	first := listen(t, "tcp://127.0.0.1:*")
	first.close()
	addr := first.addr // a port that was free a moment ago
	rec := zibrato.New(zibrato.Config{Source: "s"})
	pub := start(t, publisher.Config{Recorder: rec, Endpoint: addr, Format: publisher.Text})
	rec.Inc("before")
	for range 2 {
		var sub *peer
		await(t, "the port is free", func() (ok bool) {
			p, err := bind(addr, 1000, "info|")
			sub = p
			return err == nil
		})
		t.Cleanup(sub.close)
		if err := pub.WaitSubscriber(within(t), zibrato.LevelInfo); err != nil {
			t.Fatal(err)
		}
		rec.Inc("after")
		if err := pub.Flush(within(t)); err != nil {
			t.Fatal(err)
		}
		for !strings.Contains(sub.receive(t), "|after|1|") {
		}
		sub.close()
		await(t, "the loss is noticed", func() bool { return !pub.Stats().Connected && pub.Stats().Topics == 0 })
	}
}

func TestWaitSubscriberTellsWhatIsMissing(t *testing.T) {
	sub := listen(t, "tcp://127.0.0.1:*", "warning|", "zsum1|error|", "zsmp1|debug|")
	pub := start(t, publisher.Config{Recorder: zibrato.New(zibrato.Config{}), Endpoint: sub.addr, Format: publisher.Text})
	await(t, "connected", func() bool { return pub.Stats().Connected })
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := pub.WaitSubscriber(ctx, "info"); !errors.Is(err, publisher.ErrNoSubscriber) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a forwarder: %v", err)
	}
	binary := start(t, publisher.Config{Recorder: zibrato.New(zibrato.Config{}), Endpoint: sub.addr})
	for _, l := range []metric.Level{"error", "debug"} { // in summaries, and in samples
		if err := binary.WaitSubscriber(within(t), l); err != nil {
			t.Errorf("a subscriber to %s: %v", l, err)
		}
	}
	await(t, "all topics are there", func() bool { return binary.Stats().Topics == 3 })
	if s := binary.Stats(); s.SamplesTopics != 1 || s.SummariesTopics != 1 {
		t.Errorf("%+v", s)
	}
	lonely := start(t, publisher.Config{Recorder: zibrato.New(zibrato.Config{}), Endpoint: "ipc://" + filepath.Join(t.TempDir(), "none")})
	if err := lonely.WaitSubscriber(ctx, "info"); !errors.Is(err, publisher.ErrNoForwarder) {
		t.Errorf("without one: %v", err)
	}
}

func TestAFrozenForwarderCostsMessagesAndBoundedMemoryOnly(t *testing.T) {
	sub, err := bind("tcp://127.0.0.1:*", 0, "zsmp1|info|") // receives one message and stands still
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sub.close)
	rec := zibrato.New(zibrato.Config{})
	pub := start(t, publisher.Config{Recorder: rec, Endpoint: sub.addr, QueueBytes: metric.MaxFrame, CloseTimeout: 100 * time.Millisecond})
	if err := pub.WaitSubscriber(within(t), zibrato.LevelInfo); err != nil {
		t.Fatal(err)
	}
	// Messages are dropped whenever they come faster than they leave. The forwarder has stopped once none leaves any more: the
	// kernel's buffers are full, too.
	timer := rec.NewTimer("x")
	await(t, "no message leaves", func() bool {
		before := pub.Stats()
		for range 10_000 {
			timer.Observe(time.Millisecond)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		err := pub.Flush(ctx)
		after := pub.Stats()
		if after.QueuedBytes > metric.MaxFrame {
			t.Fatalf("%d bytes are queued", after.QueuedBytes)
		}
		return errors.Is(err, context.DeadlineExceeded) && after.Messages == before.Messages && after.DroppedSamples > before.DroppedSamples
	})
	if err := pub.Close(); err == nil {
		t.Error("Close says that everything was sent")
	}
	if err2 := pub.Close(); err2 == nil {
		t.Error("the second Close forgot it")
	}
}

// What libzmq had no room for stays in the queue: all that counts as handed over arrives, once the forwarder goes on. On a busy machine filling may take
// longer than heartbeats let a connection live whose other end stands still, and what it had goes with it. Then the test begins anew.
func TestWhatCountsAsSentArrives(t *testing.T) {
	for !allThatWasSentArrives(t) {
		t.Log("the connection ended while the queues were filled")
	}
}

// allThatWasSentArrives returns false when the connection did not last.
func allThatWasSentArrives(t *testing.T) bool {
	sub, err := bind("tcp://127.0.0.1:*", 0, "zsmp1|info|") // receives one message and stands still
	if err != nil {
		t.Fatal(err)
	}
	defer sub.close()
	rec := zibrato.New(zibrato.Config{})
	pub := start(t, publisher.Config{Recorder: rec, Endpoint: sub.addr, QueueBytes: metric.MaxFrame})
	if err := pub.WaitSubscriber(within(t), zibrato.LevelInfo); err != nil {
		t.Fatal(err)
	}
	const tooMuch = 256 << 20 // far more than libzmq and the kernel have room for
	timer := rec.NewTimer("x")
	for still := 0; still < 20 && pub.Stats().Bytes < tooMuch && pub.Stats().Connected; {
		before := pub.Stats().Messages
		for range 10_000 {
			timer.Observe(time.Millisecond)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		pub.Flush(ctx) // which cannot be done, in the end
		cancel()
		if still++; pub.Stats().Messages > before {
			still = 0
		}
	}
	received, lasted := uint64(0), true
	go pub.Flush(context.Background())
	await(t, "all that was sent arrives", func() bool {
		for {
			select {
			case <-sub.messages:
				received++
				continue
			default:
			}
			s := pub.Stats()
			lasted = lasted && s.Connected
			return !lasted || s.Queued == 0 && received == s.Messages
		}
	})
	return lasted
}

func TestCloseIsPromptWithoutAForwarder(t *testing.T) {
	rec := zibrato.New(zibrato.Config{})
	pub := start(t, publisher.Config{Recorder: rec, Endpoint: "tcp://127.0.0.1:9"})
	rec.Inc("x")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := pub.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if ctx.Err() != nil {
		t.Error("it waited for the whole deadline")
	}
	rec.Inc("x") // instrumented code goes on
}

func TestAWrongConfigNamesTheField(t *testing.T) {
	closed := zibrato.New(zibrato.Config{})
	closed.Close()
	for want, c := range map[string]publisher.Config{
		"Config.Endpoint":     {Endpoint: "127.0.0.1:5550"},
		"Config.Format":       {Format: 9},
		"Config.QueueBytes":   {QueueBytes: 5},
		"Config.Hold":         {Hold: -1},
		"Config.CloseTimeout": {CloseTimeout: -1},
		"closed":              {Recorder: closed},
	} {
		if _, err := publisher.Start(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s in %v", want, err)
		}
	}
}

func TestAPeerThatIsNoForwarderDoesNotEndIt(t *testing.T) {
	sub := listen(t, "tcp://127.0.0.1:*", strings.Repeat("x", 1000)) // longer than MAXMSGSIZE: libzmq gives the connection up
	rec := zibrato.New(zibrato.Config{})
	pub := start(t, publisher.Config{Recorder: rec, Endpoint: sub.addr, Format: publisher.Text})
	sub.unsubscribe(strings.Repeat("x", 1000))
	sub.subscribe("info|")
	if err := pub.WaitSubscriber(within(t), zibrato.LevelInfo); err != nil {
		t.Fatal(err)
	}
}
