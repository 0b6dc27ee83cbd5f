//go:build cgo

package demo

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func init() {
	asChild = func() int {
		signal.Ignore(os.Interrupt)
		if os.Args[len(os.Args)-1] == "deaf" {
			time.Sleep(time.Hour)
		}
		if err := Child(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
}

func testArgv() []string { return []string{os.Args[0], childArg} }

// stopWhen is a writer that calls done once all of the patterns have been written.
type stopWhen struct {
	bytes.Buffer
	patterns []string
	done     func()
}

func (s *stopWhen) Write(p []byte) (int, error) {
	n, err := s.Buffer.Write(p)
	for _, pattern := range s.patterns {
		if !regexp.MustCompile(pattern).Match(s.Bytes()) {
			return n, err
		}
	}
	s.done()
	return n, err
}

func TestRunShowsEveryProcessAndWhatItCost(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out := &stopWhen{done: cancel, patterns: []string{
		`(?m)^service-0: searches \d+ files`,
		`(?m)^service-1: searches \d+ files`,
		`(?m)^── .* calls`,
		`(?m)^http\.request\{route=search\} +info +search +[1-9]`,
		`(?m)^http\.request\{route=file\} +info +search +[1-9]`,
		`(?m)^search\.phrase +debug +search +[1-9]`,
		`(?m)^search\.empty +warning +search +[1-9]`,
		`(?m)^load\.query\{outcome=ok\} +info +load +[1-9]`,
		`(?m)^load\.query\{outcome=error\} +info +load +[1-9]`,
		`(?m)^process\.heap\{shard=0\} +info +search +[1-9]`,
		`(?m)^process\.heap\{shard=1\} +info +search +[1-9]`,
	}}
	var stderr bytes.Buffer
	err := Run(ctx, Options{
		Argv:   testArgv(),
		For:    time.Minute,
		Every:  200 * time.Millisecond,
		Corpus: smallCorpus(t),
		Stdout: out,
		Stderr: &stderr,
	})
	if err != nil {
		t.Errorf("Run: %v", err)
	}
	if stderr.Len() > 0 {
		t.Errorf("stderr: %s", stderr.String())
	}
	for _, pattern := range append(out.patterns,
		`what the instrumentation cost`,
		`(?m)^service-0 +[1-9].*%$`,
		`(?m)^service-1 +[1-9].*%$`,
		`(?m)^load +[1-9].*%$`,
	) {
		if !regexp.MustCompile(pattern).Match(out.Bytes()) {
			t.Errorf("nothing like %s in the output", pattern)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

func TestRunEndsWhenItsTimeIsOver(t *testing.T) {
	var out bytes.Buffer
	err := Run(context.Background(), Options{Argv: testArgv(), For: 50 * time.Millisecond, Corpus: smallCorpus(t), Stdout: &out})
	if err != nil {
		t.Errorf("Run: %v", err)
	}
	if !strings.Contains(out.String(), "what the instrumentation cost") {
		t.Errorf("%s", out.String())
	}
}

func TestRunReportsAChildThatCannotDoItsPart(t *testing.T) {
	var stderr bytes.Buffer
	err := Run(context.Background(), Options{Argv: testArgv(), For: time.Minute, Corpus: t.TempDir(), Stderr: &stderr})
	if err == nil || !regexp.MustCompile(`^demo: service-[01]: service: corpus: no Go files there$`).MatchString(err.Error()) {
		t.Errorf("Run without files: %v, want one line that names the child and its reason", err)
	}
	if stderr.Len() > 0 {
		t.Errorf("stderr: %s", stderr.String())
	}
}

func TestRunRefusesWhatCannotBeRun(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for want, o := range map[string]Options{
		"Options.Argv":    {},
		"Options.For":     {Argv: testArgv(), For: -1},
		"Options.Every":   {Argv: testArgv(), Every: -1},
		missing:           {Argv: testArgv(), Corpus: missing},
		"is no directory": {Argv: testArgv(), Corpus: os.Args[0]},
	} {
		if err := Run(context.Background(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Run(%+v): %v, want an error about %s", o, err, want)
		}
	}
	if err := Run(context.Background(), Options{Argv: []string{missing}, Corpus: smallCorpus(t)}); err == nil {
		t.Error("Run with a command that is not there: no error")
	}
}

func TestAChildEndsWhenItsParentIsGone(t *testing.T) {
	ended := make(chan *child, 1)
	// A parent that dies closes its end of the pipe, as dismiss does. Nothing listens at the endpoint any more, either.
	c, err := startChild(testArgv(), "service", order{Endpoint: "tcp://127.0.0.1:1", Service: &ServiceConfig{Corpus: smallCorpus(t)}}, os.Stderr, ended)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.ready:
	case <-c.ended:
		t.Errorf("ended before it was ready: %v", c.err)
	}
	c.dismiss()
	if err := c.wait(time.Now().Add(time.Minute)); err != nil {
		t.Error(err)
	}
	<-ended
}

func TestAChildThatDoesNotEndIsKilled(t *testing.T) {
	ended := make(chan *child, 1)
	c, err := startChild(testArgv(), "deaf", order{}, os.Stderr, ended)
	if err != nil {
		t.Fatal(err)
	}
	c.dismiss()
	if err := c.wait(time.Now()); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("wait: %v, want that it was killed", err)
	}
	<-ended
}
