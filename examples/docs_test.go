//go:build cgo

package examples

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// block is Go code in a page.
var block = regexp.MustCompile("(?ms)^[ \t]*```go\n(.*?)^[ \t]*```$")

// left replaces what a page leaves out.
var left = strings.NewReplacer("\n\t...\n", "\n", "{ … }", "{ panic(0) }", "(…)", "()", "…", "_0")

// unsaid is what the type checker may miss in a fragment: what the page leaves for its reader to imagine.
var unsaid = regexp.MustCompile(`^undefined: \w+$|^declared and not used|and not used$|^missing return$|redeclared in this block|^\tother declaration of|^no new variables`)

// The Go code in the documentation compiles. A fragment is taken as part of its page: the declarations of a page are there for all of it, each
// run of statements is a function. What is named nowhere is the reader's own, and whatever is said of it goes unchecked; what is said of our packages,
// and of the standard library's, is checked.
func TestGoCodeInTheDocumentationCompiles(t *testing.T) {
	exports := exported(t)
	blocks := 0
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/*/*.md", "*/*.md"} {
		pages, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range pages {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			blocks += checkPage(t, path, string(text), exports)
		}
	}
	if blocks < 20 {
		t.Errorf("only %d blocks of Go found", blocks)
	}
}

func checkPage(t *testing.T, path, text string, exports map[string]export) (blocks int) {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, m := range block.FindAllStringSubmatchIndex(text, -1) {
		blocks++
		name := fmt.Sprintf("%s:%d", strings.TrimPrefix(path, "../"), 1+strings.Count(text[:m[2]], "\n"))
		code := left.Replace(text[m[2]:m[3]])
		if strings.HasPrefix(code, "package ") || strings.Contains(code, "\npackage ") {
			f, err := parser.ParseFile(fset, name, code, 0)
			if err != nil {
				t.Error(err)
				continue
			}
			for _, err := range typeErrors(fset, []*ast.File{f}, exports) {
				t.Error(err)
			}
			continue
		}
		f, err := parser.ParseFile(fset, name, "package page;"+code, 0)
		if err != nil {
			if f, err = parser.ParseFile(fset, name, "package page; func _() (err error) {"+code+"\n}", 0); err != nil {
				t.Errorf("neither declarations nor statements: %v", err)
				continue
			}
		}
		files = append(files, f)
	}
	declared := map[string]bool{}
	for _, f := range files {
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				for _, s := range g.Specs {
					if v, ok := s.(*ast.ValueSpec); ok {
						for _, n := range v.Names {
							declared[n.Name] = true
						}
					}
				}
			}
		}
	}
	for _, f := range files {
		importWhatIsNamed(f, exports, declared)
	}
	for _, err := range typeErrors(fset, files, exports) {
		if !unsaid.MatchString(err.Msg) {
			t.Error(err)
		}
	}
	return blocks
}

// importWhatIsNamed adds the imports that a fragment leaves out.
func importWhatIsNamed(f *ast.File, exports map[string]export, declared map[string]bool) {
	byName := map[string]string{}
	for path, e := range exports {
		was, ok := byName[e.name]
		if o, wasOurs := ours(path), ours(was); !ok || o && !wasOurs || o == wasOurs && len(path) < len(was) {
			byName[e.name] = path
		}
	}
	named := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok && byName[id.Name] != "" && !declared[id.Name] {
				named[id.Name] = true
			}
		}
		return true
	})
	g := &ast.GenDecl{Tok: token.IMPORT}
	for name := range named {
		spec := &ast.ImportSpec{Path: &ast.BasicLit{Kind: token.STRING, Value: fmt.Sprintf("%q", byName[name])}}
		g.Specs, f.Imports = append(g.Specs, spec), append(f.Imports, spec)
	}
	f.Decls = append([]ast.Decl{g}, f.Decls...)
}

func ours(path string) bool { return strings.HasPrefix(path, "github.com/zibrato/zibrato") }

func typeErrors(fset *token.FileSet, files []*ast.File, exports map[string]export) (errs []types.Error) {
	lookup := func(path string) (io.ReadCloser, error) {
		e, ok := exports[path]
		if !ok {
			return nil, fmt.Errorf("no package %s", path)
		}
		return os.Open(e.file)
	}
	config := types.Config{
		Importer: importer.ForCompiler(fset, "gc", lookup),
		Error: func(err error) {
			var e types.Error
			if errors.As(err, &e) {
				errs = append(errs, e)
			}
		},
	}
	config.Check("page", fset, files, nil)
	return errs
}

type export struct{ name, file string }

// exported are the packages that code in the documentation may import, and where their export data is.
func exported(t *testing.T) map[string]export {
	t.Helper()
	args := []string{"list", "-export", "-deps", "-json=ImportPath,Name,Export", "log", "log/slog", "net/http", "os", "fmt", "context", "time", "testing", "errors",
		"database/sql"}
	for _, dir := range modules(t) {
		args = append(args, "../"+dir+"/...")
	}
	list := exec.Command("go", args...)
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", list, err, stderr.Bytes())
	}
	packages := map[string]export{}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p struct{ ImportPath, Name, Export string }
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if p.Export != "" && p.Name != "main" && !strings.Contains(p.ImportPath, "internal") {
			packages[p.ImportPath] = export{p.Name, p.Export}
		}
	}
	return packages
}

// modules are those of this repository whose packages people import.
func modules(t *testing.T) (dirs []string) {
	t.Helper()
	work, err := os.ReadFile("../go.work")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^\t(\.\S*)$`).FindAllSubmatch(work, -1) {
		switch dir := string(m[1]); dir {
		case "./bench/peers", "./cmd/zibrato", "./servers", "./examples":
		default:
			dirs = append(dirs, dir)
		}
	}
	return dirs
}
