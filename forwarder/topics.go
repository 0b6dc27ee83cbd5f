package forwarder

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxTopicLen is the longest topic that is relayed, in bytes. The longest that a backend needs is the topic of one level,
// 39 bytes. libzmq 4.3.4 garbles topics of 246 to 255 bytes (https://github.com/zeromq/libzmq/issues/4564).
const MaxTopicLen = 64

// fewTopics may always be told at once.
const fewTopics = 32

// checkTopic reports whether a topic may be relayed, and if not, why.
func checkTopic(topic string) (why Refusal, ok bool) {
	if len(topic) > MaxTopicLen {
		return RefusedLong, false
	}
	if !utf8.ValidString(topic) || strings.ContainsFunc(topic, unicode.IsControl) {
		return RefusedMalformed, false
	}
	return 0, true
}

// topics are those that the publishers have been told of, and those that wait: for room among them, or since the publishers have been told much
// of late, every one of which pays for what it is told. One goroutine uses it.
type topics struct {
	max     int // of either
	relayed map[string]struct{}
	waiting map[string]int // by whom: the connection that asked first
	waits   map[int]int    // how many, by connection
	news    float64        // how many may be told at once: burstOf at the most, twice that more per second
	since   time.Time      // when news was right
}

func newTopics(max int) *topics {
	return &topics{max: max, relayed: make(map[string]struct{}), waiting: make(map[string]int), waits: make(map[int]int), news: burstOf(max)}
}

func burstOf(max int) float64 { return fewTopics + float64(max)/4 }

// add notes that a subscriber, known by its connection, holds the topic. It reports whether that is news for the publishers now, and whether
// there is no room for it. What is not told waits, if it finds room among those that wait; one of who has most there makes room for
// who has less.
func (t *topics) add(topic string, by int, now time.Time) (news, full bool) {
	if t.has(topic) {
		return false, false
	}
	full = len(t.relayed) == t.max
	if !full && t.spend(now) {
		t.relayed[topic] = struct{}{}
		t.leave(topic)
		return true, false
	}
	if _, ok := t.waiting[topic]; ok {
		return false, full
	}
	if len(t.waiting) == t.max {
		last := t.pick(func(n, than int) bool { return n > than })
		if t.waits[t.waiting[last]] <= t.waits[by]+1 {
			return false, true
		}
		t.leave(last)
	}
	t.waiting[topic] = by
	t.waits[by]++
	return false, full
}

// leave takes a topic from those that wait, if it does.
func (t *topics) leave(topic string) {
	by, ok := t.waiting[topic]
	if !ok {
		return
	}
	delete(t.waiting, topic)
	if t.waits[by]--; t.waits[by] == 0 {
		delete(t.waits, by)
	}
}

// pick returns a topic that waits, of the connection that is first by how many wait for it.
func (t *topics) pick(before func(n, than int) bool) (first string) {
	found := false
	for topic, by := range t.waiting {
		if !found || before(t.waits[by], t.waits[t.waiting[first]]) {
			first, found = topic, true
		}
	}
	return first
}

// spend takes one of the news that may be told, if there is one.
func (t *topics) spend(now time.Time) bool {
	if !t.since.IsZero() {
		t.news = min(burstOf(t.max), t.news+now.Sub(t.since).Seconds()*2*burstOf(t.max))
	}
	t.since = now
	if t.news < 1 {
		return false
	}
	t.news--
	return true
}

// remove notes that no subscriber holds the topic any longer, and reports whether that is news for the publishers.
func (t *topics) remove(topic string) (news bool) {
	news = t.has(topic)
	delete(t.relayed, topic)
	t.leave(topic)
	return news
}

// next takes in one of the topics that wait, of a connection for which few do, if it may be told.
func (t *topics) next(now time.Time) (topic string, news bool) {
	if len(t.waiting) == 0 || len(t.relayed) == t.max || !t.spend(now) {
		return "", false
	}
	topic = t.pick(func(n, than int) bool { return n < than })
	t.leave(topic)
	t.relayed[topic] = struct{}{}
	return topic, true
}

// late reports whether a topic waits that only takes time.
func (t *topics) late() bool { return len(t.waiting) > 0 && len(t.relayed) < t.max }

func (t *topics) has(topic string) bool {
	_, ok := t.relayed[topic]
	return ok
}

func (t *topics) len() int { return len(t.relayed) }
