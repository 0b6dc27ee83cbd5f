package vet

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/cfg"
)

// MissingStop finds timings that some path through the function never ends, so that they are missing where, say, an error is returned early. A variable that
// holds a timing is looked at until the path uses it in any way: stops it, passes it on, keeps it, gives it to a closure, or drops it with "_ = timing".
// Paths that end in a panic or leave the program are no paths.
var MissingStop = &analysis.Analyzer{
	Name: "missingstop",
	Doc: `find timings that are not ended on every path

A timing that t.Start() or zibrato.Time(name) begins, and that some path to a return
does not end, is not recorded there. Assign it to the blank identifier on the paths
where that is meant.`,
	URL:      page + "#missingstop",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      missingStop,
}

func missingStop(pass *analysis.Pass) (any, error) {
	graphs := newGraphs(pass)
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	for c := range root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		f := called(pass.TypesInfo, call)
		if !f.begins() {
			continue
		}
		t, ok := held(pass.TypesInfo, c)
		if !ok {
			continue
		}
		if !t.local() {
			continue
		}
		if lost := t.lost(graphs.graph(body(t.in.Node()))); lost != nil {
			pass.Report(t.diagnostic(pass.Fset, f, call, lost))
		}
	}
	return nil, nil
}

// A timing is one that a variable holds.
type timing struct {
	info  *types.Info
	in    inspector.Cursor // the function, declared or literal
	begin ast.Node         // the statement or specification, as a graph of the function has it
	held  *types.Var
}

// held finds the variable to which a call's result goes.
func held(info *types.Info, call inspector.Cursor) (timing, bool) {
	t := timing{info: info, begin: call.Parent().Node()}
	var id *ast.Ident
	switch s := t.begin.(type) {
	case *ast.AssignStmt:
		for i := range s.Rhs {
			if s.Rhs[i] == call.Node() && len(s.Lhs) == len(s.Rhs) {
				id, _ = s.Lhs[i].(*ast.Ident)
			}
		}
	case *ast.ValueSpec:
		for i := range s.Values {
			if s.Values[i] == call.Node() && len(s.Names) == len(s.Values) {
				id = s.Names[i]
			}
		}
	}
	if id == nil {
		return t, false
	}
	t.held, _ = info.ObjectOf(id).(*types.Var)
	for f := range call.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		t.in = f
		return t, t.held != nil
	}
	return t, false
}

// local says whether the variable is the function's own, and nothing else can end the timing: it is no result, its address is not taken, and no closure
// that is made before has it.
func (t timing) local() bool {
	f := t.in.Node()
	if t.held.Pos() < f.Pos() || t.held.Pos() >= f.End() {
		return false
	}
	results := signature(t.info, f).Results()
	for i := range results.Len() {
		if results.At(i) == t.held {
			return false
		}
	}
	for id := range t.in.Preorder((*ast.Ident)(nil)) {
		if t.info.Uses[id.Node().(*ast.Ident)] != t.held {
			continue
		}
		if u, ok := id.Parent().Node().(*ast.UnaryExpr); ok && u.Op == token.AND {
			return false
		}
		for lit := range id.Enclosing((*ast.FuncLit)(nil)) {
			if lit.Node() != f && lit.Node().Pos() < t.begin.Pos() && t.in.Contains(lit) {
				return false
			}
		}
	}
	return true
}

func body(f ast.Node) *ast.BlockStmt {
	if d, ok := f.(*ast.FuncDecl); ok {
		return d.Body
	}
	return f.(*ast.FuncLit).Body
}

func signature(info *types.Info, f ast.Node) *types.Signature {
	if d, ok := f.(*ast.FuncDecl); ok {
		return info.Defs[d.Name].(*types.Func).Signature()
	}
	return info.TypeOf(f.(*ast.FuncLit)).Underlying().(*types.Signature)
}

// lost returns what makes an end of the timing impossible on some path: a return statement that may be implied, or the statement that puts another value into
// the variable. It returns nil if every path uses the variable first.
func (t timing) lost(graph *cfg.CFG) ast.Node {
	seen := make([]bool, len(graph.Blocks))
	var walk func(b *cfg.Block, nodes []ast.Node) ast.Node
	walk = func(b *cfg.Block, nodes []ast.Node) ast.Node {
		for _, n := range nodes {
			switch used, set := t.touches(n); {
			case used:
				return nil
			case set:
				return n
			}
			if _, ok := n.(*ast.ReturnStmt); ok {
				return n
			}
		}
		for _, next := range b.Succs {
			if !seen[next.Index] {
				seen[next.Index] = true
				if n := walk(next, next.Nodes); n != nil {
					return n
				}
			}
		}
		return nil
	}
	for _, b := range graph.Blocks {
		for i, n := range b.Nodes {
			if n == t.begin && b.Live {
				return walk(b, b.Nodes[i+1:])
			}
		}
	}
	return nil
}

// touches says whether a node of the graph uses the variable, and whether it puts another value into it.
func (t timing) touches(n ast.Node) (used, set bool) {
	assigned := map[*ast.Ident]bool{}
	switch s := n.(type) {
	case *ast.AssignStmt:
		for _, l := range s.Lhs {
			if id, ok := l.(*ast.Ident); ok && t.info.ObjectOf(id) == t.held {
				assigned[id] = true
			}
		}
	case *ast.ValueSpec:
		for _, id := range s.Names {
			set = set || t.info.Defs[id] == t.held
		}
	}
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && t.info.Uses[id] == t.held && !assigned[id] {
			used = true
		}
		return !used
	})
	return used, set || len(assigned) > 0
}

func (t timing) diagnostic(files *token.FileSet, f function, call *ast.CallExpr, lost ast.Node) analysis.Diagnostic {
	text, name := types.ExprString(call), t.held.Name()
	stop := name + f.end()
	where := fmt.Sprintf("the return in line %d", files.Position(lost.Pos()).Line)
	related := "this return may be reached without " + stop
	if _, ok := lost.(*ast.ReturnStmt); !ok {
		where = fmt.Sprintf("the next timing in line %d", files.Position(lost.Pos()).Line)
		related = "this replaces a timing without " + stop
	}
	return analysis.Diagnostic{
		Pos: call.Pos(), End: call.End(),
		Message: fmt.Sprintf("the timing that %s begins is lost on a path, since %s may be reached without %s: write defer %s%s, stop it there, too, or drop it there with _ = %s",
			text, where, stop, text, f.end(), name),
		Related: []analysis.RelatedInformation{{Pos: lost.Pos(), End: lost.End(), Message: related}},
	}
}
