package peers

import (
	"flag"
	"os"
	"runtime"
	"testing"

	"github.com/zibrato/zibrato/bench/internal/harness"
)

func TestMain(m *testing.M) {
	flag.Parse()
	harness.PrintConfig()
	ballast := make([]byte, 64<<20)
	code := m.Run()
	runtime.KeepAlive(ballast)
	os.Exit(code)
}
