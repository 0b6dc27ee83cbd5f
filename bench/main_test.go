package bench

import (
	"flag"
	"os"
	"testing"

	"github.com/zibrato/zibrato/bench/internal/harness"
)

func TestMain(m *testing.M) {
	flag.Parse()
	harness.PrintConfig()
	os.Exit(m.Run())
}
