package measure

import (
	"runtime"
	"strings"
)

// Machine is where something was measured. Its JSON is part of published results.
type Machine struct {
	CPU        string `json:"cpu"`        // the processor's model, "" where the system does not tell
	Cores      int    `json:"cores"`      // logical processors that this process may use
	GOMAXPROCS int    `json:"gomaxprocs"` // of these, how many run Go code at once
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	Go         string `json:"go"` // the version of the toolchain that this program was built with
}

// ThisMachine describes the machine that the process runs on.
func ThisMachine() Machine {
	return Machine{
		CPU:        cpuModel(),
		Cores:      runtime.NumCPU(),
		GOMAXPROCS: runtime.GOMAXPROCS(0),
		OS:         runtime.GOOS,
		Arch:       runtime.GOARCH,
		Go:         runtime.Version(),
	}
}

// cpuinfoModel finds the processor's model in what Linux says in /proc/cpuinfo. On x86 it is the model's name; elsewhere there may be
// that of the board or none.
func cpuinfoModel(cpuinfo string) string {
	for _, want := range []string{"model name", "cpu model", "Model", "cpu"} {
		for line := range strings.Lines(cpuinfo) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == want {
				return strings.Join(strings.Fields(value), " ")
			}
		}
	}
	return ""
}
