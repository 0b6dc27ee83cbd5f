// Command mutants shows that the tests catch bugs: it applies each of the deliberate bugs beside it to a copy of the tree, runs the tests
// that should notice, and prints which of them did: the first that fails with the bug, does so three times more when it is run again, and passes
// without it.
//
//	go run ./conservation/mutants [name ...]
//
// A patch begins with a sentence that says what the bug is and a line that names the packages whose tests come first. Where these
// pass, the harness has to notice. The exit status is 1 if a bug was caught by neither, or a patch does not fit the tree any more.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// patches is where they are, from the top of the tree.
const patches = "conservation/mutants"

type mutant struct {
	name, what string
	tests      []string // packages
	flags      []string // of go test: -race=false for what the race detector's build does not contain
	path       string
}

func main() {
	seconds := flag.Int("harness", 40, "seconds of faults for what the tests do not catch; 0: leave the harness out")
	timeout := flag.Duration("timeout", 10*time.Minute, "how long the tests of one bug may take")
	race := flag.Bool("race", true, "run the tests with the race detector")
	flag.Parse()
	all, err := list(flag.Args())
	if err == nil {
		err = run(all, *seconds, *timeout, *race)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// list reads the patches of those names, or all.
func list(names []string) (all []mutant, err error) {
	top, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/zibrato/zibrato").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	if err := os.Chdir(strings.TrimSpace(string(top))); err != nil {
		return nil, err
	}
	paths, err := filepath.Glob(patches + "/*.patch")
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		m := mutant{name: strings.TrimSuffix(filepath.Base(p), ".patch"), path: p}
		if len(names) > 0 && !slices.Contains(names, m.name) {
			continue
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		head, _, _ := strings.Cut(string(b), "\ndiff ")
		what, tests, ok := strings.Cut(head, "\nTests: ")
		if !ok {
			return nil, fmt.Errorf("%s: no line of tests", p)
		}
		m.what = what
		for _, f := range strings.Fields(tests) {
			if strings.HasPrefix(f, "-") {
				m.flags = append(m.flags, f)
			} else {
				m.tests = append(m.tests, f)
			}
		}
		all = append(all, m)
	}
	if len(all) == 0 || len(names) > len(all) {
		return nil, fmt.Errorf("no such bugs: %v", names)
	}
	return all, nil
}

// tester runs tests in a copy of the tree.
type tester struct {
	dir     string
	seconds int // of the harness
	timeout time.Duration
	race    bool
	flags   []string            // of the present bug
	bad     map[string][]string // tests that fail without any of the bugs, by package
}

// again is how often the test that noticed a bug has to notice it once more.
const again = 3

// run makes one copy of the tree, and lets one bug after the other into it.
func run(all []mutant, seconds int, timeout time.Duration, race bool) error {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := copyTree(dir); err != nil {
		return err
	}
	t := &tester{dir: dir, seconds: seconds, timeout: timeout, race: race, bad: map[string][]string{}}
	missed := 0
	fmt.Printf("| bug | caught by | after |\n|---|---|---|\n")
	for _, m := range all {
		begun := time.Now()
		by, err := t.try(m)
		switch {
		case err != nil:
			fmt.Fprintf(os.Stderr, "mutants: %s: %v\n", m.name, err)
			by = "**not tried**"
			missed++
		case by == "":
			by = "**nobody**"
			missed++
		}
		fmt.Printf("| %s: %s | %s | %.0f s |\n", m.name, m.what, by, time.Since(begun).Seconds())
	}
	fmt.Printf("\n%d of %d caught.\n", len(all)-missed, len(all))
	if missed > 0 {
		return fmt.Errorf("%d bugs were not caught or not tried", missed)
	}
	return nil
}

// copyTree copies what git knows of, and what it would if it were told, as it stands now.
func copyTree(dir string) error {
	names, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return fmt.Errorf("git ls-files: %w", err)
	}
	for _, name := range strings.Split(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		b, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) { // removed, and git does not know it yet
			continue
		}
		if err != nil {
			return err
		}
		to := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(to, b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// try returns by what the bug was caught, "" if it was not.
func (t *tester) try(m mutant) (string, error) {
	patch, err := filepath.Abs(m.path)
	if err != nil {
		return "", err
	}
	if err := t.apply(patch); err != nil {
		return "", fmt.Errorf("the patch does not fit: %w", err)
	}
	defer t.apply(patch, "-R")
	t.flags = m.flags
	if out, err := t.command("go", append([]string{"build"}, m.tests...)...); err != nil {
		return "", fmt.Errorf("it does not build: %w: %s", err, out)
	}
	seldom, skip := "", []string(nil) // by what it was caught not each time
	for _, p := range m.tests {
		for {
			name, out := t.test(p, append(skip, t.bad[p]...))
			if name == "" {
				break
			}
			if err := t.apply(patch, "-R"); err != nil {
				return "", err
			}
			passes := t.repeat(p, name, 1) == 0
			if err := t.apply(patch); err != nil {
				return "", err
			}
			if passes {
				by := fmt.Sprintf("`%s` %s", p, name)
				if strings.Contains(out, "DATA RACE") {
					by += ", by the race detector"
				}
				n := t.repeat(p, name, again)
				if n == again {
					return by, nil
				}
				seldom = fmt.Sprintf("%s, and again in %d of %d runs only", by, n, again)
				if name == whole {
					break
				}
				skip = append(skip, name) // another may be surer
				continue
			}
			fmt.Fprintf(os.Stderr, "mutants: %s: %s fails without any of them, and tells nothing\n", p, name)
			if name == whole {
				return "", fmt.Errorf("%s does not get to its tests: %s", p, out)
			}
			t.bad[p] = append(t.bad[p], name)
		}
	}
	if seldom != "" || t.seconds == 0 {
		return seldom, nil
	}
	out, err := t.command("go", "run", "./conservation", "-for", fmt.Sprintf("%ds", t.seconds), "-settle", "40s")
	if err == nil {
		return "", nil
	}
	if _, wrong, ok := strings.Cut(out, " things are wrong:\n"); ok {
		first, _, _ := strings.Cut(strings.TrimSpace(wrong), "\n")
		return "the harness: " + strings.TrimSpace(first), nil
	}
	return "", fmt.Errorf("the harness: %w: %s", err, out)
}

// apply lets a bug in, or out again with -R.
func (t *tester) apply(patch string, how ...string) error {
	out, err := t.command("git", append(append([]string{"apply", "-C1"}, how...), patch)...)
	if err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(patch), err, out)
	}
	return nil
}

// whole stands for all tests of a package, which does not get to an end without one of them failing.
const whole = "as a whole"

var failure = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)

// test returns the first test of a package that fails, "" where none of those does that are not to be skipped, and what was said.
func (t *tester) test(pkg string, skip []string) (name, out string) {
	args := []string{"-failfast"}
	if len(skip) > 0 {
		args = append(args, "-skip", "^("+strings.Join(skip, "|")+")$")
	}
	out, err := t.goTest(pkg, args...)
	if err == nil {
		return "", out
	}
	if f := failure.FindStringSubmatch(out); f != nil {
		return f[1], out
	}
	return whole, out
}

// repeat runs one test that many times, and returns how often it failed.
func (t *tester) repeat(pkg, name string, times int) (failed int) {
	var only []string
	if name != whole {
		only = []string{"-run", "^" + name + "$"}
	}
	for range times {
		if _, err := t.goTest(pkg, only...); err != nil {
			failed++
		}
	}
	return failed
}

func (t *tester) goTest(pkg string, args ...string) (string, error) {
	args = append([]string{"test", "-count=1", "-short"}, args...)
	if t.race {
		args = append(args, "-race")
	}
	return t.command("go", append(append(args, t.flags...), pkg)...)
}

func (t *tester) command(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), t.timeout)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = t.dir
	c.WaitDelay = time.Second
	c.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(t.dir))
	out, err := c.CombinedOutput()
	return string(out), err
}
