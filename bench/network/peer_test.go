//go:build cgo

package network

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/subscriber"
)

// peerVariable makes the test's own program the other process.
const peerVariable = "ZIBRATO_BENCH_PEER"

// bePeer runs a forwarder, and a subscriber that wants summaries of all levels, as a backend does, until stdin ends. It prints where it listens.
func bePeer() {
	err := func() error {
		fwd, err := forwarder.Start(forwarder.Config{In: "tcp://127.0.0.1:*", Out: "tcp://127.0.0.1:*"})
		if err != nil {
			return err
		}
		defer fwd.Close()
		sub, err := subscriber.Start(subscriber.Config{From: fwd.OutAddr(), Detail: subscriber.Summaries})
		if err != nil {
			return err
		}
		defer sub.Close()
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
		fmt.Println(fwd.InAddr())
		return sub.Receive(ctx, func(*metric.Batch) {})
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// startPeer starts the other process and returns where its forwarder listens, and the process. It ends with the benchmark, well unless it was killed.
func startPeer(b *testing.B) (in string, process *os.Process) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), peerVariable+"=1")
	cmd.Stderr = os.Stderr
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	fatalIf(b, err1, err2, cmd.Start())
	b.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil && cmd.ProcessState.Exited() {
			b.Error(err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	fatalIf(b, err)
	return strings.TrimSpace(line), cmd.Process
}
