//go:build cgo

package main

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
)

type versionCmd struct{}

func (versionCmd) Help() string {
	return `Example:

    zibrato version`
}

func (versionCmd) Run(*slog.Logger) error {
	_, err := fmt.Fprintf(os.Stdout, "zibrato %s %s/%s %s libzmq %s\n", buildVersion(), runtime.GOOS, runtime.GOARCH, runtime.Version(), libzmqVersion())
	return err
}

// buildVersion is the program's version, as far as its build knows it.
func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
