//go:build cgo && unix

package publisher_test

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
)

// What a forwarder has not read when the last publisher is gone lies with the kernel. It has to be let in whole.
func TestTheLastMessagesReachAForwarderThatStoodStill(t *testing.T) {
	for _, in := range []string{"tcp://127.0.0.1:*", "ipc://" + filepath.Join(t.TempDir(), "in")} {
		fwd := startForwarder(t, in, "tcp://127.0.0.1:*")
		rec := zibrato.New(zibrato.Config{AlwaysOn: []zibrato.Level{}})
		timer := rec.NewTimer("x", zibrato.AtLevel(zibrato.LevelDebug))
		pub := start(t, publisher.Config{Recorder: rec, Endpoint: fwd.in})
		sub := hearDebug(t, fwd.out)
		if err := pub.WaitSubscriber(within(t), zibrato.LevelDebug); err != nil {
			t.Fatal(err)
		}
		await(t, "debug is recorded", func() bool { return timer.Start() != zibrato.Stopwatch{} })
		fwd.cmd.Process.Signal(syscall.SIGSTOP)
		const calls = 500
		for range calls / 10 { // many small messages, which the kernel has room for
			for range 10 {
				timer.Observe(time.Microsecond)
			}
			if err := pub.Flush(within(t)); err != nil {
				t.Fatal(err)
			}
		}
		err := pub.Shutdown(within(t))
		fwd.cmd.Process.Signal(syscall.SIGCONT)
		if err != nil {
			t.Fatal(err)
		}
		await(t, "the totals are exact: "+in, func() bool {
			return sub.heard() == metric.Totals{Count: calls, Sum: metric.IntValue(calls * 1000)}
		})
	}
}
