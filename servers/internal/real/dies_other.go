//go:build !linux

package real

import "os/exec"

func dieWithUs(*exec.Cmd) {}
