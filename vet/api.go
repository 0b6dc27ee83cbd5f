package vet

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

// zibrato is the import path of the package whose use is looked at. Who uses it need not import it: instruments may be variables of another package.
const zibrato = "github.com/zibrato/zibrato"

// function is one of Zibrato's functions or methods. The functions of the package and of a scope go by the same name, a recorder has those of a scope.
type function struct {
	*types.Func
	receiver string // the name of the method's type, empty for the package's functions and for a scope's methods
}

// called returns the function of Zibrato that a call is known to reach, or one without a name.
func called(info *types.Info, call *ast.CallExpr) function {
	if f := typeutil.StaticCallee(info, call); f != nil {
		return functionOf(f)
	}
	return function{}
}

func functionOf(f *types.Func) function {
	if f.Pkg() == nil || f.Pkg().Path() != zibrato {
		return function{}
	}
	recv := f.Signature().Recv()
	if recv == nil {
		return function{Func: f}
	}
	t := recv.Type()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := t.(*types.Named)
	switch {
	case !ok:
		return function{}
	case n.Obj().Name() == "Scope":
		return function{Func: f}
	}
	return function{f, n.Obj().Name()}
}

// is says whether it is one of these functions: "Time", or "Timer.Start".
func (f function) is(names ...string) bool {
	if f.Func == nil {
		return false
	}
	name := f.Name()
	if f.receiver != "" {
		name = f.receiver + "." + name
	}
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// begins says whether the function begins a timing that its result ends.
func (f function) begins() bool { return f.is("Time", "TimeErr", "Timer.Start") }

// end is what a call of such a function lacks when its result is dropped.
func (f function) end() string {
	if f.receiver == "Timer" {
		return ".Stop()"
	}
	return "()"
}

// creates says whether the function looks an instrument up by name, options and all, or makes a scope.
func (f function) creates() bool {
	return f.is("With") || f.named() && strings.HasPrefix(f.Name(), "New") && !f.is("NewGaugeFunc")
}

// named says whether the function's first argument is the name of a series.
func (f function) named() bool {
	return f.is("Time", "TimeErr", "Do", "DoErr", "Observe", "Count", "Inc", "Set", "Record",
		"NewTimer", "NewCounter", "NewUpDown", "NewGauge", "NewGaugeFunc", "NewDistribution",
		"NewTimerVec", "NewCounterVec", "NewUpDownVec", "NewGaugeVec", "NewDistributionVec")
}

// vector is the function that makes a vector of the kind that the function records on, empty where there is none.
func (f function) vector() string {
	switch f.Name() {
	case "Time", "TimeErr", "Do", "DoErr", "Observe":
		return "NewTimerVec"
	case "Count", "Inc":
		return "NewCounterVec"
	case "Set":
		return "NewGaugeVec"
	case "Record":
		return "NewDistributionVec"
	case "NewGaugeFunc":
		return ""
	}
	return strings.TrimSuffix(f.Name(), "Vec") + "Vec"
}
