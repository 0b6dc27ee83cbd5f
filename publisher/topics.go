package publisher

import (
	"strings"

	"github.com/zibrato/zibrato/metric"
)

// topics are the prefixes that are subscribed to. They are replaced, never changed.
type topics map[string]struct{}

// maxTopics bounds what a forwarder can make an instrumented process remember.
const maxTopics = 4096

// heard returns the topics after a subscription message, \x01 or \x00 and a prefix.
func (t topics) heard(msg []byte) (_ topics, added bool) {
	if len(msg) == 0 || msg[0] > 1 {
		return t, false
	}
	added = msg[0] == 1
	if added && len(t) >= maxTopics {
		return t, false
	}
	next := make(topics, len(t)+1)
	for k := range t {
		next[k] = struct{}{}
	}
	if added {
		next[string(msg[1:])] = struct{}{}
	} else {
		delete(next, string(msg[1:]))
	}
	return next, added
}

// want reports whether somebody wants a level's messages in the format.
func (t topics) want(f Format, l metric.Level) bool {
	topic := string(l) + "|"
	if f == Binary {
		topic = metric.SamplesTopic + topic
	}
	for prefix := range t {
		// The empty prefix, and every other that does not name a binary form, stands for text.
		if f == Binary && !strings.HasPrefix(prefix, metric.SamplesTopic) {
			continue
		}
		// A prefix may be shorter than the topic, or, in text, longer: "info|Timer|db".
		if strings.HasPrefix(topic, prefix) || strings.HasPrefix(prefix, topic) {
			return true
		}
	}
	return false
}
