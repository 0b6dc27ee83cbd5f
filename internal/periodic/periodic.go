// Package periodic repeats something at an interval until it is stopped.
package periodic

import (
	"sync"
	"time"
)

// Loop is what goes on. Its methods may be called from any goroutine.
type Loop struct {
	quit, quitted chan struct{}
	once          sync.Once
}

// Start begins to call do every so often, never twice at once.
func Start(every time.Duration, do func()) *Loop {
	l := &Loop{quit: make(chan struct{}), quitted: make(chan struct{})}
	go l.run(every, do)
	return l
}

func (l *Loop) run(every time.Duration, do func()) {
	defer close(l.quitted)
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			do()
		case <-l.quit:
			return
		}
	}
}

// Stop ends the loop, waits for the call under way, and calls last. Later calls wait for the first and do nothing.
func (l *Loop) Stop(last func()) {
	l.once.Do(func() {
		close(l.quit)
		<-l.quitted
		last()
	})
}
