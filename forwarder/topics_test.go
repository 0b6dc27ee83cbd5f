package forwarder

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

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

func TestATopicIsNewsOnceAndItsWithdrawalOnce(t *testing.T) {
	topics := newTopics(10)
	var got []bool
	for range 3 {
		news, full := topics.add("info|", 1, time.Time{})
		got = append(got, news, full)
	}
	got = append(got, topics.remove("debug|"), topics.remove("info|"), topics.remove("info|"))
	want := []bool{true, false, false, false, false, false, false, true, false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestATopicTooManyWaitsForRoom(t *testing.T) {
	now := time.Unix(1, 0)
	topics := newTopics(2)
	topics.add("a", 1, now)
	topics.add("b", 1, now)
	for _, late := range []string{"c", "d", "c", "e"} { // e finds no room among those that wait
		if news, full := topics.add(late, 1, now); news || !full {
			t.Errorf("adding %s to full topics: news %v, full %v", late, news, full)
		}
	}
	if topics.remove("c") {
		t.Error("the withdrawal of a topic that waits was news")
	}
	if topic, news := topics.next(now); news {
		t.Errorf("%s found room where there is none", topic)
	}
	topics.remove("a")
	if topic, news := topics.next(now); topic != "d" || !news {
		t.Errorf("after c was withdrawn and a made room: got %q, %v, want d", topic, news)
	}
	topics.remove("b")
	if topic, news := topics.next(now); news {
		t.Errorf("%q found room, but nothing waited", topic)
	}
}

func TestPublishersAreToldFewTopicsAtATime(t *testing.T) {
	const max = 100
	now := time.Unix(1, 0)
	topics := newTopics(max)
	told := 0
	for i := range max {
		if news, full := topics.add(fmt.Sprint(i), 1, now); full {
			t.Fatalf("no room for topic %d of %d", i, max)
		} else if news {
			told++
		}
	}
	if want := fewTopics + max/4; told != want || !topics.late() {
		t.Errorf("%d topics told at once, want %d, and more waiting", told, want)
	}
	if topics.remove("99") || topics.len() != told {
		t.Error("a topic that was withdrawn before its time was news")
	}
	for ; topics.late(); now = now.Add(100 * time.Millisecond) {
		before := told
		for _, news := topics.next(now); news; _, news = topics.next(now) {
			told++
		}
		if got, most := told-before, 1+2*(fewTopics+max/4)/10; got > most {
			t.Errorf("%d topics told in a tenth of a second, want %d at most", got, most)
		}
	}
	if told != max-1 {
		t.Errorf("%d topics told in all, want %d", told, max-1)
	}
}

func TestWhoHasManyTopicsWaitingHoldsUpNobody(t *testing.T) {
	const max = 100
	now := time.Unix(1, 0)
	topics := newTopics(max)
	for i := range 3 * max {
		topics.add(fmt.Sprint(i), 1, now)
	}
	if _, full := topics.add("honest", 2, now); full {
		t.Fatal("no room for the topic of one for whom nothing waits")
	}
	if len(topics.waiting) != max {
		t.Errorf("%d topics wait, want %d", len(topics.waiting), max)
	}
	if topic, news := topics.next(now.Add(100 * time.Millisecond)); topic != "honest" || !news {
		t.Errorf("%q was told next, %v, want honest", topic, news)
	}
}

// The publishers' view, kept by what is called news, never holds more than the bound, and nothing that no subscriber
// holds.
func TestPublishersNeverHearOfMoreTopicsThanAllowed(t *testing.T) {
	const max = 5
	rnd := rand.New(rand.NewPCG(1, 2))
	topics := newTopics(max)
	at := func(i int) time.Time { return time.Unix(1, 0).Add(time.Duration(i) * time.Millisecond) } // now and then too fast for the publishers
	wished, told := map[string]bool{}, map[string]bool{}
	for i := range 100_000 {
		topic := fmt.Sprint(rnd.IntN(12))
		if rnd.IntN(2) == 0 {
			wished[topic] = true
			if news, _ := topics.add(topic, rnd.IntN(3), at(i)); news {
				if told[topic] {
					t.Fatalf("step %d: %s was news twice", i, topic)
				}
				told[topic] = true
			}
		} else {
			delete(wished, topic)
			if topics.remove(topic) {
				if !told[topic] {
					t.Fatalf("step %d: the withdrawal of %s was news, but the topic never", i, topic)
				}
				delete(told, topic)
			}
			if next, news := topics.next(at(i)); news {
				told[next] = true
			}
		}
		if len(told) > max || topics.len() != len(told) || len(topics.waiting) > max {
			t.Fatalf("step %d: %d topics told, %d counted, %d waiting, with a bound of %d", i, len(told), topics.len(), len(topics.waiting), max)
		}
		for topic := range told {
			if !wished[topic] {
				t.Fatalf("step %d: publishers hold %s, and no subscriber does", i, topic)
			}
		}
	}
}
