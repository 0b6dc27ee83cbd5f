//go:build cgo

package main

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"

	zmq "github.com/pebbe/zmq4"
)

type versionCmd struct{}

func (versionCmd) Help() string {
	return `Example:

    zibrato version`
}

func (versionCmd) Run(*slog.Logger) error {
	major, minor, patch := zmq.Version()
	_, err := fmt.Fprintf(os.Stdout, "zibrato %s %s/%s %s libzmq %d.%d.%d\n", buildVersion(), runtime.GOOS, runtime.GOARCH, runtime.Version(), major, minor, patch)
	return err
}

// buildVersion is the program's version, as far as its build knows it.
func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
