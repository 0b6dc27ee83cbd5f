package vet

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

// module makes a module of a folder of testdata, which imports Zibrato as it lies beside this module.
func module(t *testing.T, folders ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	mod := "module example\n\ngo 1.25.0\n\n" +
		string(regexp.MustCompile(`(?s)require \(.*?\n\)\n`).Find(read(t, filepath.Join(root, "go.mod")))) +
		"require github.com/zibrato/zibrato v0.0.0\nreplace github.com/zibrato/zibrato => " + root + "\n" +
		"require google.golang.org/grpc v0.0.0\nreplace google.golang.org/grpc => ./grpc\n"
	write(t, filepath.Join(dir, "go.mod"), []byte(mod))
	write(t, filepath.Join(dir, "go.sum"), read(t, filepath.Join(root, "go.sum")))
	for _, f := range append(folders, "grpc") {
		if err := os.CopyFS(filepath.Join(dir, f), os.DirFS(filepath.Join("testdata", f))); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "grpc", "go.mod"), []byte("module google.golang.org/grpc\n"))
	return dir
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

// Each analyzer finds what the comments in the package of its name want, nothing else, and repairs as the golden files say.
func TestFindings(t *testing.T) {
	for _, a := range All() {
		t.Run(a.Name, func(t *testing.T) {
			analysistest.RunWithSuggestedFixes(t, module(t, a.Name), a, "./"+a.Name)
		})
	}
}

// Instruments may be those of another package, so that who uses them does not import Zibrato.
func TestFindingsInPackagesThatDoNotImportZibrato(t *testing.T) {
	analysistest.RunWithSuggestedFixes(t, module(t, "elsewhere"), DroppedTiming, "./elsewhere")
}

func TestAnalyzersAreValid(t *testing.T) {
	if err := analysis.Validate(All()); err != nil {
		t.Error(err)
	}
}

// The address of each analyzer leads to a heading of its page.
func TestAddressesLeadToThePage(t *testing.T) {
	text := read(t, filepath.Join("..", "docs", "zibratovet.md"))
	for _, a := range All() {
		if !regexp.MustCompile("(?m)^## " + a.Name + "$").Match(text) {
			t.Errorf("docs/zibratovet.md has no heading ## %s, where %s leads", a.Name, a.URL)
		}
	}
}
