//go:build cgo && unix

package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"
	"time"
)

func TestSignalsEndWhatRunsAlsoWhenTheOtherSideIsGone(t *testing.T) { // not parallel: time counts
	from := deadEndpoint(t)
	for _, s := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		fwd, _, _ := forward(t)
		fwd.endsSoon(t, s)
		fwd.stderr.await(t, "closed.*messages=0")

		log := start(t, nil, "log", "--from", from)
		log.stderr.await(t, "subscribing")
		log.endsSoon(t, s)

		lib := start(t, nil, "librato", "--from", from, "--user", "u", "--token", "x", "--url", "http://127.0.0.1:1")
		lib.stderr.await(t, "subscribing")
		lib.endsSoon(t, s)

		tail := start(t, nil, "tail", "--from", from)
		tail.stderr.await(t, "subscribing")
		tail.endsSoon(t, s)
	}
}

// hanging is a service that takes requests and never answers; got receives a value for each.
func hanging(t *testing.T) (url string, got <-chan struct{}) {
	requests := make(chan struct{}, 100)
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		requests <- struct{}{}
		<-release
	}))
	t.Cleanup(func() { close(release); server.Close() })
	return server.URL, requests
}

// stuck starts a backend whose service does not answer, and waits until it is stuck there.
func stuck(t *testing.T) *process {
	t.Helper()
	_, in, out := forward(t)
	url, got := hanging(t)
	p := start(t, nil, "librato", "--from", out, "--user", "u", "--token", "x", "--url", url, "--flush", "1s")
	send(t, in, "counter", "x", "1")
	select {
	case <-got:
	case <-time.After(patience):
		t.Fatal("no request")
	}
	return p
}

func TestASignalEndsABackendWhoseServiceHangs(t *testing.T) { // not parallel: time counts
	p := stuck(t)
	p.endsSoon(t, syscall.SIGTERM)
	p.stderr.await(t, "may be lost")
}

func TestWhatHangsIsLeftToItself(t *testing.T) { // not parallel: time counts
	release := make(chan struct{})
	defer close(release)
	begin := time.Now()
	err := untilSignal(func(context.Context) error {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			return err
		}
		<-release // as a write to a terminal that nobody lets go on
		return errors.New("released")
	})
	if took := time.Since(begin); err != nil || took > 2*time.Second {
		t.Errorf("%v after %v", err, took)
	}
}

func TestWhatHangsInsteadOfEndingByItselfIsInterrupted(t *testing.T) { // not parallel: time counts
	release := make(chan struct{})
	defer close(release)
	err := unlessSignal(func(context.Context) error {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			return err
		}
		<-release
		return nil
	})
	var cut interrupted
	if !errors.As(err, &cut) || cut.Signal != syscall.SIGTERM || cut.status() != 143 {
		t.Errorf("%v, want that SIGTERM interrupted it", err)
	}
}

func TestASecondSignalEndsTheProgramAtOnce(t *testing.T) {
	t.Parallel()
	p := stuck(t)
	p.signal(t, syscall.SIGTERM)
	for {
		select {
		case <-p.ended:
			ws := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
			if !ws.Signaled() || ws.Signal() != syscall.SIGTERM {
				t.Errorf("ended with %v, want the signal to have killed it", p.cmd.ProcessState)
			}
			return
		case <-time.After(20 * time.Millisecond):
			_ = p.cmd.Process.Signal(syscall.SIGTERM) // the first is heard of sooner or later
		}
	}
}

func TestAReaderThatIsGoneEndsTailAndLog(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"tail"}, {"tail", "--json"}, {"log", "--flush", "100ms"}} {
		_, in, out := forward(t)
		r, w := pipe(t)
		p := &process{cmd: command(nil, append(args, "--from", out)...), stdout: newOutput(), stderr: newOutput()}
		p.cmd.Stdout, p.cmd.Stderr = w, p.stderr
		p.begin(t)
		w.Close()
		r.Close()
		ctx, cancel := context.WithCancel(context.Background())
		keepSending(ctx, t, in)
		if status := p.status(t); status != 0 {
			t.Errorf("%q: status %d, want 0", args, status)
		}
		cancel()
	}
}
