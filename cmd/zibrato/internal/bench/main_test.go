package bench

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write the golden files anew")

// actAs in the environment makes the test's binary play a part, of those in parts.
const actAs = "ACT_AS_PART_OF_BENCH"

var parts = map[string]func() error{}

func TestMain(m *testing.M) {
	if part := os.Getenv(actAs); part != "" {
		if err := parts[part](); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	// The race detector would hold up the end of every process by a second.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	goleak.VerifyTestMain(m)
}
