package bench

import (
	"errors"

	"github.com/zibrato/zibrato"
)

// Each deferred call stands in a function of its own, as it does in programs: a defer in a loop would allocate. What
// the function itself costs, about a nanosecond, is in the figure, the empty one's too.

var errNo = errors.New("no")

func nothing() {}

func emptyStop() func() { return nothing }

func deferEmpty() { defer emptyStop()() }

func deferTime() { defer zibrato.Time("bench.Time")() }

func deferTimeErr() (err error) {
	defer zibrato.TimeErr("bench.TimeErr", &err)()
	return errNo
}

func deferScopeTime(z *zibrato.Scope) { defer z.Time("bench.Scope.Time")() }

func deferTimer(t *zibrato.Timer) { defer t.Start().Stop() }
