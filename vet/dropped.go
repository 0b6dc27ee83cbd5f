package vet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
)

// DroppedTiming finds timings whose end nobody can record, since what would end them is dropped: defer zibrato.Time("x") without its second pair of
// parentheses begins a timing when the function ends, and records nothing. It suggests the fix.
var DroppedTiming = &analysis.Analyzer{
	Name: "droppedtiming",
	Doc: `find timings whose result is dropped

"defer zibrato.Time(name)" lacks the second pair of parentheses: it begins a timing
at the end of the function, and records nothing. So do "defer timer.Start()" without
Stop, the same calls as statements, after go, and assigned to the blank identifier.`,
	URL:      page + "#droppedtiming",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      droppedTiming,
}

func droppedTiming(pass *analysis.Pass) (any, error) {
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	for c := range root.Preorder((*ast.DeferStmt)(nil), (*ast.GoStmt)(nil), (*ast.ExprStmt)(nil), (*ast.AssignStmt)(nil)) {
		call := dropping(c.Node().(ast.Stmt))
		if call == nil {
			continue
		}
		f := called(pass.TypesInfo, call)
		if !f.begins() {
			continue
		}
		end := f.end()
		text := types.ExprString(call)
		d := analysis.Diagnostic{Pos: call.Pos(), End: call.End()}
		if _, deferred := c.Node().(*ast.DeferStmt); deferred {
			d.Message = text + " is deferred without " + end + ", so the timing begins when the function ends, and nothing is recorded: write defer " + text + end
			d.SuggestedFixes = []analysis.SuggestedFix{{
				Message:   "Add " + end,
				TextEdits: []analysis.TextEdit{{Pos: call.End(), End: call.End(), NewText: []byte(end)}},
			}}
		} else {
			d.Message = "nothing is recorded, since the result of " + text + " is dropped, which ends the timing: write defer " + text + end
			if ofBody(c) {
				d.SuggestedFixes = []analysis.SuggestedFix{{
					Message: "Time the rest of the function",
					TextEdits: []analysis.TextEdit{
						{Pos: c.Node().Pos(), End: call.Pos(), NewText: []byte("defer ")},
						{Pos: call.End(), End: c.Node().End(), NewText: []byte(end)},
					},
				}}
			}
		}
		pass.Report(d)
	}
	return nil, nil
}

// dropping returns the call whose results a statement drops.
func dropping(s ast.Stmt) *ast.CallExpr {
	switch s := s.(type) {
	case *ast.DeferStmt:
		return s.Call
	case *ast.GoStmt:
		return s.Call
	case *ast.ExprStmt:
		call, _ := ast.Unparen(s.X).(*ast.CallExpr)
		return call
	case *ast.AssignStmt:
		if len(s.Lhs) != 1 || len(s.Rhs) != 1 {
			return nil
		}
		if blank, ok := s.Lhs[0].(*ast.Ident); ok && blank.Name == "_" {
			call, _ := ast.Unparen(s.Rhs[0]).(*ast.CallExpr)
			return call
		}
	}
	return nil
}

// ofBody says whether the statement is one of the body of a function that stands alone: not one that may be repeated, nor in a function that is itself
// deferred. There a defer times what comes after.
func ofBody(c inspector.Cursor) bool {
	block := c.Parent()
	if _, ok := block.Node().(*ast.BlockStmt); !ok {
		return false
	}
	switch f := block.Parent(); f.Node().(type) {
	case *ast.FuncDecl:
		return true
	case *ast.FuncLit:
		_, isCalled := f.Parent().Node().(*ast.CallExpr)
		return !isCalled || f.Parent().Node().(*ast.CallExpr).Fun != f.Node()
	}
	return false
}
