//go:build cgo

package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
)

type versionCmd struct {
	JSON bool `name:"json" help:"Write an object of JSON: version, commit, modified, go, os, arch, libzmq."`
}

func (versionCmd) Help() string {
	return `Says which version of Zibrato this is, what it was built with, and which libzmq it has found.

Example:

    zibrato version

Exit status: 0 success, 2 wrong usage.`
}

// built is what the build and the machine say of the program.
type built struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"` // the sources were not those of the commit
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Libzmq   string `json:"libzmq"`
}

// release and commit are set when an archive or an image is built: go build -ldflags "-X main.release=v1.2.3 -X main.commit=…". Otherwise
// the go command knows.
var release, commit string

func thisBuild() built {
	b := built{Version: "(devel)", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, Libzmq: libzmqVersion()}
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			b.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Commit = s.Value
			case "vcs.modified":
				b.Modified = s.Value == "true"
			}
		}
	}
	if release != "" {
		b.Version = release
	}
	if commit != "" {
		b.Commit = commit
	}
	return b
}

func (c versionCmd) Run(*slog.Logger) error {
	b := thisBuild()
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(b)
	}
	from := ""
	if b.Commit != "" {
		from = " " + b.Commit[:min(len(b.Commit), 12)]
	}
	_, err := fmt.Printf("zibrato %s%s %s/%s %s libzmq %s\n", b.Version, from, b.OS, b.Arch, b.Go, b.Libzmq)
	return err
}

// buildVersion is the program's version, as far as its build knows it.
func buildVersion() string { return thisBuild().Version }
