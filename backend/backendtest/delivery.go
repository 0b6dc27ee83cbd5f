package backendtest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/zibrato/zibrato/metric"
)

var emptyWindow = check{
	name: "an empty window is fine",
	rule: "Write returns nil when nothing of the window is left to do, and of a window without series nothing ever is. " +
		"Backends flush on time, also when nobody measured anything.",
	run: func(t *trial) error {
		empty, full := contents(0), contents(1, gauge("after", 1))
		return errors.Join(t.deliver(empty), t.deliver(full), t.arrived(1, full))
	},
}

var everyKind = check{
	name: "every kind arrives",
	rule: "Write delivers the whole window. Count and Sum of the aggregate are exact and go out; Detail was made from the " +
		"samples that arrived, may be of fewer calls, and has minimum, maximum, last value, deviation and quantiles.",
	run: func(t *trial) error {
		return t.roundTrip(contents(0, oneOfEachKind()...))
	},
}

func oneOfEachKind() []series {
	steps := upDown("kind.updown", 3, 7, 5, 6)
	steps.more = 36 // an up-down counter's detail holds its values at certain times, not its calls
	partly := timer("kind.timer.partly", 250e6, 100e6, 1_500e6, 40e6)
	partly.lost = 1
	spread := timer("kind.timer.many")
	for i := range int64(2000) {
		spread.calls = append(spread.calls, metric.IntValue(1+(i*7919%2000)*1_000))
	}
	helped := gauge("kind.gauge", 4.5, 17, 2.25)
	helped.Help = "what a gauge is for"
	return []series{
		timer("kind.timer", 12_345_678, 1, 2e9), partly, spread, counter("kind.counter", 5, 1, 41), steps, helped,
		distribution("kind.distribution", 512, 2048, 512.5, 100),
	}
}

var extremeNumbers = check{
	name: "extreme numbers arrive",
	rule: "A value is data whatever it is: zeros are not left out, negative numbers keep their sign, tiny and huge ones " +
		"their digits. Where sums ran over what float64 holds, the target gets no NaN.",
	run: func(t *trial) error {
		return t.roundTrip(contents(0,
			gauge("zero.gauge", 0), counter("zero.counter", 0, 0, 0), timer("zero.timer", 0, 0), upDown("zero.updown", 0),
			distribution("zero.distribution", 0, 0, 0),
			gauge("negative.gauge", -1.5, -40), upDown("negative.updown", -3), distribution("negative.distribution", -1, 2, -3.25),
			gauge("tiny.gauge", math.SmallestNonzeroFloat64), timer("tiny.timer", 1), distribution("tiny.distribution", 1e-300, 1.5e-300),
			gauge("huge.gauge", -math.MaxFloat64), timer("huge.timer", math.MaxInt64), upDown("huge.updown", math.MinInt64),
			counter("huge.counter", math.MaxInt64), distribution("huge.distribution", math.MaxFloat64),
			gauge("digits.gauge", 0.1, 1.0/3), counter("digits.counter", 1<<53-1), distribution("digits.distribution", 1e15+0.5, 123456789.125),
			counter("large.counter", 123_456_789), gauge("large.gauge", 1e21, 1.5e22),
			distribution("overrun", math.MaxFloat64, math.MaxFloat64, math.MaxFloat64),
		))
	},
}

var missingDetail = check{
	name: "series without detail arrive",
	rule: "Detail may be empty though Count is not (HasDetail tells): the samples were lost on the way and only the totals " +
		"came through. Count and Sum go out all the same. Minimum, maximum, last value, deviation and quantiles are then unknown, " +
		"which is neither zero nor NaN; of a gauge or an up-down counter nothing but the count is known.",
	run: func(t *trial) error {
		lost := []series{
			timer("lost.timer", 5e6, 7e6), distribution("lost.distribution", -5, 12.5), upDown("lost.updown", 4), gauge("lost.gauge", 9),
			counter("lost.counter", 3),
		}
		for i := range lost {
			lost[i].lost = len(lost[i].calls)
		}
		return t.roundTrip(contents(0, lost...))
	},
}

var namesAndTags = check{
	name: "any legal name arrives",
	rule: "Names, sources and tag values are UTF-8 of up to 255 bytes in any script, without control characters and '|'; a " +
		"source or a tag's value may be empty, a series may have 32 tags. What the target cannot take, the sink maps by a " +
		"documented rule that keeps different series apart.",
	run: func(t *trial) error {
		return t.roundTrip(contents(0, namedSeries()...))
	},
}

var legalNames = [...]string{
	"plain", "dots..and.", "with space", " around ", "slash/and\\backslash", `"double" and 'single'`, "a,b=c;d:e#f@g", "%s%d%n%%", "{}[]()<>&",
	"$HOME `id` *?", "-dash", "+1", "0", "null", "NaN", "__name__", "~tilde",
	"données.été", "база.запрос", "数据库.查询", "قاعدة.استعلام", "ฐานข้อมูล", "डेटा", "\U0001f989.hoot",
	"combining e\u0301", "no\u00a0break", "zero\u200bwidth", "\ufeffmark", "line\u2028and paragraph\u2029", "replacement \ufffd",
	strings.Repeat("n", metric.MaxNameLen), strings.Repeat("語", metric.MaxNameLen/len("語")),
}

// namedSeries has every legal name as a name, as a source and as a tag's value, and series that differ in one thing only.
func namedSeries() (all []series) {
	vary := func(name string, change func(*metric.Series)) {
		s := counter(name, 1)
		change(&s.Series)
		all = append(all, s)
	}
	for _, name := range legalNames {
		vary(name, func(s *metric.Series) {})
		vary("same", func(s *metric.Series) { s.Source = name })
		vary("same", func(s *metric.Series) { s.Tags = []metric.Tag{{Key: "tag", Value: name}} })
	}
	vary("same", func(s *metric.Series) { s.Source = "" })
	vary("same", func(s *metric.Series) { s.Tags = []metric.Tag{{Key: "tag", Value: ""}} })
	vary("same", func(s *metric.Series) { s.Tags = []metric.Tag{{Key: "other", Value: "plain"}} })
	vary("same", func(s *metric.Series) { s.Tags = []metric.Tag{{Key: "tag.in ключ", Value: "plain"}} })
	vary("same", func(s *metric.Series) { s.Level = metric.Critical })
	vary("same", func(s *metric.Series) { s.Level = metric.Level(strings.Repeat("L", metric.MaxLevelLen)) })
	vary("longest", func(s *metric.Series) {
		s.Name, s.Source = strings.Repeat("x", metric.MaxNameLen), strings.Repeat("y", metric.MaxNameLen)
		for i := range metric.MaxTags {
			key := fmt.Sprintf("k%02d%s", i, strings.Repeat("k", metric.MaxTagKeyLen-3))
			s.Tags = append(s.Tags, metric.Tag{Key: key, Value: strings.Repeat("v", metric.MaxTagValueLen)})
		}
	})
	return all
}

var manySeries = check{
	name: "ten thousand series arrive",
	rule: "Write delivers the whole window, however large: a target's limits on the size of a request are for the sink to keep.",
	run:  func(t *trial) error { return t.roundTrip(manyContents(0)) },
}

// manyContents is a window of ten thousand series.
func manyContents(n int) content {
	all := make([]series, 10_000)
	for i := range all {
		name := fmt.Sprintf("many.%05d", i)
		switch i % 5 {
		case 0:
			all[i] = timer(name, int64(i)*1e6+1, 3e6)
		case 1:
			all[i] = counter(name, int64(i))
		case 2:
			all[i] = gauge(name, float64(i)/7)
		case 3:
			all[i] = upDown(name, int64(-i))
		default:
			all[i] = distribution(name, float64(i), 1, 2.5)
		}
		all[i].Tags = []metric.Tag{{Key: "shard", Value: fmt.Sprint(i % 16)}}
	}
	return contents(n, all...)
}

var windowsInOrder = check{
	name: "windows arrive in order",
	rule: "Each window arrives with its own time and values, in the order in which the windows were written.",
	run: func(t *trial) error {
		var windows []content
		for n := range 5 {
			c := contents(n, timer("order.timer", int64(n+1)*1e6), counter("order.counter", int64(n)), gauge("order.gauge", float64(-n)))
			if err := t.deliver(c); err != nil {
				return fmt.Errorf("window %d: %w", n+1, err)
			}
			windows = append(windows, c)
		}
		if err := t.arrived(1, windows...); err != nil {
			return err
		}
		got, err := t.target.Arrived()
		if err != nil {
			return err
		}
		if !slices.IsSortedFunc(got, func(a, b Point) int { return a.Time.Compare(b.Time) }) {
			return errors.New("a later window arrived before an earlier one")
		}
		return nil
	},
}

var sameWindowTwice = check{
	name: "the same window twice is the same",
	rule: "A window may be written again after it arrived, when only the answer was lost. Write is idempotent as far as its " +
		"target allows: same series, same time, same value.",
	run: func(t *trial) error {
		c := contents(0, oneOfEachKind()...)
		for range 2 {
			if err := t.deliver(c); err != nil {
				return err
			}
		}
		return t.arrived(t.mostAfter(2), c)
	},
}

// roundTrip writes one window and checks that it arrives.
func (t *trial) roundTrip(c content) error {
	began := time.Now()
	if err := t.deliver(c); err != nil {
		return fmt.Errorf("%d series, after %v: %w", len(c.series), time.Since(began).Round(time.Millisecond), err)
	}
	return t.arrived(1, c)
}
