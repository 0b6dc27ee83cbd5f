package forwarder

import (
	"io"
	"sync"
	"time"
)

// What is written into the pipes that goroutines wait at, besides the numbers of the sides. alive is of a pulse, requested a question of the
// gate whether requests wait.
const (
	alive     = 0xff
	requested = 0xfe
)

// pulse tells whether a goroutine goes on that waits at a pipe for what others want of it. That one reads alive from the pipe and calls beat; it is
// asked only when somebody wants to know, so that idle it sleeps.
type pulse struct {
	mu    sync.Mutex
	asked time.Time // zero: there is no question that was not answered
}

// ask returns for how long the last question was not answered, and asks anew if it was. It never blocks: there is one question in
// the pipe at the most.
func (p *pulse) ask(pipe io.Writer, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.asked.IsZero() {
		return now.Sub(p.asked)
	}
	p.asked = now
	pipe.Write([]byte{alive}) // fails when the goroutine is to end
	return 0
}

func (p *pulse) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = time.Time{}
}
