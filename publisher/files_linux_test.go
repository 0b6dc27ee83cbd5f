//go:build cgo && linux

package publisher_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/publisher"
)

// aCrowd is the variable that makes TestCrowd a program with a publisher that has no file left to open: its value is the endpoint.
const aCrowd = "PUBLISHER_TEST_CROWD"

// crowd records while its forwarder is lost and it can open no file, says so, and goes on when it is told that the forwarder is back.
func crowd(endpoint string) int {
	rec := zibrato.New(zibrato.Config{})
	timer := rec.NewTimer("x")
	pub, err := publisher.Start(publisher.Config{Recorder: rec, Endpoint: endpoint})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	until := func(connected bool) {
		for pub.Stats().Connected != connected {
			timer.Observe(time.Microsecond)
			time.Sleep(time.Millisecond)
		}
	}
	until(true)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64}); err != nil {
		fmt.Println(err)
		return 1
	}
	var files []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		files = append(files, f)
	}
	fmt.Println("full")
	until(false)
	if f, err := os.Open(os.DevNull); err == nil { // the connection's own
		files = append(files, f)
	}
	for range 500 { // while libzmq tries to connect, six times a second
		timer.Observe(time.Microsecond)
		time.Sleep(time.Millisecond)
	}
	if other, err := publisher.Start(publisher.Config{Recorder: zibrato.New(zibrato.Config{}), Endpoint: endpoint}); err == nil {
		other.Close()
		fmt.Println("another publisher starts without a file")
		return 1
	}
	fmt.Println("lost")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		fmt.Println(err)
		return 1
	}
	for _, f := range files {
		f.Close()
	}
	until(true)
	if err := pub.Close(); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// TestCrowd is that program; by itself it tests nothing.
func TestCrowd(*testing.T) {
	if endpoint := os.Getenv(aCrowd); endpoint != "" {
		os.Exit(crowd(endpoint))
	}
}

func TestAProgramThatCanOpenNoFileLivesOn(t *testing.T) {
	fwd := startForwarder(t, "tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrowd$")
	cmd.Env = append(os.Environ(), aCrowd+"="+fwd.in)
	cmd.Stderr = os.Stderr
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(2*patience, func() { cmd.Process.Kill() }).Stop()
	said := bufio.NewReader(stdout)
	for _, want := range []string{"full\n", "lost\n"} {
		if got, err := said.ReadString('\n'); got != want {
			t.Fatalf("it says %q, %v, want %q", got, err, want)
		}
		if want == "full\n" {
			fwd.kill()
		}
	}
	startForwarder(t, fwd.in, fwd.out)
	fmt.Fprintln(stdin, "it is back")
	rest, _ := said.ReadString(0)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, rest)
	}
}
