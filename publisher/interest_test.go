package publisher

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/metric"
)

const (
	gained = "\x01"
	gone   = "\x00"
)

var (
	begun = time.Unix(1000, 0)
	up    = link{up: true}
	down  = link{lost: begun}
)

// want is an oracle: it looks at every topic, as libzmq does at a message's beginning.
func want(topics map[string]time.Time, form string, l metric.Level) bool {
	whole := form + string(l) + "|"
	for t := range topics {
		binary := strings.HasPrefix(t, "zsmp1|") || strings.HasPrefix(t, "zsum1|")
		if form != "" && !binary {
			continue
		}
		if strings.HasPrefix(whole, t) || strings.HasPrefix(t, whole) {
			return true
		}
	}
	return false
}

func TestEveryTopicSelectsWhatItsPrefixDoes(t *testing.T) {
	levels := []metric.Level{"debug", "info", "information", "i", "x.y-z"}
	topics := []string{"", "zsmp1|", "zsum1|", "zs", "zsmp1", "zsum2|info|", "zsum1|inf", "info|Timer|db"}
	for _, l := range levels {
		topics = append(topics, string(l), string(l)+"|", "zsmp1|"+string(l), "zsmp1|"+string(l)+"|", "zsum1|"+string(l)+"|", "zsum1|"+string(l)+"|more")
	}
	r := rand.New(rand.NewPCG(3, 1))
	s := newSubscriptions(time.Minute)
	for range 5000 {
		topic := topics[r.IntN(len(topics))]
		first := gone
		if r.IntN(len(topics)) < 4 { // few at a time, or the empty ones decide everything
			first = gained
		}
		s.hear([]byte(first+topic), up, begun)
		now := s.interest()
		for _, l := range levels {
			for _, form := range []string{"", metric.SamplesTopic, metric.SummariesTopic} {
				want := want(s.topics, form, l)
				if wanted, listened := now.match(form, l); wanted != want || listened != want {
					t.Fatalf("%q: %s%s: wanted %v, listened to %v, want %v", s.topics, form, l, wanted, listened, want)
				}
			}
		}
	}
}

// held are subscriptions to debug in summaries and info in samples that a lost connection took away.
func held(t *testing.T) *subscriptions {
	t.Helper()
	s := newSubscriptions(time.Minute)
	for _, topic := range []string{"zsum1|debug|", "zsmp1|info|"} {
		s.hear([]byte(gained+topic), up, begun)
	}
	for _, topic := range []string{"zsum1|debug|", "zsmp1|info|"} {
		if added, changed := s.hear([]byte(gone+topic), down, begun); added || !changed {
			t.Error("the loss was not heard")
		}
	}
	return s
}

// expect checks what is wanted, and whether somebody listens to that now.
func expect(t *testing.T, s *subscriptions, what string, want map[string]bool) {
	t.Helper()
	now := s.interest()
	for form, level := range map[string]metric.Level{metric.SummariesTopic: "debug", metric.SamplesTopic: "info"} {
		wantLive, want := want[string(level)]
		if wanted, live := now.match(form, level); wanted != want || live != wantLive {
			t.Errorf("%s: %s: wanted %v, listened to %v; want %v, %v", what, level, wanted, live, want, wantLive)
		}
	}
	if now.wanted(metric.SamplesTopic)("debug") || now.wanted(metric.SummariesTopic)("info") {
		t.Errorf("%s: a level is recorded in a detail that nobody asked for", what)
	}
}

func TestALostConnectionHoldsItsLevelsForAMinute(t *testing.T) {
	s := held(t)
	expect(t, s, "lost", map[string]bool{"debug": false, "info": false})
	if s.expire(begun.Add(time.Minute - 1)) {
		t.Error("expired early")
	}
	expect(t, s, "a minute less a bit later", map[string]bool{"debug": false, "info": false})
	if !s.expire(begun.Add(time.Minute)) {
		t.Error("nothing expired")
	}
	expect(t, s, "a minute later", nil)
}

func TestWhatComesBackIsSentAndTheRestGoesOffInTime(t *testing.T) {
	s := held(t)
	if added, changed := s.hear([]byte(gained+"zsmp1|info|"), up, begun.Add(5*time.Second)); !added || !changed {
		t.Error("the return was not heard")
	}
	expect(t, s, "info is back", map[string]bool{"debug": false, "info": true})
	// A second loss holds info anew, and debug no longer than the first did.
	s.hear([]byte(gone+"zsmp1|info|"), down, begun.Add(30*time.Second))
	s.expire(begun.Add(time.Minute))
	expect(t, s, "a minute after the first loss", map[string]bool{"info": false})
	s.expire(begun.Add(90 * time.Second))
	expect(t, s, "a minute after the second", nil)
}

func TestAWithdrawalRightAfterALossIsPutDownToItWhereItCanBe(t *testing.T) {
	const old, fresh = "zsum1|debug|", "zsmp1|info|"
	for _, test := range []struct {
		after time.Duration // the loss, which was seen a second after the old subscription
		want  map[string]bool
	}{
		{aftermath - 1, map[string]bool{"debug": false}},
		{aftermath, nil},
	} {
		s := newSubscriptions(time.Minute)
		again := link{up: true, lost: begun.Add(time.Second)}
		s.hear([]byte(gained+old), up, begun)
		s.hear([]byte(gained+fresh), again, again.lost.Add(time.Millisecond))
		s.hear([]byte(gone+old), again, again.lost.Add(test.after))
		s.hear([]byte(gone+fresh), again, again.lost.Add(test.after))
		expect(t, s, test.after.String(), test.want)
	}
}

func TestAWithdrawalActsAtOnce(t *testing.T) {
	s := held(t)
	s.hear([]byte(gained+"zsum1|debug|"), up, begun)
	s.hear([]byte(gone+"zsum1|debug|"), up, begun)
	expect(t, s, "withdrawn", map[string]bool{"info": false})
}

func TestWhatAForwarderSaysIsBounded(t *testing.T) {
	s := newSubscriptions(time.Minute)
	for round := range 3 {
		for i := range 2 * maxTopics {
			s.hear(fmt.Appendf(nil, "\x01zsum1|r%d.%d|", round, i), up, begun)
		}
		for i := range 2 * maxTopics {
			s.hear(fmt.Appendf(nil, "\x00zsum1|r%d.%d|", round, i), down, begun)
		}
	}
	if len(s.topics) > maxTopics || len(s.held) > maxTopics {
		t.Errorf("%d topics, %d held", len(s.topics), len(s.held))
	}
	for _, msg := range []string{"", "\x02info|", "info|"} {
		if _, changed := s.hear([]byte(msg), up, begun); changed {
			t.Errorf("%q is no subscription", msg)
		}
	}
}

func BenchmarkInterest(b *testing.B) {
	s := newSubscriptions(time.Minute)
	for i := range maxTopics {
		s.hear(fmt.Appendf(nil, "\x01zsum1|level%d|", i), up, begun)
	}
	b.Run("op=make", func(b *testing.B) {
		for b.Loop() {
			s.interest()
		}
	})
	now := s.interest()
	b.Run("op=ask", func(b *testing.B) {
		for b.Loop() {
			now.match(metric.SummariesTopic, "debug")
		}
	})
}
