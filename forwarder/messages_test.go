//go:build cgo

package forwarder

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	zmq "github.com/pebbe/zmq4"
	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/metric"
)

func TestMessagesArriveByteForByteInOrder(t *testing.T) {
	f := start(t, Config{})
	pub := publisher(t, f)
	sub := subscriber(t, f, "")
	hears(t, pub, "\x01")
	content := rand.NewChaCha8([32]byte{1})
	rnd := rand.New(content)
	var bytes uint64
	const rounds, window = 200, 20 // few at a time, so that nothing is dropped
	for range rounds {
		var sent []string
		for range window {
			m := make([]byte, rnd.IntN(1<<(1+rnd.IntN(18))))
			content.Read(m)
			sent = append(sent, string(m))
			bytes += uint64(len(m))
			send(t, pub, string(m))
		}
		hears(t, sub, sent...)
	}
	eventually(t, "all is counted", func() bool { return f.Stats().Messages == rounds*window })
	if got := f.Stats().Bytes; got != bytes {
		t.Errorf("%d bytes counted, want %d", got, bytes)
	}
}

func TestSubscribersGetWhatTheySubscribedTo(t *testing.T) {
	f := start(t, Config{})
	pub := publisher(t, f)
	text := subscriber(t, f, "info|")
	hears(t, pub, "\x01info|")
	binary := subscriber(t, f, "zsmp1|info|")
	hears(t, pub, "\x01zsmp1|info|")
	other := publisher(t, f)
	hears(t, other, "\x01info|", "\x01zsmp1|info|")
	send(t, pub, "zsmp1|info|1")
	send(t, pub, "info|1")
	hears(t, text, "info|1")
	hears(t, binary, "zsmp1|info|1")
	send(t, other, "zsmp1|info|2")
	send(t, other, "info|2")
	hears(t, text, "info|2")
	hears(t, binary, "zsmp1|info|2")
	eventually(t, "two of each are counted", func() bool { s := f.Stats(); return s.Publishers == 2 && s.Subscribers == 2 })
	must(t, other.Close(), text.Close())
	eventually(t, "peers leave", func() bool { s := f.Stats(); return s.Publishers == 1 && s.Subscribers == 1 })
}

func TestMultipartMessagesAreDroppedWhole(t *testing.T) {
	f := start(t, Config{})
	pub := publisher(t, f)
	sub := subscriber(t, f, "")
	hears(t, pub, "\x01")
	many := make([]any, 600) // more frames than a burst takes
	for i := range many {
		many[i] = "info|frame"
	}
	for range 3 {
		_, err1 := pub.SendMessage("info|first", "info|second")
		_, err2 := pub.SendMessage(many...)
		must(t, err1, err2)
		send(t, pub, "info|whole")
		hears(t, sub, "info|whole")
	}
	eventually(t, "all is counted", func() bool { s := f.Stats(); return s.Refused[RefusedMultipart] == 6 && s.Messages == 3 })
}

func TestAHugeFrameCostsItsSenderTheConnection(t *testing.T) {
	f := start(t, Config{})
	pub := publisher(t, f)
	sub := subscriber(t, f, "")
	hears(t, pub, "\x01")

	rogue := newStranger(t, f.InAddr(), "PUB")
	if _, body := rogue.read(t); string(body) != "\x01" {
		t.Fatalf("the rogue heard %q", body)
	}
	head := binary.BigEndian.AppendUint64([]byte{2}, maxMessage+1)
	rogue.Write(append(head, make([]byte, maxMessage+1)...)) // fails where the connection ends before all is written
	if _, err := io.Copy(io.Discard, rogue); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the rogue kept its connection")
	}

	largest := strings.Repeat("m", metric.MaxFrame)
	send(t, pub, largest)
	hears(t, sub, largest)
}

// flood makes several publishers send as fast as the forwarder takes messages, and a subscriber receive, until the test ends.
func flood(t testing.TB, f *Forwarder, publishers int, message string) {
	t.Helper()
	var ended atomic.Bool
	var all sync.WaitGroup
	each := func(s *zmq.Socket, do func()) {
		must(t, s.SetSndtimeo(10*time.Millisecond), s.SetRcvtimeo(10*time.Millisecond))
		all.Go(func() {
			for !ended.Load() {
				do()
			}
		})
	}
	sub := subscriber(t, f, "flood")
	var pubs []*zmq.Socket
	for range publishers {
		pub := publisher(t, f)
		hears(t, pub, "\x01flood")
		pubs = append(pubs, pub)
	}
	t.Cleanup(func() { ended.Store(true); all.Wait() }) // runs before those that close the sockets
	each(sub, func() { sub.RecvBytes(0) })
	for _, pub := range pubs {
		each(pub, func() { pub.Send("flood "+message, 0) })
	}
	eventually(t, "there is load", func() bool { return f.Stats().Messages > 1000 })
}

func TestSubscriptionsAreHeardUnderLoad(t *testing.T) {
	f := start(t, Config{})
	flood(t, f, 3, strings.Repeat("x", 50))
	other := publisher(t, f)
	hears(t, other, "\x01flood")
	sub := subscriber(t, f)
	for i := range 50 {
		topic := fmt.Sprintf("topic%d|", i)
		must(t, sub.SetSubscribe(topic))
		hears(t, other, "\x01"+topic)
	}
}

func TestAStalledSubscriberHoldsUpNobodyAndHoardsLittle(t *testing.T) {
	for name, size := range map[string]int{"small messages": 100, "large messages": messageBytes} {
		t.Run(name, func(t *testing.T) {
			const budget = 4 << 20
			f := start(t, Config{QueueBytes: budget})
			pub := publisher(t, f)
			stalled := newStranger(t, f.OutAddr(), "SUB")
			stalled.write(t, 0, "\x01m")
			hears(t, pub, "\x01m")
			healthy := subscriber(t, f, "m", "x")
			hears(t, pub, "\x01x")

			message := "m" + strings.Repeat("x", size-1)
			for sent := 0; sent < 64<<20/messageBytes*size; sent += size {
				send(t, pub, message)
				hears(t, healthy, message)
				if waits := f.pump.waiting(); waits > budget*3/2+size {
					t.Fatalf("%d bytes wait for the stalled subscriber", waits)
				}
				stalled.Write([]byte("\x04\x07\x04PONG\x00\x00")) // lest it be taken for dead; fails once it has lost the connection
			}
			if s := f.Stats(); s.Refused[RefusedCrowded] > 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestAMessageTooLargeIsCountedAndCostsNothingElse(t *testing.T) {
	f := start(t, Config{})
	pub := publisher(t, f)
	sub := subscriber(t, f, "m")
	hears(t, pub, "\x01m")
	for range 3 {
		send(t, pub, "m"+strings.Repeat("x", metric.MaxFrame))
		send(t, pub, "mine")
		hears(t, sub, "mine")
	}
	eventually(t, "all are counted", func() bool { return f.Stats().Refused[RefusedLarge] == 3 })
}
