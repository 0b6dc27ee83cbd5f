//go:build cgo && linux

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

type options struct {
	seed       int64
	length     time.Duration
	settle     time.Duration
	publishers int
	rate       int
	faults     string
	trial      string
	times      int
	json       bool
	keep       bool
	inside     bool
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run does what the command line says and returns the exit status: 0 when the books balance, 1 when not, 2 for wrong usage.
func run(args []string, stdout, stderr io.Writer) int {
	var o options
	var role, config string
	f := flag.NewFlagSet("conservation", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintf(stderr, "conservation: lets faults come over publishers, forwarder and backends, and compares the books.\n\n")
		f.PrintDefaults()
		fmt.Fprintf(stderr, "\nKinds of faults:\n")
		for _, lane := range kinds {
			for _, k := range lane {
				fmt.Fprintf(stderr, "  %s\n", k.name)
			}
		}
		fmt.Fprintf(stderr, "\nTrials:\n")
		for _, t := range trials {
			fmt.Fprintf(stderr, "  %s: %s\n", t.name, t.about)
		}
		fmt.Fprintf(stderr, "\nExit status: 0 the books balance, 1 they do not, or a fault did not happen, 2 wrong usage.\n")
	}
	f.Int64Var(&o.seed, "seed", 1, "determines which faults come, in which order, and for how long")
	f.DurationVar(&o.length, "for", time.Minute, "how long faults come")
	f.DurationVar(&o.settle, "settle", 75*time.Second, "how long the store may take to know all, once all is quiet")
	f.IntVar(&o.publishers, "publishers", 3, "how many publishers there are at a time")
	f.IntVar(&o.rate, "rate", 20_000, "calls per second of each")
	f.StringVar(&o.faults, "faults", "", "kinds of faults, separated by commas; empty: all")
	f.StringVar(&o.trial, "trial", "", "do one thing many times and measure it, in place of faults at random")
	f.IntVar(&o.times, "times", 100, "how often")
	f.BoolVar(&o.json, "json", false, "write the report as JSON")
	f.BoolVar(&o.keep, "keep", false, "keep the journals, and say where they are")
	f.BoolVar(&o.inside, insideFlag[1:], false, "run in the namespaces of this process; set by the command itself")
	f.StringVar(&role, "role", "", "play a part; set by the command itself")
	f.StringVar(&config, "config", "", "of that part; set by the command itself")
	if err := f.Parse(args); err != nil {
		return 2
	}
	if role != "" {
		err := child(role, config)
		if err == nil {
			return 0
		}
		fmt.Fprintln(stderr, err)
		if errors.Is(err, errUnsent) {
			return exitUnsent
		}
		return 1
	}
	if unknown := o.unknown(); len(unknown) > 0 || f.NArg() > 0 || o.publishers < 1 || o.rate < 1 || o.times < 1 {
		fmt.Fprintln(stderr, "conservation: wrong usage:", strings.Join(append(unknown, f.Args()...), ", "))
		return 2
	}
	if !o.inside {
		if status, ok := enter(args); ok {
			return status
		}
	}
	r, err := conserve(o, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "conservation:", err)
		return 1
	}
	if o.json {
		err = json.NewEncoder(stdout).Encode(r)
	} else {
		r.write(stdout)
	}
	if err != nil || !r.OK {
		return 1
	}
	return 0
}

func (o *options) wanted() []string {
	if o.faults == "" {
		return nil
	}
	return strings.Split(o.faults, ",")
}

func (o *options) unknown() (unknown []string) {
	if o.trial != "" && trialNamed(o.trial) == nil {
		unknown = append(unknown, fmt.Sprintf("no such trial: %q", o.trial))
	}
	for _, w := range o.wanted() {
		if !slices.ContainsFunc(slices.Concat(kinds[:]...), func(f fault) bool { return f.name == w }) {
			unknown = append(unknown, fmt.Sprintf("no such fault: %q", w))
		}
	}
	return unknown
}

// conserve makes a run. An error says that there was none.
func conserve(o options, progress io.Writer) (*report, error) {
	dir, err := os.MkdirTemp("", "conservation")
	if err != nil {
		return nil, err
	}
	if !o.keep {
		defer os.RemoveAll(dir)
	}
	if err := os.Mkdir(dir+"/disk", 0o700); err != nil {
		return nil, err
	}
	r := &report{
		Seed: o.seed, Seconds: o.length.Seconds(), Began: time.Now().UTC().Format(time.RFC3339), Faults: map[string]int{},
		Figures: map[string]figure{}, Counts: map[string]int{}, values: map[string][]float64{}, progress: progress, begun: time.Now(),
	}
	h := &harness{opts: o, dir: dir, report: r}
	if err := h.open(); err != nil {
		return nil, err
	}
	defer h.store.close()
	if h.disk != nil {
		defer h.disk.close()
	}
	r.Skipped = h.skipped
	r.say("%d publishers, forwarder and backends work", o.publishers)
	if t := trialNamed(o.trial); t != nil {
		if err := t.do(h, rand.New(rand.NewPCG(uint64(o.seed), 3)), o.times); err != nil {
			r.wrong("%s: %v", t.name, err)
		}
		for what, values := range r.values {
			r.Figures[what] = figureOf(values)
		}
		r.Seconds = time.Since(r.begun).Seconds()
	} else {
		h.drive()
	}
	r.say("calm")
	if err := h.calm(rand.New(rand.NewPCG(uint64(o.seed), 2))); err != nil {
		r.wrong("calm: %v", err)
	}
	if err := h.settle(); err != nil {
		r.wrong("settling: %v", err)
	}
	r.say("everybody ends")
	h.end()
	if o.keep {
		if err := h.store.dump(h.file("store")); err != nil {
			return nil, err
		}
		r.say("the journals are in %s", dir)
	}
	if err := h.balance(); err != nil {
		return nil, err
	}
	r.Memory, r.Lives = h.peaks, len(h.lives)
	for _, l := range h.lives {
		if !l.killed.IsZero() {
			r.Killed++
		}
	}
	r.OK = len(r.Wrong) == 0
	return r, nil
}

// drive lets faults come until the time is over, one after the other in each lane. One that did not really happen makes the run a failed one.
func (h *harness) drive() {
	end := time.Now().Add(h.opts.length)
	var lanes sync.WaitGroup
	for lane := range kinds {
		lanes.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(h.opts.seed), uint64(lane)))
			for time.Now().Before(end) {
				deck := h.deck(lane, rng)
				for _, f := range deck {
					if !time.Now().Before(end) {
						return
					}
					time.Sleep(span(rng, 100*time.Millisecond, 600*time.Millisecond))
					begun := time.Now()
					evidence, err := f.do(h, rng)
					if err != nil {
						h.report.wrong("planned, and did not happen: %s: %v", f.name, err)
						continue
					}
					h.report.happened(f.name, evidence, begun)
				}
				if len(deck) == 0 {
					return
				}
			}
		})
	}
	lanes.Wait()
}
