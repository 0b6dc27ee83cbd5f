package forwarder

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

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
		news, full := topics.add("info|")
		got = append(got, news, full)
	}
	got = append(got, topics.remove("debug|"), topics.remove("info|"), topics.remove("info|"))
	want := []bool{true, false, false, false, false, false, false, true, false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestATopicTooManyWaitsForRoom(t *testing.T) {
	topics := newTopics(2)
	topics.add("a")
	topics.add("b")
	for _, late := range []string{"c", "d", "c", "e"} { // e finds no room among those that wait
		if news, full := topics.add(late); news || !full {
			t.Errorf("adding %s to full topics: news %v, full %v", late, news, full)
		}
	}
	if topics.remove("c") {
		t.Error("the withdrawal of a topic that waits was news")
	}
	if topic, news := topics.next(); news {
		t.Errorf("%s found room where there is none", topic)
	}
	topics.remove("a")
	if topic, news := topics.next(); topic != "d" || !news {
		t.Errorf("after c was withdrawn and a made room: got %q, %v, want d", topic, news)
	}
	topics.remove("b")
	if topic, news := topics.next(); news {
		t.Errorf("%q found room, but nothing waited", topic)
	}
}

// The publishers' view, kept by what is called news, never holds more than the bound, and nothing that no subscriber
// holds.
func TestPublishersNeverHearOfMoreTopicsThanAllowed(t *testing.T) {
	const max = 5
	rnd := rand.New(rand.NewPCG(1, 2))
	topics := newTopics(max)
	wished, told := map[string]bool{}, map[string]bool{}
	for i := range 100_000 {
		topic := fmt.Sprint(rnd.IntN(12))
		if rnd.IntN(2) == 0 {
			wished[topic] = true
			if news, _ := topics.add(topic); news {
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
			if next, news := topics.next(); news {
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
