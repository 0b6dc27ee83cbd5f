package demo

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// childArg makes the test binary play a child's part instead of testing: see TestMain.
const childArg = "play-a-child"

// asChild is what a test binary that was started by a performance does.
var asChild = func() int { return 2 }

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArg {
		os.Exit(asChild())
	}
	// Under the race detector a program sleeps for a second before it exits; the children are to end sooner.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	goleak.VerifyTestMain(m)
}
