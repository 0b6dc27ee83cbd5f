//go:build cgo

package main

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/backend"
)

func TestWhatABackendMayTakeIsConfigured(t *testing.T) {
	t.Parallel()
	file, _ := configured(t, `
sinks:
  log: {}
  statsd: {gone_after: 10m, max_known: 5000, max_known_each: 50, apart: host, flush: 2s}
`)
	p, err := readPlan(file, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	type may struct {
		flush, goneAfter time.Duration
		all, each        int
		apart            backend.Apart
	}
	want := []may{
		{10 * time.Second, backend.DefaultExpire, backend.DefaultMaxSeries, 0, backend.None},
		{2 * time.Second, 10 * time.Minute, 5000, 50, backend.ByHost},
	}
	for i, s := range p.sinks {
		c := s.command.merged().backend(nil)
		got := may{c.Interval, c.Expire, c.MaxSeries, c.MaxSeriesEach, c.Apart}
		if diff := cmp.Diff(want[i], got, cmp.AllowUnexported(may{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.name, diff)
		}
	}
}

func TestABackendNeedsRoomAndPatience(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ flag, want string }{
		{"--gone-after=0", "--gone-after: 0s: want more than 0"},
		{"--gone-after=-1m", "--gone-after: -1m0s: want more than 0"},
		{"--max-known=0", "--max-known, --max-known-each: 0, 0: want more than 0"},
		{"--max-known-each=-1", "--max-known, --max-known-each: 100000, -1: want more than 0"},
	} {
		if status, _, stderr := result(t, nil, "log", c.flag); status != 2 || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: status %d, %q; want 2, %q", c.flag, status, stderr, c.want)
		}
	}
}
