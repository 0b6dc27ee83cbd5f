//go:build cgo

package publisher_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/zibrato/zibrato/forwarder"
)

// aForwarder is the variable that makes this program a forwarder, which tests can kill: its value are the endpoints to bind.
const aForwarder = "PUBLISHER_TEST_FORWARDER"

func TestMain(m *testing.M) {
	if endpoints := os.Getenv(aForwarder); endpoints != "" {
		os.Exit(forward(strings.Fields(endpoints)))
	}
	goleak.VerifyTestMain(m)
}

// forward forwards until it is killed, or the test ends.
func forward(endpoints []string) int {
	f, err := forwarder.Start(forwarder.Config{In: endpoints[0], Out: endpoints[1]})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(f.InAddr(), f.OutAddr())
	io.Copy(io.Discard, os.Stdin)
	return 0
}

// forwarding is a forwarder in a process of its own.
type forwarding struct {
	in, out string
	cmd     *exec.Cmd
	stdin   io.Closer
}

func startForwarder(t *testing.T, in, out string) *forwarding {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), aForwarder+"="+in+" "+out)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f := &forwarding{cmd: cmd, stdin: stdin}
	t.Cleanup(f.kill)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if _, bad := fmt.Sscan(line, &f.in, &f.out); err != nil || bad != nil || !strings.Contains(f.out, "://") {
		t.Fatalf("the forwarder says %q, %v", line, err)
	}
	return f
}

// kill ends the process as kill -9 does.
func (f *forwarding) kill() {
	f.cmd.Process.Kill()
	f.cmd.Wait()
	f.stdin.Close()
}
