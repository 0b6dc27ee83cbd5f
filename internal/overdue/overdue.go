// Package overdue calls what may never return, and goes on without it.
package overdue

import (
	"context"
	"fmt"
)

// Call is calls of one thing, never two at once. The zero Call is ready. Its user allows one call of Do at a time.
type Call[T any] struct {
	pending chan T // receives what the call that has not returned yet returns; nil: there is none
}

// Do calls f on a goroutine of its own and returns what it returns. If that takes longer than ctx allows, Do returns an error that is that of ctx, what f returns later is
// dropped, and nothing is called again before it has returned. f must not panic.
func (c *Call[T]) Do(ctx context.Context, f func() T) (v T, err error) {
	if c.pending != nil {
		select {
		case <-c.pending:
		case <-ctx.Done():
			return v, fmt.Errorf("the last call has not returned: %w", ctx.Err())
		}
	}
	returned := make(chan T, 1)
	c.pending = returned
	go func() { returned <- f() }()
	select {
	case v = <-returned:
		c.pending = nil
		return v, nil
	case <-ctx.Done():
		return v, ctx.Err()
	}
}
