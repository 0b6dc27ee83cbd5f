package zibrato_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Where Time is not inlined, what it returns is allocated. The programs that matter run on 64 bits; on 386 an atomic load is
// a call, with which Time does not fit the budget.
func TestTimeIsInlined(t *testing.T) {
	cmd := exec.Command("go", "build", "-gcflags=-m=2", ".")
	cmd.Env = append(os.Environ(), "GOARCH=amd64")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, f := range []string{"Time", "TimeErr", "(*Scope).Time", "(*Scope).TimeErr"} {
		if !strings.Contains(string(out), ": can inline "+f+" with cost ") {
			t.Errorf("%s is not inlined", f)
		}
	}
}
