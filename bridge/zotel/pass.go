package zotel

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// add takes a callback, and begins to call back with the first one. The caller holds the mutex.
func (p *Provider) add(c *callback) {
	if p.closing {
		return
	}
	c.busy = make(chan struct{}, 1)
	p.callbacks = append(p.callbacks, c)
	for _, s := range c.of {
		if !slices.Contains(p.observables, s) {
			p.observables = append(p.observables, s)
		}
	}
	if p.quit == nil {
		p.quit, p.quitted = make(chan struct{}), make(chan struct{})
		go p.run(p.quit, p.quitted)
	}
}

func (p *Provider) run(quit, quitted chan struct{}) {
	defer close(quitted)
	t := time.NewTicker(p.cfg.Every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			p.collect(context.Background()) // which does not end
		case <-quit:
			return
		}
	}
}

// collect makes a pass: it calls all callbacks, one after the other, and records what they observed.
func (p *Provider) collect(ctx context.Context) error {
	select {
	case p.passing <- struct{}{}:
		defer func() { <-p.passing }()
	case <-ctx.Done():
		return fmt.Errorf("zotel: flush: %w", ctx.Err())
	}
	if p.down.Load() {
		return nil
	}
	if !p.cfg.Scope.Watched() {
		p.stale = true
		return nil
	}
	p.mu.Lock()
	callbacks, observables := slices.Clone(p.callbacks), slices.Clone(p.observables)
	p.mu.Unlock()
	defer p.passes.Start().Stop()
	p.pass++
	partly := map[settler]bool{} // not all of their callbacks were heard
	for _, c := range callbacks {
		if !p.call(ctx, c) {
			for _, s := range c.of {
				partly[s] = true
			}
		}
	}
	for _, s := range observables {
		s.settle(p.pass, !p.stale, !partly[s])
	}
	p.stale = false
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("zotel: flush: %w", err)
	}
	return nil
}

// call calls a callback, and reports whether it said all that it has to say. One that does not return in time is left alone, and not called again before it
// returned. Each has a goroutine of its own, so that it delays nobody by more.
func (p *Provider) call(ctx context.Context, c *callback) (heard bool) {
	switch {
	case ctx.Err() != nil:
		return false
	case p.left(c):
		return true
	}
	select {
	case c.busy <- struct{}{}:
	default:
		p.complain(slow, "a callback has not returned yet, and is not called")
		return false
	}
	due, cancel := context.WithTimeout(ctx, p.cfg.Every)
	defer cancel()
	v := &visit{p: p, of: c.of, pass: p.pass}
	defer v.end()
	returned := make(chan bool, 1)
	go p.protect(due, c, v, returned)
	select {
	case heard = <-returned:
	case <-due.Done():
		if ctx.Err() == nil {
			p.complain(slow, "a callback takes longer than Config.Every, and is not waited for")
		}
	}
	return heard
}

// protect calls a callback, whatever it does.
func (p *Provider) protect(ctx context.Context, c *callback, v *visit, returned chan<- bool) {
	heard := false
	defer func() {
		if fault := recover(); fault != nil {
			p.complain(panicked, "a callback panicked", "panic", fmt.Sprint(fault))
		}
		<-c.busy
		returned <- heard
	}()
	if err := c.call(ctx, v); err != nil {
		p.complain(failed, "a callback failed", "error", err)
		return
	}
	heard = true
}

// left reports whether a callback was unregistered.
func (p *Provider) left(c *callback) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return c.gone
}

// await waits for callbacks that are not done.
func (p *Provider) await(ctx context.Context) error {
	p.mu.Lock()
	callbacks := slices.Clone(p.callbacks)
	p.mu.Unlock()
	for _, c := range callbacks {
		select {
		case c.busy <- struct{}{}:
		case <-ctx.Done():
			return fmt.Errorf("zotel: shut down: a callback does not return: %w", ctx.Err())
		}
	}
	return nil
}
