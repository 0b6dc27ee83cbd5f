//go:build cgo

package network

import (
	"flag"
	"os"
	"testing"

	"github.com/zibrato/zibrato/bench/internal/harness"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv(peerVariable) != "" {
		bePeer()
	}
	harness.PrintConfig()
	os.Exit(m.Run())
}
