package real

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what arrived into the docs, instead of comparing it with what stands there")

// Document compares what arrived at a server with what docs/sinks/NAME.md says of it, between the lines <!-- arrived:begin --> and
// <!-- arrived:end -->, or, with -update, writes it there. text is Markdown that comes out the same in every run.
func Document(t testing.TB, name, text string) {
	t.Helper()
	path := filepath.Join(root(t), "docs", "sinks", name+".md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- arrived:begin -->\n", "<!-- arrived:end -->\n"
	before, rest, found := strings.Cut(string(page), begin)
	was, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s: has no lines %q and %q", path, begin, end)
	}
	text = strings.TrimSpace(text) + "\n"
	switch {
	case was == text:
	case *update:
		if err := os.WriteFile(path, []byte(before+begin+text+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("docs/sinks/%s.md says that something else arrived; go test -update, in servers/, writes it there. It says\n%s\nand this arrived\n%s", name, was, text)
	}
}

// root is the directory that holds all modules.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("no go.work above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}
