package forwarder

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var begun = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestTopicsOfTheWireAreWellFormed(t *testing.T) {
	for _, topic := range []string{
		"", "i", "info", "info|", "info|Timer|db.query|", "info|Gauge|größe|", "my-level_1.x|",
		"zsmp1|", "zsmp1|debug|", "zsum1|info|", "zsum1|" + strings.Repeat("a", 32) + "|",
		strings.Repeat("a", MaxTopicLen),
	} {
		if why, ok := checkTopic(topic); !ok {
			t.Errorf("topic %q was refused: %v", topic, why)
		}
	}
}

func TestOtherTopicsAreRefused(t *testing.T) {
	for topic, want := range map[string]Refusal{
		strings.Repeat("a", MaxTopicLen+1): RefusedLong,
		strings.Repeat("\x00", 250):        RefusedLong,
		"info\x00":                         RefusedMalformed,
		"info|\n":                          RefusedMalformed,
		"\x7f":                             RefusedMalformed,
		"\u0085":                           RefusedMalformed,
		"info|\xff":                        RefusedMalformed,
		"info|gr\xc3":                      RefusedMalformed,
	} {
		if why, ok := checkTopic(topic); ok || why != want {
			t.Errorf("topic %q: got %v, %v, want it refused as %v", topic, why, ok, want)
		}
	}
}

// told makes topics tell all that they have to tell, and returns it.
func told(t *topics, now time.Time) (frames []string) {
	for {
		name, withdrawn, ok := t.next(now)
		switch {
		case !ok:
			return frames
		case withdrawn:
			frames = append(frames, withdrawal+name)
		default:
			frames = append(frames, subscription+name)
		}
	}
}

func TestATopicIsNewsOnceAndItsWithdrawalOnce(t *testing.T) {
	topics := newTopics(10)
	for by := range 3 {
		if topics.add("info|", by) {
			t.Error("there is no room for the first topic")
		}
	}
	if diff := cmp.Diff([]string{"\x01info|"}, told(topics, begun)); diff != "" {
		t.Error(diff)
	}
	got := []bool{topics.remove("debug|"), topics.remove("info|"), topics.remove("info|")}
	if diff := cmp.Diff([]bool{false, true, false}, got); diff != "" {
		t.Error(diff)
	}
}

func TestATopicTooManyWaitsForRoom(t *testing.T) {
	topics := newTopics(2)
	topics.add("a", 1)
	topics.add("b", 1)
	told(topics, begun)
	for _, late := range []string{"c", "d", "c", "e"} { // e finds no room among those that wait
		if !topics.add(late, 1) {
			t.Errorf("there is room for %s", late)
		}
	}
	if topics.remove("c") {
		t.Error("the withdrawal of a topic that waits was news")
	}
	if diff := cmp.Diff([]string(nil), told(topics, begun)); diff != "" {
		t.Error(diff)
	}
	topics.remove("a")
	if diff := cmp.Diff([]string{"\x01d"}, told(topics, begun)); diff != "" {
		t.Error(diff)
	}
	topics.remove("b")
	if diff := cmp.Diff([]string(nil), told(topics, begun)); diff != "" {
		t.Error(diff)
	}
}

func TestWhoHasMuchMakesRoomForWhoHasLittle(t *testing.T) {
	topics := newTopics(4)
	for i := range 8 {
		topics.add(fmt.Sprint("much", i), 1)
	}
	told(topics, begun)
	for i := range 3 {
		if full := topics.add(fmt.Sprint("little", i), 2); full != (i == 2) { // half is what each can have
			t.Errorf("topic %d of who has little: full %v", i, full)
		}
		want := []string{fmt.Sprint("\x00much", 3-i), fmt.Sprint("\x01little", i)}
		if i == 2 {
			want = nil
		}
		if diff := cmp.Diff(want, told(topics, begun)); diff != "" {
			t.Error(diff)
		}
	}
	topics.remove("little0") // what was told first of those that wait comes first
	if diff := cmp.Diff([]string{"\x01little2"}, told(topics, begun)); diff != "" {
		t.Error(diff)
	}
}

// Or whoever asks for everything would have others' topics withdrawn with its own.
func TestATopicIsPutDownToWhoHasLittle(t *testing.T) {
	topics := newTopics(4)
	for _, name := range []string{"x", "y", "z", "info|"} {
		topics.add(name, 1)
	}
	told(topics, begun)
	topics.add("info|", 2)
	topics.add("late", 3)
	if diff := cmp.Diff([]string{"\x00z", "\x01late"}, told(topics, begun)); diff != "" {
		t.Error(diff)
	}
}

func TestTheBytesOfTopicsAreBounded(t *testing.T) {
	topics := newTopics(64)
	for i := range 64 {
		topics.add(fmt.Sprintf("%064d", i), 1)
	}
	if n := len(told(topics, begun)); n != 64*topicBytes/64 || topics.bytes != 64*topicBytes {
		t.Errorf("%d topics of 64 bytes are relayed, %d bytes", n, topics.bytes)
	}
	topics.add("short", 2)
	if diff := cmp.Diff([]string{fmt.Sprintf("\x00%064d", 15), "\x01short"}, told(topics, begun)); diff != "" {
		t.Error(diff)
	}
}

// Every publisher pays for what it is told.
func TestWhoComesAndGoesWithManyTopicsIsToldOfSlowly(t *testing.T) {
	topics := newTopics(100)
	now, n := begun, 0
	for range 100 { // ten seconds
		for i := range 100 {
			topics.add(fmt.Sprint(i), 1)
		}
		n += len(told(topics, now))
		for i := range 100 {
			topics.remove(fmt.Sprint(i))
		}
		now = now.Add(100 * time.Millisecond)
	}
	if n < 340 || n > 350 {
		t.Errorf("%d topics were told in ten seconds, want 100 and 25 more per second", n)
	}
	// Of those that wait, that of who has little comes first.
	for i := range 100 {
		topics.add(fmt.Sprint(i), 1)
	}
	topics.add("little", 2)
	if !topics.late() {
		t.Error("nothing waits for its turn")
	}
	if got := told(topics, now.Add(40*time.Millisecond)); len(got) == 0 || got[0] != "\x01little" {
		t.Errorf("%q were told", got)
	}
}

// The publishers' view, kept by what they are told, never holds more than the bound, and nothing that no subscriber
// holds.
func TestPublishersNeverHearOfMoreTopicsThanAllowed(t *testing.T) {
	const most = 5
	rnd := rand.New(rand.NewPCG(1, 2))
	topics := newTopics(most)
	now := begun
	wished, known := map[string]bool{}, map[string]bool{}
	for i := range 100_000 {
		name := fmt.Sprint(rnd.IntN(12))
		if rnd.IntN(2) == 0 {
			wished[name] = true
			topics.add(name, rnd.IntN(4))
		} else {
			delete(wished, name)
			if topics.remove(name) {
				if !known[name] {
					t.Fatalf("step %d: the withdrawal of %s was news, but the topic never", i, name)
				}
				delete(known, name)
			}
		}
		now = now.Add(time.Duration(rnd.IntN(100)) * time.Millisecond)
		for _, frame := range told(topics, now) {
			name, news := strings.CutPrefix(frame, subscription)
			if !news {
				name = frame[1:]
			}
			if known[name] == news {
				t.Fatalf("step %d: %q was told twice", i, frame)
			}
			known[name] = news
			if !news {
				delete(known, name)
			}
			if len(known) > most {
				t.Fatalf("step %d: %d topics told", i, len(known))
			}
		}
		relayed, waiting := 0, 0
		richest := [2]int{}
		for _, a := range topics.askers {
			relayed, waiting = relayed+a.relayed.Len(), waiting+a.waiting.Len()
			richest = [2]int{max(richest[0], a.relayed.Len()), max(richest[1], a.waiting.Len())}
		}
		if got := [2]int{topics.relayed.most, topics.waiting.most}; got != richest {
			t.Fatalf("step %d: %v is taken for what the richest have, which is %v", i, got, richest)
		}
		if topics.relayed.all != len(known) || relayed != topics.relayed.all || waiting != topics.waiting.all || waiting > most || len(topics.of) != relayed+waiting || len(topics.askers) > 4 {
			t.Fatalf("step %d: %d topics told, %d counted, %d waiting, %d askers", i, len(known), topics.relayed.all, topics.waiting.all, len(topics.askers))
		}
		for name := range known {
			if !wished[name] {
				t.Fatalf("step %d: publishers hold %s, and no subscriber does", i, name)
			}
		}
	}
}
