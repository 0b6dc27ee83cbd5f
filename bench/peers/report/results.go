package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/zibrato/zibrato/internal/measure"
)

// Where results are kept, below the root.
const (
	resultsFile = "bench/peers/results.json"
	// elsewhereFile holds what resultsFile held on a machine with another kind of processor, so that a promise that is kept on one of them only does not
	// look as if it were kept everywhere. Who measures on a third kind moves there whichever of the two says more.
	elsewhereFile = "bench/peers/results-elsewhere.json"
)

// Results are the figures of one run, and where they come from.
type Results struct {
	Machine measure.Machine `json:"machine"`
	Commit  string          `json:"commit"` // with a + when there were changes beyond it
	Date    string          `json:"date"`   // of the day, UTC
	Quick   bool            `json:"quick"`  // too brief to mean something
	Figures []Figure        `json:"figures"`
}

// A Figure is what a benchmark said, once for each time it ran.
type Figure struct {
	Package string               `json:"package"` // below the module's root: bench, bench/network, bench/peers
	Name    string               `json:"name"`    // without Benchmark and the number of processors
	Values  map[string][]float64 `json:"values"`  // by unit
}

func loadResults(file string) (*Results, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var r Results
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &r, nil
}

func (r *Results) save(file string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// add notes what a benchmark said.
func (r *Results) add(pkg, name string, values map[string]float64) {
	i := slices.IndexFunc(r.Figures, func(f Figure) bool { return f.Package == pkg && f.Name == name })
	if i < 0 {
		i = len(r.Figures)
		r.Figures = append(r.Figures, Figure{Package: pkg, Name: name, Values: map[string][]float64{}})
	}
	for unit, v := range values {
		r.Figures[i].Values[unit] = append(r.Figures[i].Values[unit], v)
	}
}

// get returns the median of what a benchmark said over its runs. path is package:name, "bench:Call/call=Time/on=one".
func (r *Results) get(path, unit string) (float64, bool) {
	pkg, name, _ := strings.Cut(path, ":")
	for _, f := range r.Figures {
		if f.Package == pkg && f.Name == name {
			v := f.Values[unit]
			return measure.QuartilesOf(v).Median, len(v) > 0
		}
	}
	return 0, false
}

// leastMore returns by how much one figure of a benchmark exceeded another in the run in which it did so least.
func (r *Results) leastMore(path, unit, other string) float64 {
	pkg, name, _ := strings.Cut(path, ":")
	least := math.NaN()
	for _, f := range r.Figures {
		if f.Package != pkg || f.Name != name || len(f.Values[unit]) != len(f.Values[other]) {
			continue
		}
		for i, v := range f.Values[unit] {
			if more := v - f.Values[other][i]; !(more >= least) {
				least = more
			}
		}
	}
	return least
}

// under returns the last parts of the names below a prefix, in the order of their runs: "bench/peers:Timer/lib=" gives libraries.
func (r *Results) under(path, suffix string) (parts []string) {
	pkg, prefix, _ := strings.Cut(path, ":")
	for _, f := range r.Figures {
		rest, ok := strings.CutPrefix(f.Name, prefix)
		rest, ok2 := strings.CutSuffix(rest, suffix)
		if f.Package == pkg && ok && ok2 && !strings.Contains(rest, "/") {
			parts = append(parts, rest)
		}
	}
	return parts
}

// origin says where the figures come from, in a line.
func (r *Results) origin() string {
	m := r.Machine
	s := fmt.Sprintf("%s, %d cores, %s/%s, %s, commit %s, %s", m.CPU, m.GOMAXPROCS, m.OS, m.Arch, m.Go, r.Commit, r.Date)
	if r.Quick {
		s += " (a quick run, to try the generator: not to be quoted)"
	}
	return s
}
