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

	relayed, waiting tally
	bytes            int  // of those that are relayed
	settled          bool // there is nothing to tell until something changes

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

// tally knows how many topics there are, and how many the asker has who has most, without a search.
type tally struct {
	all, most int
	having    map[int]int // how many askers have so many
}

// change notes that an asker who had so many has more or fewer.
func (t *tally) change(had, by int) {
	t.all += by
	t.having[had]--
	t.having[had+by]++
	if t.most = max(t.most, had+by); t.having[t.most] == 0 {
		t.most--
	}
}

func (t *topics) list(known *topic) (*order.List, *tally) {
	if known.relayed {
		return &known.by.relayed, &t.relayed
	}
	return &known.by.waiting, &t.waiting
}

// enter puts a topic into the list where it belongs.
func (t *topics) enter(known *topic) {
	l, all := t.list(known)
	all.change(l.Len(), +1)
	known.place = l.PushBack(known)
	t.settled = false
}

// leave takes it out.
func (t *topics) leave(known *topic) {
	l, all := t.list(known)
	all.change(l.Len(), -1)
	l.Remove(known.place)
	t.settled = false
}

func newTopics(max int) *topics {
	t := &topics{max: max, of: make(map[string]*topic), askers: make(map[int]*asker)}
	t.relayed.having, t.waiting.having = make(map[int]int), make(map[int]int)
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
		t.dismiss()
		t.askers[by] = a
	}
	known := t.of[name]
	switch {
	case known == nil:
		if t.waiting.all == t.max {
			if t.waiting.most <= a.waiting.Len()+1 {
				return true
			}
			t.drop(t.richest(waitingOf).waiting.Back().Value.(*topic))
		}
		known = &topic{name: name, by: a}
		t.of[name] = known
		t.enter(known)
	case known.by != a && known.by.relayed.Len() > a.relayed.Len()+1:
		t.leave(known) // lest it goes when room is made for others
		known.by = a
		t.enter(known)
	}
	return !known.relayed && !t.fits(known) && !t.entitled(a)
}

// drop forgets a topic.
func (t *topics) drop(known *topic) {
	t.leave(known)
	delete(t.of, known.name)
}

// dismiss forgets those who have nothing.
func (t *topics) dismiss() {
	for by, a := range t.askers {
		if a.relayed.Len()+a.waiting.Len() == 0 {
			delete(t.askers, by)
		}
	}
}

// richest returns the asker who has most.
func (t *topics) richest(of func(*asker) int) (first *asker) {
	for _, a := range t.askers {
		if first == nil || of(a) > of(first) {
			first = a
		}
	}
	return first
}

func relayedOf(a *asker) int { return a.relayed.Len() }
func waitingOf(a *asker) int { return a.waiting.Len() }

// entitled reports whether others have to make room for an asker.
func (t *topics) entitled(a *asker) bool { return t.relayed.most > a.relayed.Len()+1 }

func (t *topics) fits(known *topic) bool {
	return t.relayed.all < t.max && t.bytes+len(known.name) <= max(t.max*topicBytes, MaxTopicLen)
}

// remove notes that no subscriber holds the topic any longer, and reports whether that is news for the publishers.
func (t *topics) remove(name string) (news bool) {
	known := t.of[name]
	if known == nil {
		return false
	}
	if news = known.relayed; news {
		t.move(known, false)
	}
	t.drop(known)
	return news
}

// move makes a topic one that is relayed or one that waits.
func (t *topics) move(known *topic, relayed bool) {
	t.leave(known)
	known.relayed = relayed
	t.enter(known)
	if relayed {
		t.bytes += len(known.name)
	} else {
		t.bytes -= len(known.name)
	}
}

// next returns what the publishers are to be told now, if anything: a topic, or, to make room for one, that another is withdrawn.
func (t *topics) next(now time.Time) (name string, withdrawn, ok bool) {
	if t.settled || !t.turn(now) {
		return "", false, false
	}
	a := t.poorest()
	if a == nil {
		t.settled = true
		return "", false, false
	}
	known := a.waiting.Front().Value.(*topic)
	if t.fits(known) {
		t.turns--
		t.move(known, true)
		return known.name, false, true
	}
	if !t.entitled(a) {
		t.settled = true
		return "", false, false
	}
	last := t.richest(relayedOf).relayed.Back().Value.(*topic)
	t.move(last, false)
	if t.waiting.all > t.max {
		t.drop(last)
	}
	return last.name, true, true
}

// poorest returns, of the askers for whom a topic waits, one who has fewest, and wants fewest.
func (t *topics) poorest() (first *asker) {
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

// late reports whether there may be something to tell that only takes time.
func (t *topics) late() bool { return !t.settled }

// has reports whether a subscriber holds the topic, as far as is known.
func (t *topics) has(name string) bool { return t.of[name] != nil }
