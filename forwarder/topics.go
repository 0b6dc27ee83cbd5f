package forwarder

import (
	"cmp"
	order "container/list"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxTopicLen is the longest topic that is relayed, in bytes. The longest that a backend needs is the topic of one level,
// 39 bytes. libzmq 4.3.4 garbles topics of 246 to 255 bytes (https://github.com/zeromq/libzmq/issues/4564).
const MaxTopicLen = 64

// The first byte of what an XPUB receives and an XSUB sends.
const (
	withdrawal   = "\x00"
	subscription = "\x01"
)

// topicBytes is how many bytes are granted for each of Config.MaxTopics: publishers need memory for every byte that they are told.
const topicBytes = 16

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

// topics are those that subscribers hold: relayed ones, which the publishers have been told of, and others that wait for room or for their turn,
// since every publisher pays for everything it is told. Room goes to who has least of it: nobody keeps others out, however much
// they ask for. One goroutine uses it.
type topics struct {
	max    int // of those that are relayed, and of those that wait
	of     map[string]*topic
	askers map[int]*asker // by connection; -1 stands for all that libzmq does not tell apart

	relayed, bytes, waiting int // how many are, how long these are together, how many do

	turns float64   // how many topics may be told now: as many as atOnce at the most, a quarter of that more per second
	since time.Time // when turns was right
}

type topic struct {
	name    string
	by      *asker
	relayed bool
	place   *order.Element // in one of the asker's lists
}

// asker is a connection, with the topics that are put down to it, in the order in which they came to be.
type asker struct{ relayed, waiting order.List }

func (t *topic) list() *order.List {
	if t.relayed {
		return &t.by.relayed
	}
	return &t.by.waiting
}

func newTopics(max int) *topics {
	t := &topics{max: max, of: make(map[string]*topic), askers: make(map[int]*asker)}
	t.turns = t.atOnce()
	return t
}

// atOnce is how many topics may be told at once.
func (t *topics) atOnce() float64 { return float64(max(t.max, 64)) }

// add notes that a subscriber holds the topic. It reports whether there is no room for that.
func (t *topics) add(name string, by int) (full bool) {
	a := t.askers[by]
	if a == nil {
		a = new(asker)
		t.askers[by] = a
		defer t.dismiss(by)
	}
	if known := t.of[name]; known != nil {
		if known.by != a && known.by.relayed.Len() > a.relayed.Len()+1 {
			t.assign(known, a) // lest it goes when room is made for others
		}
		return !known.relayed && !t.fits(known) && !t.entitled(a)
	}
	if t.waiting == t.max {
		most := t.most(func(a *asker) int { return a.waiting.Len() })
		if most.waiting.Len() <= a.waiting.Len()+1 {
			return true
		}
		t.drop(most.waiting.Back().Value.(*topic))
	}
	known := &topic{name: name}
	t.of[name] = known
	t.waiting++
	t.assign(known, a)
	return !t.fits(known) && !t.entitled(a)
}

// assign puts a topic down to an asker.
func (t *topics) assign(known *topic, a *asker) {
	if known.by != nil {
		known.list().Remove(known.place)
	}
	known.by = a
	known.place = known.list().PushBack(known)
}

// drop forgets a topic that waits.
func (t *topics) drop(known *topic) {
	known.list().Remove(known.place)
	delete(t.of, known.name)
	t.waiting--
}

// dismiss forgets those who have nothing. It is called now and then.
func (t *topics) dismiss(but int) {
	for by, a := range t.askers {
		if by != but && a.relayed.Len()+a.waiting.Len() == 0 {
			delete(t.askers, by)
		}
	}
}

// most returns the asker who has most.
func (t *topics) most(of func(*asker) int) (first *asker) {
	for _, a := range t.askers {
		if first == nil || of(a) > of(first) {
			first = a
		}
	}
	return first
}

func relayedOf(a *asker) int { return a.relayed.Len() }

// entitled reports whether others have to make room for an asker.
func (t *topics) entitled(a *asker) bool { return t.most(relayedOf).relayed.Len() > a.relayed.Len()+1 }

func (t *topics) fits(known *topic) bool {
	return t.relayed < t.max && t.bytes+len(known.name) <= max(t.max*topicBytes, MaxTopicLen)
}

// remove notes that no subscriber holds the topic any longer, and reports whether that is news for the publishers.
func (t *topics) remove(name string) (news bool) {
	known := t.of[name]
	if known == nil {
		return false
	}
	if known.relayed {
		t.withdraw(known)
		news = true
	}
	t.drop(known)
	return news
}

// withdraw makes a topic that is relayed wait.
func (t *topics) withdraw(known *topic) {
	t.move(known, false)
	t.relayed, t.bytes, t.waiting = t.relayed-1, t.bytes-len(known.name), t.waiting+1
}

func (t *topics) relay(known *topic) {
	t.move(known, true)
	t.relayed, t.bytes, t.waiting = t.relayed+1, t.bytes+len(known.name), t.waiting-1
}

func (t *topics) move(known *topic, relayed bool) {
	known.list().Remove(known.place)
	known.relayed = relayed
	known.place = known.list().PushBack(known)
}

// next returns what the publishers are to be told now, if anything: a topic, or, to make room for one, that another is withdrawn.
func (t *topics) next(now time.Time) (name string, withdrawn, ok bool) {
	a := t.poorest()
	if a == nil || !t.turn(now) {
		return "", false, false
	}
	known := a.waiting.Front().Value.(*topic)
	if t.fits(known) {
		t.turns--
		t.relay(known)
		return known.name, false, true
	}
	if !t.entitled(a) {
		return "", false, false
	}
	last := t.most(relayedOf).relayed.Back().Value.(*topic)
	t.withdraw(last)
	if t.waiting > t.max {
		t.drop(last)
	}
	return last.name, true, true
}

// poorest returns, of the askers for whom a topic waits, one who has fewest, and wants fewest.
func (t *topics) poorest() (first *asker) {
	if t.waiting == 0 {
		return nil
	}
	for _, a := range t.askers {
		if n := a.waiting.Len(); n > 0 && (first == nil || cmp.Or(cmp.Compare(a.relayed.Len(), first.relayed.Len()), cmp.Compare(n, first.waiting.Len())) < 0) {
			first = a
		}
	}
	return first
}

// turn reports whether a topic may be told now.
func (t *topics) turn(now time.Time) bool {
	if !t.since.IsZero() {
		t.turns = min(t.atOnce(), t.turns+now.Sub(t.since).Seconds()*t.atOnce()/4)
	}
	t.since = now
	return t.turns >= 1
}

// late reports whether there is something to tell that only takes time.
func (t *topics) late() bool {
	a := t.poorest()
	return a != nil && t.turns < 1 && (t.fits(a.waiting.Front().Value.(*topic)) || t.entitled(a))
}

// has reports whether a subscriber holds the topic, as far as is known.
func (t *topics) has(name string) bool { return t.of[name] != nil }
