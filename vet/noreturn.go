package vet

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/cfg"
	"golang.org/x/tools/go/types/typeutil"
)

// graphs makes the graphs of a package's functions. The analyzer ctrlflow does so, too, for all functions of all packages that a program consists of; here only
// a few are needed, which is why go vet takes no longer for it. In exchange a function of another package is known by its name to return nothing.
type graphs struct {
	info    *types.Info
	bodies  map[*types.Func]*ast.BlockStmt
	returns map[*types.Func]bool
}

func newGraphs(pass *analysis.Pass) *graphs {
	g := &graphs{pass.TypesInfo, map[*types.Func]*ast.BlockStmt{}, map[*types.Func]bool{}}
	for _, file := range pass.Files {
		for _, d := range file.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && d.Body != nil {
				if f, ok := pass.TypesInfo.Defs[d.Name].(*types.Func); ok {
					g.bodies[f] = d.Body
				}
			}
		}
	}
	return g
}

func (g *graphs) graph(body *ast.BlockStmt) *cfg.CFG { return cfg.New(body, g.mayReturn) }

// mayReturn says whether what follows a call may be run.
func (g *graphs) mayReturn(call *ast.CallExpr) bool {
	switch f := typeutil.Callee(g.info, call).(type) {
	case *types.Builtin:
		return f.Name() != "panic"
	case *types.Func:
		if body := g.bodies[f]; body != nil {
			return g.bodyReturns(f, body)
		}
		return !leaves(f.Name())
	}
	return true
}

// bodyReturns says whether a function of this package has a path to its end. One that calls itself is taken to have one.
func (g *graphs) bodyReturns(f *types.Func, body *ast.BlockStmt) bool {
	returns, known := g.returns[f]
	if !known {
		g.returns[f] = true
		returns = false
		for _, b := range g.graph(body).Blocks {
			returns = returns || b.Live && b.Return() != nil
		}
		g.returns[f] = returns
	}
	return returns
}

// leaves says whether functions of that name end the program, the goroutine or the test: those of os, runtime, log, testing and many other packages.
func leaves(name string) bool {
	for _, verb := range []string{"Exit", "Goexit", "Fatal", "FailNow", "Skip", "Panic", "Die"} {
		if strings.HasPrefix(name, verb) {
			return true
		}
	}
	return false
}
