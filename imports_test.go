package zibrato_test

import (
	"bytes"
	"encoding/json"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/zibrato/zibrato"

// layers are the packages from the vocabulary down. A package imports only from the layers above its own; measurements flow
// from ring downwards.
var layers = [][]string{
	{"internal/decode"},
	{"metric", "keys"},
	{"internal/carry", "internal/clock", "internal/endpoint", "internal/line", "internal/logbook", "internal/monitor", "internal/naming", "internal/overdue", "internal/periodic", "internal/release", "internal/rodata", "internal/seldom", "internal/tcp", "internal/zap"},
	{"ring"},
	{""},
	{"zibratotest", "instrument/..."},
	{"publisher"},
	{"forwarder"},
	{"subscriber"},
	{"backend/store"},
	{"backend"},
	{"backend/backendtest", "internal/post"},
	{"librato", "sink/..."},
	{"internal/machinecode", "internal/measure"}, // for tests, benchmarks and the program, and nothing that others import
	{"bench/internal/harness", "forwarder/internal/attack"},
	{"bench/...", "conservation/...", "forwarder/internal/hostile", "fuzz/...", "interop/...", "models/...", "examples/...", "cmd/..."},
}

// forbidden are edges that the layers would allow, and the reason against each. They hold for whatever a package comes to depend
// on, not only for what it imports itself.
var forbidden = []struct{ from, to, why string }{
	{"", "net", "any library may import the root package, whose price must not include a network stack"},
	{"", "os/exec", "a library that measures starts no processes"},
	{"", "os/signal", "signals belong to main"},
	{"", "flag", "flags belong to main"},
	{"", "crypto/rand", "it makes whatever imports the root package a fifth heavier"},
	{"", "runtime/cgo", "the root package must build and cost the same without cgo"},
	{"", "github.com/pebbe/zmq4", "only who imports publisher, forwarder or subscriber needs libzmq"},
	{"metric", "net", "the vocabulary is shared by everybody and must stay as light as the root package"},
	{"metric", "go.uber.org/atomic", "the vocabulary holds values, nothing that goroutines share"},
	{"instrument/...", "github.com/pebbe/zmq4", "what is instrumented does not choose where measurements go"},
	{"publisher", "net/http", "the publisher lives in the measured process"},
	{"forwarder", module, "the broker passes messages on; it measures nothing and knows no recorder"},
	{"forwarder", module + "/publisher", "the broker embeds neither of its peers"},
	{"subscriber", module, "a receiver has no recorder of its own"},
	{"subscriber", module + "/publisher", "receiving programs do not send"},
	{"subscriber", module + "/forwarder", "a receiver connects to a broker and does not embed one"},
	{"backend", "github.com/pebbe/zmq4", "the embedded backend works without ZeroMQ and without cgo"},
	{"backend", module + "/publisher", "a backend takes batches from any source"},
	{"backend", module + "/forwarder", "a backend takes batches from any source"},
	{"backend", module + "/subscriber", "a backend takes batches from any source"},
	{"sink/...", "github.com/pebbe/zmq4", "a sink works behind any backend, the embedded one too"},
	{"sink/...", module + "/librato", "one sink does not drag in another"},
	{"librato", module + "/forwarder", "the worker connects to a forwarder that runs elsewhere"},
	{"librato", module + "/publisher", "the worker receives"},
}

// external are the dependencies outside the standard library that each package may have, by itself or through others.
var external = map[string][]string{
	"":                 {"go.uber.org/atomic"},
	"metric":           nil,
	"keys":             nil,
	"ring":             {"go.uber.org/atomic"},
	"internal/measure": {"go.uber.org/atomic"},
	"zibratotest":      {"go.uber.org/atomic"},
	"forwarder":        {"go.uber.org/atomic", "github.com/pebbe/zmq4"},
	"publisher":        {"go.uber.org/atomic", "github.com/pebbe/zmq4"},
	"subscriber":       {"go.uber.org/atomic", "github.com/pebbe/zmq4"},
	"backend/store":    nil,
	"backend":          {"go.uber.org/atomic", "github.com/cenkalti/backoff/v5"},
	"sink/graphite":    {"go.uber.org/atomic", "github.com/cenkalti/backoff/v5"},
	"sink/logfile":     {"go.uber.org/atomic", "github.com/cenkalti/backoff/v5"},
	"sink/statsd":      {"go.uber.org/atomic", "github.com/cenkalti/backoff/v5"},
	"librato":          {"go.uber.org/atomic", "github.com/cenkalti/backoff/v5", "github.com/pebbe/zmq4"},

	"instrument/zexpvar":  {"go.uber.org/atomic"},
	"instrument/zhttp":    {"go.uber.org/atomic"},
	"instrument/zruntime": {"go.uber.org/atomic"},
	"instrument/zslog":    {"go.uber.org/atomic"},
	"instrument/zsql":     {"go.uber.org/atomic"},
}

type listed struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
	Module     *struct{ Path string }
}

// list asks the go command about this module, with the files that need cgo, whatever this test was built for.
func list(t *testing.T) map[string]listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Imports,Deps,Module", "./...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "GOOS=linux", "GOARCH=amd64", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, stderr.Bytes())
	}
	packages := map[string]listed{}
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p listed
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		packages[p.ImportPath] = p
	}
	return packages
}

// full is the import path of a package of this module, or of another as it stands.
func full(p string) string { return strings.TrimSuffix(module+"/"+p, "/") }

// short is the inverse of full; ok is false for packages of others.
func short(p string) (string, bool) {
	if p == module {
		return "", true
	}
	return strings.CutPrefix(p, module+"/")
}

// matches reports whether a package is the one that the pattern names, or below it where that ends in "/...".
func matches(pattern, p string) bool {
	parent, ok := strings.CutSuffix(pattern, "/...")
	return p == pattern || ok && (p == parent || strings.HasPrefix(p, parent+"/"))
}

func layer(p string) int {
	return slices.IndexFunc(layers, func(patterns []string) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, p) })
	})
}

func TestPackagesImportFromLayersAboveTheirs(t *testing.T) {
	for p, pkg := range list(t) {
		from, ours := short(p)
		if !ours {
			continue
		}
		if layer(from) < 0 {
			t.Errorf("%s stands in no layer: add it", p)
		}
		for _, i := range pkg.Imports {
			if to, ours := short(i); ours && layer(to) >= layer(from) {
				t.Errorf("%s imports %s, which is not above it", p, i)
			}
		}
	}
}

func TestForbiddenEdgesAreNotThere(t *testing.T) {
	packages := list(t)
	for _, edge := range forbidden {
		found := false
		for p, pkg := range packages {
			from, ours := short(p)
			if !ours || !matches(edge.from, from) {
				continue
			}
			found = true
			if slices.Contains(pkg.Deps, edge.to) {
				t.Errorf("%s depends on %s: %s", p, edge.to, edge.why)
			}
		}
		if !found {
			t.Errorf("there is no package %s to forbid anything", full(edge.from))
		}
	}
	for p, allowed := range external {
		pkg, ok := packages[full(p)]
		if !ok {
			t.Errorf("there is no package %s to have dependencies", full(p))
		}
		for _, dep := range pkg.Deps {
			d := packages[dep]
			if d.Standard || d.Module == nil || d.Module.Path == module {
				continue
			}
			if !slices.Contains(allowed, d.Module.Path) {
				t.Errorf("%s depends on %s of module %s, which is not among %q", full(p), dep, d.Module.Path, allowed)
			}
		}
	}
}

// A source is a Go file of this repository.
type source struct {
	path, pkg string
	imports   []string
	doc, cgo  bool
}

// sources reads every Go file of the repository, those of the other modules too.
func sources(t *testing.T) []source {
	t.Helper()
	cgo := regexp.MustCompile(`(?m)^//go:build cgo\b`)
	var all []source
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != "." && (d.Name()[0] == '.' || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), p, text, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		s := source{path: filepath.ToSlash(p), pkg: file.Name.Name, doc: file.Doc != nil, cgo: cgo.Match(text)}
		for _, i := range file.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, name)
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 100 {
		t.Fatalf("found %d files: this is not the whole repository", len(all))
	}
	return all
}

func TestFilesThatNeedLibzmqCarryTheTag(t *testing.T) {
	needs := []string{"github.com/pebbe/zmq4", "C", full("publisher"), full("forwarder"), full("subscriber")}
	for _, s := range sources(t) {
		for _, i := range s.imports {
			if slices.Contains(needs, i) && !s.cgo {
				t.Errorf("%s imports %s and has no //go:build cgo", s.path, i)
			}
		}
	}
}

func TestAtomicsAreTyped(t *testing.T) {
	for _, s := range sources(t) {
		if slices.Contains(s.imports, "sync/atomic") {
			t.Errorf("%s imports sync/atomic, whose functions let one word be read both ways: use go.uber.org/atomic", s.path)
		}
	}
}

func TestEveryPackageHasOneComment(t *testing.T) {
	comments := map[string][]string{}
	for _, s := range sources(t) {
		if strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		dir := path.Dir(s.path)
		comments[dir] = append(comments[dir], nil...)
		if s.doc {
			comments[dir] = append(comments[dir], s.path)
		}
	}
	for dir, files := range comments {
		if len(files) != 1 {
			t.Errorf("package %s has its comment in %q, want it in one file", dir, files)
		}
	}
}

func TestNoModuleReplacesAnother(t *testing.T) {
	var modules int
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "go.mod" {
			return err
		}
		modules++
		text, err := os.ReadFile(p)
		if bytes.Contains(text, []byte("replace")) {
			t.Errorf("%s has a replace, which importers and go install refuse or ignore", p)
		}
		return err
	})
	if err != nil || modules < 2 {
		t.Fatalf("%d modules, %v", modules, err)
	}
}

func TestTheLicenceIsThere(t *testing.T) {
	text, err := os.ReadFile("LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"BSD 3-Clause License", "The Zibrato Authors"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("LICENSE does not say %q", want)
		}
	}
}
