package vet

import (
	"go/types"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

	_ "github.com/zibrato/zibrato" // is asked for below
)

// exported returns the functions of Zibrato, and the methods of its types, as functions by the names that the analyzers know them by.
func exported(t *testing.T) map[string]function {
	t.Helper()
	all, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedTypes | packages.NeedImports | packages.NeedDeps | packages.NeedExportFile}, zibrato)
	if err != nil || len(all) != 1 || len(all[0].Errors) > 0 {
		t.Fatal(err, all)
	}
	functions := map[string]function{}
	add := func(o types.Object, prefix string) {
		if f, ok := o.(*types.Func); ok && f.Exported() && f.Pkg().Path() == zibrato {
			functions[prefix+f.Name()] = functionOf(f)
		}
	}
	scope := all[0].Types.Scope()
	for _, name := range scope.Names() {
		o := scope.Lookup(name)
		add(o, "")
		if n, ok := o.Type().(*types.Named); ok && o.Exported() && name != "Scope" {
			for m := range n.Methods() {
				add(m, name+".")
			}
		}
	}
	// A scope has the functions of the package, by the same names, and more.
	for m := range scope.Lookup("Scope").Type().(*types.Named).Methods() {
		add(m, "Scope.")
	}
	return functions
}

// What the analyzers know by name is what Zibrato has: which functions take a name, begin a timing, or make something.
func TestTheAnalyzersKnowZibrato(t *testing.T) {
	functions := exported(t)
	if len(functions) < 50 {
		t.Fatalf("only %d functions", len(functions))
	}
	made := []string{"Timer", "Counter", "UpDown", "Gauge", "Distribution", "Scope"}
	for name, f := range functions {
		s := f.Signature()
		takesName := s.Params().Len() > 0 && s.Params().At(0).Name() == "name" && types.Identical(s.Params().At(0).Type(), types.Typ[types.String])
		if f.named() != takesName {
			t.Errorf("%s: takes a name: %v, the analyzers take it for %v", name, takesName, f.named())
		}
		var result, kind string
		if s.Results().Len() == 1 {
			result = types.TypeString(s.Results().At(0).Type(), func(*types.Package) string { return "" })
			kind = strings.TrimSuffix(strings.TrimPrefix(result, "*"), "Vec")
		}
		begins := result == "Stopwatch" || result == "func()" && s.Results().At(0).Name() == ""
		if f.begins() != begins {
			t.Errorf("%s: begins a timing: %v, the analyzers take it for %v", name, begins, f.begins())
		}
		makes := strings.HasPrefix(result, "*") && slices.Contains(made, kind) && !strings.HasPrefix(f.receiver+".", kind+"Vec.")
		if f.creates() != makes {
			t.Errorf("%s: makes an instrument or a scope: %v, the analyzers take it for %v", name, makes, f.creates())
		}
		if v := ""; f.named() {
			if v = f.vector(); v != "" && functions[v].Func == nil {
				t.Errorf("%s: the analyzers advise %s, which is not there", name, v)
			}
		}
	}
}
