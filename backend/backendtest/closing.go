package backendtest

import (
	"errors"
	"fmt"
)

var closing = check{
	name: "close",
	rule: "Close releases what the sink holds and returns nil when nothing went wrong. What was written before stays delivered. A " +
		"Write after Close returns an error and delivers nothing.",
	run: func(t *trial) error {
		c, late := contents(0, oneOfEachKind()...), contents(1, gauge("late", 1))
		if err := t.deliver(c); err != nil {
			return err
		}
		answer, broken := t.close(patience)
		if answer != nil {
			answer = fmt.Errorf("sink.Close returned an error though the target serves: %w", answer)
		}
		if err := errors.Join(answer, broken); err != nil {
			return err
		}
		answer, broken = t.write(late.window(), patience)
		if answer == nil && broken == nil {
			broken = errors.New("sink.Write after Close returned nil")
		}
		return errors.Join(broken, t.arrived(1, c))
	},
}

var closingWhileHanging = check{
	name: "close while the target hangs",
	rule: "Close returns when its context ends at the latest, also when the target hangs: a program that is told to stop must " +
		"stop. What the sink could not end then, ends when the target is back or gone.",
	run: func(t *trial) error {
		if err := t.behave(Hang); err != nil {
			return err
		}
		c := manyContents(0)
		answer, broken := t.write(c.window(), whileHanging)
		if broken != nil {
			return broken
		}
		if err := retry(answer); err != nil {
			return err
		}
		if _, broken = t.close(whileHanging); broken != nil {
			return broken
		}
		if err := t.behave(Serve); err != nil {
			return err
		}
		return t.leaked()
	},
}

var noGoroutineLeft = check{
	name: "no goroutine left",
	rule: "Close releases what the sink holds: when it returns, goroutines have ended and connections are closed.",
	run: func(t *trial) error {
		c := contents(0, oneOfEachKind()...)
		if err := t.deliver(c); err != nil {
			return err
		}
		if _, broken := t.close(patience); broken != nil {
			return broken
		}
		return t.leaked()
	},
}
