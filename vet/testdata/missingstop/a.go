// Package missingstop has timings that some path does not end.
package missingstop

import (
	"errors"
	"log"
	"os"
	"testing"

	"github.com/zibrato/zibrato"
)

var queries = zibrato.NewTimer("db.query")

func work() error { return nil }

func early() error {
	timing := queries.Start() // want `the timing that queries.Start\(\) begins is lost on a path, since the return in line 20 may be reached without timing.Stop\(\): write defer queries.Start\(\).Stop\(\), stop it there, too, or drop it there with _ = timing`
	if err := work(); err != nil {
		return err
	}
	timing.Stop()
	return nil
}

func earlyByName() error {
	stop := zibrato.Time("a") // want `without stop\(\)`
	if err := work(); err != nil {
		return err
	}
	stop()
	return nil
}

func earlyWithError() (err error) {
	var stop = zibrato.TimeErr("a", &err) // want `without stop\(\)`
	if err = work(); err == nil {
		stop()
	}
	return err
}

func assigned(measured bool) {
	var timing zibrato.Stopwatch
	if measured {
		timing = queries.Start() // want `the return in line 51 may be reached`
	}
	if work() == nil {
		timing.Stop()
	}
}

func twoAtOnce() {
	a, b := queries.Start(), queries.Start() // want `without b.Stop`
	a.Stop()
	if work() == nil {
		b.Stop()
	}
}

func loop(jobs chan int) {
	for range jobs {
		timing := queries.Start() // want `without timing.Stop`
		if work() != nil {
			continue
		}
		timing.Stop()
	}
}

func again() {
	timing := queries.Start() // want `the next timing in line 73 may be reached without timing.Stop\(\)`
	timing = queries.Start()
	timing.Stop()
}

func endless() {
	for {
		timing := queries.Start() // want `the next timing in line 79 may be reached`
		if work() != nil {
			continue
		}
		timing.Stop()
	}
}

func switched(n int) {
	timing := queries.Start() // want `without timing.Stop`
	switch n {
	case 1:
		timing.Stop()
	case 2:
		timing.StopAs(queries)
	}
}

func jump(n int) {
	timing := queries.Start() // want `without timing.Stop`
	if n > 0 {
		goto end
	}
	timing.Stop()
end:
}

func literal() func() {
	return func() {
		timing := queries.Start() // want `without timing.Stop`
		if work() == nil {
			timing.Stop()
		}
	}
}

func parameter(timing zibrato.Stopwatch) {
	timing = queries.Start() // want `without timing.Stop`
	if work() == nil {
		timing.Stop()
	}
}

func mayGo(n int) {
	timing := queries.Start() // want `without timing.Stop`
	if n > 0 {
		sometimes(n)
		return
	}
	timing.Stop()
}

func sometimes(n int) {
	if n > 1 {
		os.Exit(1)
	}
}

// What follows is right.

func everyPath() error {
	timing := queries.Start()
	if err := work(); err != nil {
		timing.Stop()
		return err
	}
	timing.StopAs(queries)
	return nil
}

func deferred() error {
	timing := queries.Start()
	defer timing.Stop()
	stop := zibrato.Time("a")
	defer stop()
	return work()
}

func onlySuccess() error {
	timing := queries.Start()
	if err := work(); err != nil {
		_ = timing // failures are not timed
		return err
	}
	timing.Stop()
	return nil
}

func unwatched() error {
	timing := queries.Start()
	if timing == (zibrato.Stopwatch{}) {
		return work()
	}
	err := work()
	timing.Stop()
	return err
}

func leaves(t *testing.T, n int) {
	timing := queries.Start()
	switch n {
	case 1:
		panic("1")
	case 2:
		os.Exit(1)
	case 3:
		log.Fatalf("%d", n)
	case 4:
		t.Fatal(n)
	case 5:
		die()
	case 6:
		select {}
	}
	timing.Stop()
}

func die() {
	defer log.Println("gone")
	dieNow()
}

func dieNow() { os.Exit(1) }

type request struct{ timing zibrato.Stopwatch }

func passesOn() zibrato.Stopwatch {
	kept := queries.Start()
	r := request{kept}
	r.timing = queries.Start()
	given := queries.Start()
	end(given)
	pointed := queries.Start()
	p := &pointed
	p.Stop()
	defer r.timing.Stop()
	returned := queries.Start()
	return returned
}

func end(timing zibrato.Stopwatch) { timing.Stop() }

func named() (timing zibrato.Stopwatch, err error) {
	timing = queries.Start()
	return
}

func closures() error {
	var timing zibrato.Stopwatch
	defer func() { timing.Stop() }()
	timing = queries.Start()
	inner := queries.Start()
	go func() { inner.Stop() }()
	func() { timing = queries.Start() }()
	method := queries.Start()
	defer method.Stop()
	return errors.New("a")
}

func eachTurn() {
	for range 3 {
		timing := queries.Start()
		if work() != nil {
			timing.Stop()
			continue
		}
		timing.Stop()
	}
}

var global zibrato.Stopwatch

func outside() {
	global = queries.Start()
}

func recursive(n int) {
	timing := queries.Start()
	if n > 0 {
		recursive(n - 1)
	}
	timing.Stop()
}
