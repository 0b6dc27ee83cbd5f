package real

import (
	"os/exec"
	"syscall"
)

// dieWithUs lets nothing stay behind when the test is killed.
func dieWithUs(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
