package vet

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// BuiltName finds names of series that are put together at run time, by + or by fmt, strconv or strings. Each call then allocates, and every value makes a name that no
// dashboard knows; a vector has the value as a tag. A name of which only the beginning varies, given to a function that makes an instrument, is a namespace, and left
// alone. Tests are, too. No fix is suggested: which tag the value belongs to is the author's to say.
var BuiltName = &analysis.Analyzer{
	Name: "builtname",
	Doc: `find names that are built at run time where a vector belongs

What varies in a name belongs into a tag: jobs.With(kind) of a vector allocates nothing
for values that it has seen, and adds up over all kinds, where "jobs." + kind does not.`,
	URL:      page + "#builtname",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      builtName,
}

func builtName(pass *analysis.Pass) (any, error) {
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	for c := range root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		f := called(pass.TypesInfo, call)
		if !f.named() || len(call.Args) == 0 || inTest(pass, call) {
			continue
		}
		fixed, ok := built(pass.TypesInfo, origin(pass.TypesInfo, c, call.Args[0]))
		fixed = strings.TrimRight(fixed, "._-:/ ")
		if !ok || strings.HasPrefix(f.Name(), "New") && fixed == "" {
			continue
		}
		pass.Report(analysis.Diagnostic{
			Pos: call.Args[0].Pos(), End: call.Args[0].End(),
			Message: "this name is built at run time: " + instead(f, fixed),
		})
	}
	return nil, nil
}

// instead says what to write in place of a call with a name of which only the beginning is fixed.
func instead(f function, fixed string) string {
	if fixed == "" {
		fixed = "…"
	}
	name := `"` + fixed + `"`
	switch v := f.vector(); {
	case v == "":
		return "give what varies as a tag, zibrato." + f.Name() + "(" + name + ", …, zibrato.Tag(key, value))"
	case v == f.Name():
		return "give what varies as one more tag of the vector, zibrato." + v + "(" + name + ", []string{…})"
	default:
		return "give what varies as the tag of a vector that is made once, zibrato." + v + "(" + name + `, []string{"…"}), and find its instruments by With(value)`
	}
}

// origin is the expression that gives a local variable its only value, or else the expression itself.
func origin(info *types.Info, c inspector.Cursor, e ast.Expr) ast.Expr {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if !ok {
		return e
	}
	v, ok := info.Uses[id].(*types.Var)
	if !ok || v.Parent() == nil || v.Parent() == v.Pkg().Scope() {
		return e
	}
	value := e
	for f := range c.Enclosing((*ast.FuncDecl)(nil)) {
		for s := range f.Preorder((*ast.AssignStmt)(nil), (*ast.ValueSpec)(nil), (*ast.UnaryExpr)(nil)) {
			switch s := s.Node().(type) {
			case *ast.AssignStmt:
				for i, l := range s.Lhs {
					l, ok := l.(*ast.Ident)
					switch {
					case !ok || info.ObjectOf(l) != v:
					case s.Tok == token.DEFINE && info.Defs[l] == v && len(s.Lhs) == len(s.Rhs):
						value = s.Rhs[i]
					default:
						return e
					}
				}
			case *ast.ValueSpec:
				for i, l := range s.Names {
					if info.Defs[l] == v && len(s.Names) == len(s.Values) {
						value = s.Values[i]
					}
				}
			case *ast.UnaryExpr:
				if id, ok := s.X.(*ast.Ident); ok && s.Op == token.AND && info.Uses[id] == v {
					return e
				}
			}
		}
	}
	return value
}

// built says whether an expression puts a string together when it is run, and with what it begins as far as that is fixed.
func built(info *types.Info, e ast.Expr) (fixed string, ok bool) {
	e = ast.Unparen(e)
	if info.Types[e].Value != nil {
		return "", false
	}
	switch e := e.(type) {
	case *ast.BinaryExpr:
		first := ast.Expr(e)
		for {
			b, ok := ast.Unparen(first).(*ast.BinaryExpr)
			if !ok || info.Types[first].Value != nil {
				break
			}
			first = b.X
		}
		return text(info, first), e.Op == token.ADD
	case *ast.CallExpr:
		f := typeutil.StaticCallee(info, e)
		if f == nil || f.Pkg() == nil || f.Signature().Recv() != nil {
			return "", false
		}
		switch f.Pkg().Path() + "." + f.Name() {
		case "fmt.Sprintf":
			fixed, _, _ = strings.Cut(text(info, e.Args[0]), "%")
			return fixed, true
		case "fmt.Sprint":
			if len(e.Args) > 0 {
				fixed = text(info, e.Args[0])
			}
			return fixed, true
		case "strings.Join", "strconv.Itoa", "strconv.FormatInt", "strconv.FormatUint", "strconv.FormatFloat", "strconv.FormatBool":
			return "", true
		}
	}
	return "", false
}

// text is the value of a constant expression, and empty for others.
func text(info *types.Info, e ast.Expr) string {
	if v := info.Types[e].Value; v != nil && v.Kind() == constant.String {
		return constant.StringVal(v)
	}
	return ""
}
