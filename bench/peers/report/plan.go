package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/zibrato/zibrato/internal/measure"
)

// A step is some benchmarks of a package. They run in a process of their own each time, since how a process lies in memory moves figures, too.
type step struct {
	pkg   string // below the root
	bench string
	time  time.Duration
	count int
}

// plan takes about twenty minutes. What is rare needs long runs, what is small many.
var plan = []step{
	{"bench", "^Benchmark(Floor|Call|Unwatched|Full|EmptyBlock)$", 500 * time.Millisecond, 3},
	{"bench", "^Benchmark(Workload|Block)$", 3 * time.Second, 3},
	{"bench", "^Benchmark(Process|Collector|Starved)$", 5 * time.Second, 3},
	{"bench", "^BenchmarkTail$", 20 * time.Second, 3},
	{"bench", "^BenchmarkPipelineDrain$", time.Second, 3},
	{"bench/network", "^BenchmarkProcess$", 4 * time.Second, 3}, // by itself: after others the runtime returns memory, at up to a hundredth of a core
	{"bench/network", "^Benchmark(Watch|PipelineNetwork)$", 4 * time.Second, 3},
	{"bench/network", "^BenchmarkForwarder$", time.Millisecond, 1}, // as long as it takes
	{"bench/peers", "^Benchmark(Timer|Labels|Counter|Named|Gauge|Off|EmptyBlock)$", 300 * time.Millisecond, 3},
	{"bench/peers", "^BenchmarkWeight$", time.Millisecond, 1}, // as long as it takes
	{"bench/peers", "^BenchmarkBlock$", 1500 * time.Millisecond, 1},
	{"bench/peers", "^BenchmarkTail$", 12 * time.Second, 1},
}

// quickTime is how long a benchmark of a quick run takes.
const quickTime = 50 * time.Millisecond

// stepLimit bounds a step that hangs.
const stepLimit = 10 * time.Minute

func measureAll(ctx context.Context, root string, plan []step, quick bool) (*Results, error) {
	r := &Results{Machine: measure.ThisMachine(), Date: time.Now().UTC().Format(time.DateOnly), Quick: quick}
	var err error
	if r.Commit, err = commit(ctx, root); err != nil {
		return nil, err
	}
	for i, s := range plan {
		if quick {
			s.time, s.count = min(s.time, quickTime), 1
		}
		for n := range s.count {
			fmt.Printf("\n── %d of %d, run %d of %d: %s %s, %v each\n", i+1, len(plan), n+1, s.count, s.pkg, s.bench, s.time)
			if err := s.run(ctx, root, r); err != nil {
				return nil, fmt.Errorf("%s %s: %w", s.pkg, s.bench, err)
			}
		}
	}
	return r, nil
}

// run runs the step once, shows what it says, and notes the figures in it.
func (s step) run(ctx context.Context, root string, r *Results) error {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-bench="+s.bench, "-benchtime="+s.time.String(), "-timeout="+stepLimit.String(), ".")
	cmd.Dir = filepath.Join(root, s.pkg)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	found := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		fmt.Println(lines.Text())
		if name, values, ok := parseLine(lines.Text()); ok {
			r.add(s.pkg, name, values)
			found++
		}
	}
	if err := cmd.Wait(); err != nil {
		return err
	}
	if found == 0 {
		return fmt.Errorf("no benchmark has this name")
	}
	return nil
}

// commit names the commit that is measured.
func commit(ctx context.Context, root string) (string, error) {
	git := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...).Output()
		if err != nil {
			return "", fmt.Errorf("git %s: %w", args[0], err)
		}
		return strings.TrimSpace(string(out)), nil
	}
	head, err := git("rev-parse", "--short=9", "HEAD")
	if err != nil {
		return "", err
	}
	changes, err := git("status", "--porcelain", "--untracked-files=no", "--", "*.go", "*.s", "*.mod")
	if err != nil {
		return "", err
	}
	if changes != "" {
		head += "+"
	}
	return head, nil
}
