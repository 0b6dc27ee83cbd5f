// Command report measures what Zibrato and its rivals cost, and makes of it all that this repository publishes about that: results.json, the tables
// in README.md and docs/costs.md, the plots in docs/figures. It takes about twenty minutes, during which the machine should do nothing else.
//
//	go run ./report            in bench/peers, or "make figures" at the root
//	go run ./report -quick     the same in two minutes, to see that it works; such figures are marked, and not to be quoted
//	go run ./report -render    tables and plots anew from results.json and results-elsewhere.json, without measuring
//	go run ./report -only integrations    measure bench/integrations alone, whose results are kept apart
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
)

func main() {
	quick := flag.Bool("quick", false, "measure too briefly for figures that mean something")
	render := flag.Bool("render", false, "do not measure; make tables and plots of the results that are there")
	only := flag.String("only", "", "measure this part alone: calls or integrations")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := report(ctx, *quick, *render, *only); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

// A part is measured by a plan, and its results are kept in a file below the root.
type part struct {
	name, file string
	plan       []step
}

var parts = []part{{"calls", resultsFile, plan}, {"integrations", integrationsFile, integrationsPlan}}

func report(ctx context.Context, quick, render bool, only string) error {
	root, err := findRoot(".")
	if err != nil {
		return err
	}
	if only != "" && !slices.ContainsFunc(parts, func(p part) bool { return p.name == only }) {
		return fmt.Errorf("-only %s: want calls or integrations", only)
	}
	for _, p := range parts {
		if render || only != "" && only != p.name {
			continue
		}
		results, err := measureAll(ctx, root, p.plan, quick)
		if err != nil {
			return err
		}
		if err := results.save(filepath.Join(root, p.file)); err != nil {
			return err
		}
	}
	pages, err := pagesOf(root)
	if err != nil {
		return err
	}
	for name, text := range pages {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// findRoot returns the folder of the workspace that dir lies in.
func findRoot(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.work in this folder or above: run it in a clone of the repository")
		}
		dir = parent
	}
}
