package bench

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"
)

// TestMain says where the figures come from, as lines that benchstat and others read; the go command adds the processor.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() != "" {
		fmt.Printf("goversion: %s\ngomaxprocs: %d\n", runtime.Version(), runtime.GOMAXPROCS(0))
	}
	os.Exit(m.Run())
}
