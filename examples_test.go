package zibrato_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// exemplified are the packages that programs import.
var exemplified = []string{
	".", "zibratotest", "backend", "publisher", "forwarder", "subscriber", "librato", "sink/graphite", "sink/logfile", "sink/statsd", "metric",
	"ring", "instrument/zhttp", "instrument/zruntime", "instrument/zsql", "instrument/zslog", "instrument/zexpvar", "bridge/zprom",
}

// everyMethod are those in which each method has an example of its own.
var everyMethod = map[string]bool{".": true, "zibratotest": true, "subscriber": true}

// unmade are the exported types without an example of their own: programs only ever get them from a method whose example shows
// them, or as a field.
var unmade = map[string]string{
	"backend.Stats":      "ExampleBackend_Stats",
	"backend.SinkStats":  "ExampleBackend_Stats",
	"publisher.Stats":    "ExamplePublisher_Stats",
	"forwarder.Stats":    "ExampleForwarder_Stats",
	"subscriber.Stats":   "ExampleSubscriber_Stats",
	"zibratotest.Sample": "ExampleLog_Samples",
	"metric.Buckets":     "ExampleHistogram",
	"metric.Entry":       "ExampleBatch",
	"metric.Process":     "ExampleBatch",
	"metric.Sample":      "ExampleBatch",
	"metric.Totals":      "ExampleBatch",
}

// Every exported function has an example that runs, that is, one whose output is compared. Every exported type has one of its
// own, of a constructor, or of a method. In the packages of everyMethod each exported method has one of its own. That an
// example is right is for the packages' own tests, which run it.
func TestEverythingExportedHasARunnableExample(t *testing.T) {
	for _, dir := range exemplified {
		p, examples := documented(t, dir)
		need := func(what string, anyOf ...string) {
			if !slices.ContainsFunc(anyOf, func(name string) bool { return examples[name] }) {
				t.Errorf("%s.%s has no runnable example: want %s", p.Name, what, strings.Join(anyOf, " or "))
			}
		}
		for _, f := range p.Funcs {
			need(f.Name, "Example"+f.Name)
		}
		for _, typ := range p.Types {
			name := typ.Name
			shown := []string{"Example" + name}
			for _, f := range typ.Funcs {
				need(f.Name, "Example"+f.Name)
				shown = append(shown, "Example"+f.Name)
			}
			for _, m := range typ.Methods {
				shown = append(shown, "Example"+name+"_"+m.Name)
				if everyMethod[dir] && m.Level == 0 {
					need(name+"."+m.Name, "Example"+name+"_"+m.Name)
				}
			}
			if by, ok := unmade[p.Name+"."+name]; ok {
				shown = []string{by}
			}
			need(name, shown...)
		}
	}
}

// documented parses a package, files for all platforms included, and returns it with the examples that compare their output.
func documented(t *testing.T, dir string) (*doc.Package, map[string]bool) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var code, tests []*ast.File
	for _, path := range paths {
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(path, "_test.go") {
			tests = append(tests, f)
		} else {
			code = append(code, f)
		}
	}
	p, err := doc.NewFromFiles(fset, code, module+"/"+dir)
	if err != nil {
		t.Fatal(err)
	}
	runnable := map[string]bool{}
	for _, e := range doc.Examples(tests...) {
		if e.Output != "" || e.EmptyOutput {
			runnable["Example"+e.Name] = true
		}
	}
	return p, runnable
}
