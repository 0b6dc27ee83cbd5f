package subscriber

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/internal/monitor"
	"github.com/zibrato/zibrato/metric"
)

func TestComingsAndGoingsAreToldOnceAndAtABoundedRate(t *testing.T) {
	var out bytes.Buffer
	c := complaints{log: slog.New(slog.NewTextHandler(&out, nil))}
	now := time.Unix(1, 0)
	for _, s := range []monitor.State{
		monitor.Unknown, monitor.Away, monitor.Away, monitor.Connected, monitor.Connected, monitor.Away, monitor.Connected, monitor.Away,
	} {
		c.connection(s, now)
	}
	c.connection(monitor.Connected, now.Add(complaintInterval))
	c.connection(monitor.Away, now.Add(2*complaintInterval))
	var said []string
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		_, msg, _ := strings.Cut(line, `msg="subscriber: `)
		msg, _, _ = strings.Cut(msg, `"`)
		said = append(said, msg)
	}
	want := "nobody answers yet; trying again/connected/connected/the connection is lost; trying again"
	if got := strings.Join(said, "/"); got != want {
		t.Errorf("said %s\nwant %s", got, want)
	}
}

func TestWhatWasTooEarlyToLogIsLoggedAtTheEnd(t *testing.T) {
	var out bytes.Buffer
	c := complaints{log: slog.New(slog.NewTextHandler(&out, nil))}
	var counts counters
	for range 5 {
		n := counts.malformed[metric.ReasonFields].Inc()
		c.malformed(&metric.DecodeError{Reason: metric.ReasonFields}, n, time.Unix(1, 0))
	}
	c.rest(&counts, time.Unix(2, 0))
	c.rest(&counts, time.Unix(2, 0))
	if got := out.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "reason=fields count=4") {
		t.Error(got)
	}
}
