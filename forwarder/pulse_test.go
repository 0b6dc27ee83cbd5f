package forwarder

import (
	"bytes"
	"testing"
	"time"
)

func TestAPulseIsAskedForOnceUntilItBeats(t *testing.T) {
	var pipe bytes.Buffer
	var p pulse
	now := time.Unix(1e9, 0)
	for round := range 3 {
		for i, want := range []time.Duration{0, time.Second, 2 * time.Second} {
			if got := p.ask(&pipe, now); got != want {
				t.Errorf("round %d, question %d: overdue by %v, want %v", round, i, got, want)
			}
			now = now.Add(time.Second)
		}
		if got := pipe.Next(10); !bytes.Equal(got, []byte{alive}) {
			t.Errorf("round %d: asked %v", round, got)
		}
		p.beat()
		p.beat() // of what was asked before, too
	}
}
