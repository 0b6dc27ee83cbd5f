package forwarder

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxTopicLen is the longest topic that is relayed, in bytes. The longest that a backend needs is the topic of one level,
// 39 bytes. libzmq 4.3.4 garbles topics of 246 to 255 bytes (https://github.com/zeromq/libzmq/issues/4564).
const MaxTopicLen = 64

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

// topics are those that the publishers have been told of, and those that wait for room among them. One goroutine uses it.
type topics struct {
	max     int // of either
	relayed map[string]struct{}
	waiting map[string]struct{}
}

func newTopics(max int) *topics {
	return &topics{max: max, relayed: make(map[string]struct{}), waiting: make(map[string]struct{})}
}

// add notes that a subscriber holds the topic. It reports whether that is news for the publishers, and whether there is
// no room for it. What finds no room waits for it, if it finds room among those that wait.
func (t *topics) add(topic string) (news, full bool) {
	if t.has(topic) {
		return false, false
	}
	if len(t.relayed) == t.max {
		if len(t.waiting) < t.max {
			t.waiting[topic] = struct{}{}
		}
		return false, true
	}
	t.relayed[topic] = struct{}{}
	return true, false
}

// remove notes that no subscriber holds the topic any longer, and reports whether that is news for the publishers.
func (t *topics) remove(topic string) (news bool) {
	news = t.has(topic)
	delete(t.relayed, topic)
	delete(t.waiting, topic)
	return news
}

// next takes in one of the topics that wait, whichever, if there is room for it.
func (t *topics) next() (topic string, news bool) {
	if len(t.relayed) == t.max {
		return "", false
	}
	for topic := range t.waiting {
		delete(t.waiting, topic)
		t.relayed[topic] = struct{}{}
		return topic, true
	}
	return "", false
}

func (t *topics) has(topic string) bool {
	_, ok := t.relayed[topic]
	return ok
}

func (t *topics) len() int { return len(t.relayed) }
