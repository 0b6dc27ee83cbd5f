//go:build cgo

package subscriber

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/zibrato/zibrato/metric"
)

func TestSummariesArriveWhole(t *testing.T) {
	p := newPeer(t, anyPort)
	s := start(t, Config{From: p.addr, Detail: Summaries, Levels: metric.Levels{"info"}})
	r := receive(t, s)
	p.awaitTopics(t, "info|", "zsum1|info|")
	p.publish(t, summariesOf("info", "größe"), "info|Counter|jobs|5|1700000000|orders")
	got := r.next(t)
	if diff := cmp.Diff(summedUp("info", "größe"), got, cmpopts.EquateEmpty(), cmp.AllowUnexported(metric.Histogram{})); diff != "" {
		t.Error(diff)
	}
	if name := r.nextName(t); name != "jobs" {
		t.Errorf("the text brings %s", name)
	}
	if stats := s.Stats(); stats.Batches != 2 || stats.Samples != 1 || stats.Summaries != 1 {
		t.Errorf("%+v", stats)
	}
}

// Who subscribes to everything gets the detail that others asked for, too.
func TestTheOtherDetailIsSkipped(t *testing.T) {
	for _, test := range []struct {
		detail       metric.Detail
		topic        string
		asked, other string
	}{
		{Samples, "zsmp1|", binaryOf("info", "asked"), summariesOf("info", "other")},
		{Summaries, "zsum1|", summariesOf("info", "asked"), binaryOf("info", "other")},
	} {
		p := newPeer(t, anyPort)
		s := start(t, Config{From: p.addr, Detail: test.detail})
		r := receive(t, s)
		p.awaitTopics(t, "", test.topic)
		p.publish(t, test.other, test.asked, test.other, "info|Gauge|g|1|1|")
		for _, want := range []string{"asked", "g"} {
			if got := r.nextName(t); got != want {
				t.Errorf("%v: got %s, want %s", test.detail, got, want)
			}
		}
		if stats := s.Stats(); stats.Skipped != 2 || stats.Batches != 2 || stats.Malformed != [metric.Reasons]uint64{} {
			t.Errorf("%v: %+v", test.detail, stats)
		}
	}
}
