package publisher

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/metric"
)

func TestAWillingQueueWaitsWhileMessagesLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(10 + perMessage)
		put := func() bool { return q.put(message{}, func(dst []byte) []byte { return append(dst, "12345"...) }) }
		begun := time.Now()
		if !put() || !put() || put() {
			t.Fatal("10 bytes hold not two messages of 5")
		}
		q.beWilling(time.Second)
		go func() {
			for range 3 {
				time.Sleep(900 * time.Millisecond)
				q.drop()
			}
		}()
		if !put() || !put() || !put() || time.Since(begun) != 2700*time.Millisecond {
			t.Errorf("after %v three messages had left and three had not found room", time.Since(begun))
		}
		go func() {
			time.Sleep(time.Minute) // on a machine that has other things to do
			q.drop()
		}()
		if !put() || time.Since(begun) != 62700*time.Millisecond {
			t.Errorf("one left after a minute, and it waited until %v", time.Since(begun))
		}
		go func() {
			time.Sleep(time.Minute)
			q.beWilling(0)
		}()
		if put() || time.Since(begun) != 122700*time.Millisecond {
			t.Errorf("none left when the time was over, and it waited until %v", time.Since(begun))
		}
		if put() || time.Since(begun) != 122700*time.Millisecond {
			t.Errorf("it waited again, until %v", time.Since(begun))
		}
	})
}

func TestAWillingQueueWaitsAWhileForWhatIsHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(10 + perMessage)
		put := func() bool { return q.put(message{}, func(dst []byte) []byte { return append(dst, "12345"...) }) }
		begun := time.Now()
		put()
		put()
		q.beWilling(time.Second)
		go func() {
			time.Sleep(1500 * time.Millisecond) // the forwarder is lost while it waits
			q.holdBack()
			q.holdBack()
		}()
		if put() || time.Since(begun) != 2*time.Second {
			t.Errorf("all is held back, and it waited until %v", time.Since(begun))
		}
		if put() || time.Since(begun) != 2*time.Second {
			t.Errorf("it waited again, until %v", time.Since(begun))
		}
		q.beWilling(time.Second)
		go func() {
			time.Sleep(900 * time.Millisecond) // the forwarder is back
			q.recall(func(message) fate { return now })
			time.Sleep(time.Minute)
			q.drop()
		}()
		if !put() || time.Since(begun) != 2900*time.Millisecond+time.Minute {
			t.Errorf("what was held back left, and it waited until %v", time.Since(begun))
		}
	})
}

func TestMessagesThatAreHeldBackComeFirstAndInOrder(t *testing.T) {
	q := newQueue(100 + 10*perMessage)
	put := func(topic, text string) {
		if !q.put(message{form: topic, samples: 1}, func(dst []byte) []byte { return append(dst, text...) }) {
			t.Fatalf("no room for %s", text)
		}
	}
	take := func() (text string) {
		for m, ok := q.first(); ok; m, ok = q.first() {
			text += string(m.bytes)
			q.drop()
		}
		return text
	}
	for _, text := range []string{"a1", "b1", "a2", "c1"} {
		put(text[:1], text)
		q.holdBack()
	}
	select {
	case <-q.drained():
	default:
		t.Error("a queue of what is held back is not drained")
	}
	put("a", "a3")
	put("b", "b2")
	dropped, samples := q.recall(func(m message) fate { return map[string]fate{"a": now, "b": later, "c": never}[m.form] })
	if dropped != 1 || samples != 1 {
		t.Errorf("%d messages with %d samples dropped, want one with one", dropped, samples)
	}
	if n, bytes := q.len(); n != 5 || bytes != 10 {
		t.Errorf("%d messages of %d bytes wait, want 5 of 10", n, bytes)
	}
	if got, want := take(), "a1a2a3b2"; got != want {
		t.Errorf("%s came, want %s", got, want)
	}
	q.recall(func(message) fate { return now })
	if got, want := take(), "b1"; got != want {
		t.Errorf("%s came last, want %s", got, want)
	}
	if n, bytes := q.len(); n != 0 || bytes != 0 {
		t.Errorf("%d messages of %d bytes are left", n, bytes)
	}
}

func TestAMessageThatWaitedTellsTheRecordersAgeWhenItIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1000)
		b := metric.Batch{Process: metric.Process{Recorder: metric.RecorderID{1}}, Level: "info", Uptime: time.Hour}
		q.put(message{uptime: b.Uptime, queued: time.Now()}, func(dst []byte) []byte { return metric.AppendBatch(dst, &b) })
		time.Sleep(time.Minute)
		m, _ := q.first()
		m.restamp()
		time.Sleep(time.Minute) // libzmq had no room
		m, _ = q.first()
		m.restamp()
		var got metric.Batch
		if err := metric.DecodeBatch(m.bytes, &got); err != nil {
			t.Fatal(err)
		}
		if want := time.Hour + 2*time.Minute; got.Uptime != want {
			t.Errorf("the message says %v, want %v", got.Uptime, want)
		}
	})
}

// The text form makes a message of every sample: what each takes besides its bytes counts, too.
func TestMemoryIsBoundedHoweverSmallMessagesAre(t *testing.T) {
	const bound = 4 << 20
	q := newQueue(bound)
	heap := func() int {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before, n := heap(), 0
	for q.put(message{}, func(dst []byte) []byte { return append(dst, "info|Counter|jobs.done|1|1364400000|web1"...) }) {
		if n++; n%2 == 0 {
			q.holdBack()
		}
	}
	if grown := heap() - before; grown > bound || n < bound/512 {
		t.Errorf("%d messages take %d bytes, of %d", n, grown, bound)
	}
	runtime.KeepAlive(q)
}
