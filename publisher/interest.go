package publisher

import (
	"maps"
	"strings"
	"time"

	"github.com/zibrato/zibrato/metric"
)

const (
	// maxTopics and maxTopicBytes bound what a forwarder can make an instrumented process remember: so many topics that are subscribed to, so
	// long together, and as many that are held. Our forwarder says a quarter of that. libzmq remembers what is said here, too: whoever says
	// more loses the connection.
	maxTopics     = 1024
	maxTopicBytes = 16 << 10

	// aftermath is how long after the loss of a connection was seen the withdrawal of what was subscribed to before is put down to it. libzmq
	// says the loss first (error in https://github.com/zeromq/libzmq/blob/v4.3.4/src/stream_engine_base.cpp), and withdraws
	// once both ends of the pipe have let go of it, which takes this goroutine to run twice and may be after the next connection is made.
	aftermath = time.Second
)

// link is what is known of the connection to the forwarder.
type link struct {
	up   bool
	lost time.Time // when one was last seen to be lost; zero: never
}

// subscriptions are what a forwarder said that its subscribers want. One goroutine owns them.
type subscriptions struct {
	hold   time.Duration
	topics map[string]time.Time // when they were subscribed to
	held   map[string]time.Time // what a lost connection withdrew, and until when it counts all the same
	bytes  int                  // of topics
	excess bool                 // more was said than may be
}

func newSubscriptions(hold time.Duration) *subscriptions {
	return &subscriptions{hold: hold, topics: make(map[string]time.Time), held: make(map[string]time.Time)}
}

// hear takes in a message of the forwarder, \x01 or \x00 and a topic, and what was known of the connection after it was read. It
// reports whether somebody new may listen, and whether anything changed.
func (s *subscriptions) hear(msg []byte, l link, now time.Time) (added, changed bool) {
	if len(msg) == 0 || msg[0] > 1 {
		return false, false
	}
	topic := string(msg[1:])
	since, known := s.topics[topic]
	if msg[0] == 1 {
		if !known && (len(s.topics) >= maxTopics || s.bytes+len(topic) > maxTopicBytes) {
			s.excess = true
			return false, false
		}
		if !known {
			s.bytes += len(topic)
		}
		s.topics[topic] = now
		delete(s.held, topic)
		return true, true
	}
	if !known {
		return false, false
	}
	delete(s.topics, topic)
	s.bytes -= len(topic)
	lost := !l.up || now.Sub(l.lost) < aftermath && !since.After(l.lost)
	if lost && len(s.held) < maxTopics {
		s.held[topic] = now.Add(s.hold)
	}
	return false, true
}

// expire lets go what was held long enough. It reports whether there was such.
func (s *subscriptions) expire(now time.Time) bool {
	before := len(s.held)
	maps.DeleteFunc(s.held, func(_ string, until time.Time) bool { return !now.Before(until) })
	return len(s.held) < before
}

// interest returns what is wanted now.
func (s *subscriptions) interest() *interest {
	i := &interest{topics: make(map[string]bool, len(s.topics)+len(s.held)), subscribed: len(s.topics), held: len(s.held)}
	for topic := range s.held {
		form, level := cut(topic)
		i.topics[form+level] = false
	}
	for topic := range s.topics {
		form, level := cut(topic)
		i.topics[form+level] = true
		switch form {
		case metric.SamplesTopic:
			i.samples++
		case metric.SummariesTopic:
			i.summaries++
		}
	}
	return i
}

// cut cuts a topic into its form, empty for text, and what it says of levels: all of them (empty), one of them (with the bar), or
// those that begin so. What follows the level, as in info|Timer|db, is left to libzmq to match.
func cut(topic string) (form, level string) {
	for _, f := range [...]string{metric.SamplesTopic, metric.SummariesTopic} {
		if strings.HasPrefix(topic, f) {
			form = f
		}
	}
	level = topic[len(form):]
	if end := strings.IndexByte(level, '|'); end >= 0 {
		level = level[:end+1]
	}
	return form, level
}

// interest is what is wanted at one time. It is never changed.
type interest struct {
	topics             map[string]bool // as cut makes them; false: only held
	subscribed, held   int             // topics, before they were cut
	samples, summaries int             // of those that are subscribed to
}

// form is what the topics of a format and detail begin with.
func form(f Format, d metric.Detail) string {
	switch {
	case f == Text:
		return ""
	case d == metric.Summaries:
		return metric.SummariesTopic
	}
	return metric.SamplesTopic
}

// wanted returns what selects the levels that are recorded for messages of a form.
func (i *interest) wanted(form string) func(metric.Level) bool {
	return func(l metric.Level) bool {
		wanted, _ := i.match(form, l)
		return wanted
	}
}

// match reports whether messages of that form and level are wanted, and whether somebody listens now; else somebody did, and is expected
// back. It looks up every topic that selects the level: few, however many topics there are. The empty topic, and every other that
// begins with no binary form, stands for text.
func (i *interest) match(form string, l metric.Level) (wanted, listened bool) {
	if len(i.topics) == 0 {
		return false, false
	}
	whole := form + string(l) + "|"
	for n := len(form); n <= len(whole) && !listened; n++ {
		live, ok := i.topics[whole[:n]]
		wanted, listened = wanted || ok, live
	}
	return wanted, listened
}

// asMuchAs reports whether both have the same recorded.
func (i *interest) asMuchAs(o *interest) bool {
	if len(i.topics) != len(o.topics) {
		return false
	}
	for topic := range i.topics {
		if _, ok := o.topics[topic]; !ok {
			return false
		}
	}
	return true
}
