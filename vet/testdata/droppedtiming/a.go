// Package droppedtiming has timings whose result is dropped.
package droppedtiming

import (
	"errors"

	. "github.com/zibrato/zibrato"
	zb "github.com/zibrato/zibrato"
)

var (
	queries  = zb.NewTimer("db.query")
	requests = zb.NewTimerVec("http.request", []string{"route"})
	scope    = zb.With(zb.AtLevel(zb.LevelDebug))
	own      = zb.New(zb.Config{})
)

func deferred() (err error) {
	defer zb.Time("a")               // want `zb.Time\("a"\) is deferred without \(\), so .* nothing is recorded: write defer zb.Time\("a"\)\(\)`
	defer Time("a")                  // want `deferred without \(\)`
	defer scope.Time("a")            // want `deferred without \(\)`
	defer own.Time("a")              // want `deferred without \(\)`
	defer zb.TimeErr("a", &err)      // want `deferred without \(\)`
	defer scope.TimeErr("a", nil)    // want `deferred without \(\)`
	defer queries.Start()            // want `queries.Start\(\) is deferred without .Stop\(\)`
	defer requests.With("/").Start() // want `deferred without .Stop\(\)`
	defer func() {
		zb.Time("a") // want `nothing is recorded`
	}()
	for range 3 {
		defer (zb.Time)("a") // want `deferred without \(\)`
	}
	return errors.New("a")
}

func statement() {
	zb.Time("a")        // want `nothing is recorded, since the result of zb.Time\("a"\) is dropped, which ends the timing: write defer zb.Time\("a"\)\(\)`
	go scope.Time("a")  // want `nothing is recorded`
	_ = own.Time("a")   // want `nothing is recorded`
	queries.Start()     // want `nothing is recorded`
	(queries.Start())   // want `nothing is recorded`
	_ = queries.Start() // want `nothing is recorded`
	f := func() {
		queries.Start() // want `nothing is recorded`
	}
	f()
	for range 3 {
		queries.Start() // want `nothing is recorded`
	}
	if f != nil {
		zb.Time("a") // want `nothing is recorded`
	}
}

type recorder struct{ *zb.Scope }

func (r recorder) embedded() {
	defer r.Time("a") // want `deferred without \(\)`
}

type other struct{}

func (other) Time(string) func() { return nil }
func (other) Start() other       { return other{} }

func right() (err error) {
	defer zb.Time("a")()
	defer scope.Time("a")()
	defer own.TimeErr("a", &err)()
	defer queries.Start().Stop()
	queries.Start().Stop() // measures what measuring takes, as benchmarks do
	zb.Time("a")()
	defer other{}.Time("a")
	defer other{}.Start()
	stop, _ := zb.Time("a"), 1
	defer stop()
	defer zb.Do("a", func() {})
	zb.Inc("a")
	zb.NewGaugeFunc("a", func() float64 { return 0 })
	return nil
}
