package vet

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// HotInstrument finds instruments, vectors and scopes that are made where they are used, in a loop or in a function that is called for each request. Each time
// costs a look-up under a lock and allocates, many times what the measurement itself costs. What is kept beyond the turn or the request is left alone, and so
// are tests and loops that set a program up.
var HotInstrument = &analysis.Analyzer{
	Name: "hotinstrument",
	Doc: `find instruments that are made anew for each event

NewTimer and its like, the vectors and With belong into package variables or
constructors. In a loop, or in a function that gets a request, they cost many times
what the measurement itself does.`,
	URL:      page + "#hotinstrument",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      hotInstrument,
}

func hotInstrument(pass *analysis.Pass) (any, error) {
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	for c := range root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		f := called(pass.TypesInfo, call)
		if !f.creates() || inTest(pass, call) {
			continue
		}
		where := hot(pass.TypesInfo, c)
		if where == "" || !usedHere(pass.TypesInfo, c) {
			continue
		}
		what := "an instrument is made " + where
		advice := "make it once, in a package variable or a constructor, and a vector where tags vary"
		if f.is("With") {
			what = "a scope is made " + where
			advice = "make it once, in a package variable or a constructor; where its tags vary, make a vector"
		}
		pass.Report(analysis.Diagnostic{
			Pos: call.Pos(), End: call.End(),
			Message: what + ", which costs many times what measuring does: " + advice,
		})
	}
	return nil, nil
}

func inTest(pass *analysis.Pass, n ast.Node) bool {
	return strings.HasSuffix(pass.Fset.Position(n.Pos()).Filename, "_test.go")
}

// hot says where a node is if that is run for each event, and is empty elsewhere. The body of a function literal belongs to what is around it only if it is called
// on the spot.
func hot(info *types.Info, c inspector.Cursor) string {
	loop, endless := false, false
	for ; ; c = c.Parent() {
		switch c.ParentEdgeKind() {
		case edge.ForStmt_Body:
			loop = true
			endless = endless || c.Parent().Node().(*ast.ForStmt).Cond == nil
		case edge.RangeStmt_Body:
			loop = true
			_, channel := info.TypeOf(c.Parent().Node().(*ast.RangeStmt).X).Underlying().(*types.Chan)
			endless = endless || channel
		}
		switch f := c.Node().(type) {
		case *ast.FuncLit:
			switch {
			case getsRequest(signature(info, f)):
				return "for each request"
			case endless || loop && c.ParentEdgeKind() != edge.CallExpr_Fun:
				return "in each turn of a loop"
			case c.ParentEdgeKind() != edge.CallExpr_Fun:
				return ""
			}
		case *ast.FuncDecl:
			switch {
			case !does(f, "new") && getsRequest(signature(info, f)):
				return "for each request"
			case endless || loop && !setsUp(f):
				return "in each turn of a loop"
			}
			return ""
		case *ast.File:
			return ""
		}
	}
}

// setsUp says whether a function is one that runs when a program or one of its parts begins, so that its loops over what is there make what will be used.
func setsUp(f *ast.FuncDecl) bool {
	return f.Name.Name == "main" || does(f, "new", "init", "setup", "setUp", "register")
}

// does says whether a function's name begins with one of these words, as newServer and NewServer do with new, and NewsHandler does not.
func does(f *ast.FuncDecl, words ...string) bool {
	name := f.Name.Name
	for _, word := range words {
		if len(name) < len(word) || !strings.EqualFold(name[:1], word[:1]) || name[1:len(word)] != word[1:] {
			continue
		}
		if next, _ := utf8.DecodeRuneInString(name[len(word):]); !unicode.IsLower(next) {
			return true
		}
	}
	return false
}

// perRequest are types of which there is one for each request, so that functions which get one are called as often.
var perRequest = map[string]bool{
	"net/http.ResponseWriter":                 true,
	"net/http.Request":                        true,
	"google.golang.org/grpc.UnaryServerInfo":  true,
	"google.golang.org/grpc.StreamServerInfo": true,
}

func getsRequest(s *types.Signature) bool {
	for i := range s.Params().Len() {
		t := types.Unalias(s.Params().At(i).Type())
		if p, ok := t.(*types.Pointer); ok {
			t = types.Unalias(p.Elem())
		}
		if n, ok := t.(*types.Named); ok && n.Obj().Pkg() != nil && perRequest[n.Obj().Pkg().Path()+"."+n.Obj().Name()] {
			return true
		}
	}
	return false
}

// usedHere says whether the result of a call that makes an instrument serves nothing but calls of its methods, at once or through a variable, so that it does not
// outlive what is around it.
func usedHere(info *types.Info, call inspector.Cursor) bool {
	for call.ParentEdgeKind() == edge.ParenExpr_X {
		call = call.Parent()
	}
	switch p := call.Parent(); n := p.Node().(type) {
	case *ast.SelectorExpr:
		if p.ParentEdgeKind() != edge.CallExpr_Fun {
			return false
		}
		method := p.Parent()
		switch f := called(info, method.Node().(*ast.CallExpr)); {
		case f.creates():
			return false // and found itself, if it is one
		case strings.HasSuffix(f.receiver, "Vec"):
			return usedHere(info, method)
		}
		return true
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE || len(n.Lhs) != len(n.Rhs) {
			return false
		}
		id, ok := n.Lhs[call.ParentEdgeIndex()].(*ast.Ident)
		return ok && onlyReceives(info, call, info.Defs[id])
	case *ast.ValueSpec:
		return len(n.Names) == len(n.Values) && onlyReceives(info, call, info.Defs[n.Names[call.ParentEdgeIndex()]])
	}
	return false
}

// onlyReceives says whether a variable of the function around serves nothing but calls of its methods.
func onlyReceives(info *types.Info, from inspector.Cursor, v types.Object) bool {
	if v == nil {
		return false
	}
	for f := range from.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		for id := range f.Preorder((*ast.Ident)(nil)) {
			if info.Uses[id.Node().(*ast.Ident)] == v && (kept(id, f) || !usedHere(info, id)) {
				return false
			}
		}
		return true
	}
	return false
}

// kept says whether a node is in a function literal within the function that is not called on the spot, so that it may be run later.
func kept(c, within inspector.Cursor) bool {
	for lit := range c.Enclosing((*ast.FuncLit)(nil)) {
		if lit == within {
			return false
		}
		if lit.ParentEdgeKind() != edge.CallExpr_Fun {
			return true
		}
	}
	return false
}
