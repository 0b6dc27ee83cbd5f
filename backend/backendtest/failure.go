package backendtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zibrato/zibrato/backend"
)

var endedContext = check{
	name: "a context that has ended already",
	rule: "Write gives up when its context ends, within milliseconds, and returns an error then, which asks for the window " +
		"again. It returns nil only when the window is delivered.",
	run: func(t *trial) error {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		c := contents(0, oneOfEachKind()...)
		w := c.window()
		answer, broken := t.writeContext(ctx, w)
		if broken != nil {
			return broken
		}
		if answer == nil {
			return t.arrived(1, c)
		}
		if err := retry(answer); err != nil {
			return err
		}
		scribble(w)
		if err := t.deliver(c); err != nil {
			return fmt.Errorf("the same window with a fresh context: %w", err)
		}
		return t.arrived(t.mostAfter(2), c)
	},
}

var hangingTarget = check{
	name: "a hanging target",
	rule: "Write gives up when its context ends, within milliseconds, and returns an error that asks for the window again, " +
		"also when the target hangs. From then on it leaves the window's memory alone. Once the target is back, the same " +
		"window goes through.",
	run: func(t *trial) error {
		if err := t.behave(Hang); err != nil {
			return err
		}
		c := manyContents(0)
		for _, end := range [...]func() (context.Context, context.CancelFunc){cancelledSoon, expiringSoon} {
			w := c.window()
			ctx, cancel := end()
			answer, broken := t.writeContext(ctx, w)
			cancel()
			if broken != nil {
				return broken
			}
			if answer == nil {
				return errors.New("sink.Write returned nil while the target hung: what it reports as delivered has not arrived, " +
					"or the harness's target does not hang")
			}
			if err := retry(answer); err != nil {
				return err
			}
			scribble(w)
		}
		return t.recovered(t.mostAfter(3), c)
	},
}

func cancelledSoon() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(whileHanging, cancel)
	return ctx, cancel
}

func expiringSoon() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), whileHanging)
}

var failingTarget = check{
	name: "a failing target",
	rule: "When the target cannot take the window just now, Write returns an error that asks for the window again (RetryAfter): " +
		"a plain one or one that Retry made, not one that Reject made. The whole window comes again then, and each series " +
		"arrives once.",
	run: func(t *trial) error {
		if err := t.behave(Fail); err != nil {
			return err
		}
		c := contents(0, oneOfEachKind()...)
		for range 2 {
			w := c.window()
			answer, broken := t.write(w, t.h.Prompt)
			if broken != nil {
				return broken
			}
			if err := retry(answer); err != nil {
				return err
			}
			scribble(w)
		}
		return t.recovered(1, c)
	},
}

// recovered lets the target serve again and writes the window, which has then arrived at most so often.
func (t *trial) recovered(most int, c content) error {
	if err := t.behave(Serve); err != nil {
		return err
	}
	if err := t.deliver(c); err != nil {
		return fmt.Errorf("the same window, once the target was back: %w", err)
	}
	return t.arrived(most, c)
}

var rejectedSeries = check{
	name: "series refused for good",
	rule: "When the target refuses series for good, Write delivers the rest and returns an error that Reject made, with the " +
		"number of series refused. It does not ask for the window again: a poisoned series must not hold up the others.",
	run: func(t *trial) error {
		if err := t.behave(Reject); err != nil {
			return err
		}
		good := oneOfEachKind()
		bad := []series{counter(Unwanted, 1), counter(Unwanted, 2)}
		bad[1].Source = "another"
		all := contents(0, append(bad, good...)...)
		rest := contents(0, good...)
		unable := len(good) - len(rest.points(&t.h)) // the sink may count those with the refused
		answer, broken := t.write(all.window(), patience)
		if broken != nil {
			return broken
		}
		n, rejected := backend.Rejected(answer)
		switch _, again := backend.RetryAfter(answer); {
		case answer == nil:
			return errors.New("sink.Write returned nil though the target refused series for good: nobody hears of it")
		case again:
			return fmt.Errorf("sink.Write's error asks for the window again, though the target will never take it: %w", answer)
		case !rejected || n != len(bad) && n != len(bad)+unable:
			return fmt.Errorf("sink.Write's error says that %d series were refused instead of %d: %w", n, len(bad), answer)
		}
		return t.arrived(1, rest)
	},
}
