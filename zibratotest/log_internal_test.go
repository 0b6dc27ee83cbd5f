package zibratotest

import (
	"testing"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// A program may say outright what Configure makes the default later: then two of its series are equal.
func TestSeriesThatBecameEqualCountTogether(t *testing.T) {
	l := attach(t, zibrato.New(zibrato.Config{}))
	entry := func(id uint32, n int64) metric.Entry {
		s := &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: "twice", Source: "prog"}
		return metric.Entry{ID: id, Series: s, After: metric.Totals{Count: 1, Sum: metric.IntValue(n)}}
	}
	l.deliver(&metric.Batch{Entries: []metric.Entry{entry(1000, 3), entry(1001, 4)}})
	if n, sum := l.Calls("twice"), l.Sum("twice"); n != 2 || sum != 7 {
		t.Errorf("%d calls that add up to %v, want 2 and 7", n, sum)
	}
}
