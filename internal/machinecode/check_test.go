//go:build linux && amd64

package machinecode_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/internal/machinecode"
)

// theT is the layout of T in testdata/regions.go.
func theT() *machinecode.Type {
	t := &machinecode.Type{Name: "T", Size: 96, Passes: []machinecode.Pass{{Word: 0, From: 8, To: 40}}}
	t.Fields = map[int64]machinecode.Field{
		40: {To: t, NeverNil: "the test says so"},
		48: {To: t},
		72: {To: t, Table: true, Length: 56},
		80: {To: t, Table: true, Mask: true, Length: 64},
	}
	return t
}

var rules = machinecode.Rules{
	Pin: "runtime.procPin", Unpin: "runtime.procUnpin",
	Receivers: map[string]*machinecode.Type{"main.(*T)": theT()},
	Follow:    "main.",
	Calls: map[string]machinecode.Call{
		"runtime.gcWriteBarrier1": {Why: "preserves all registers", Buffer: 8},
		"runtime.gcWriteBarrier2": {Why: "preserves all registers", Buffer: 16},
	},
}

func regions(t *testing.T, arch string) machinecode.Program {
	t.Helper()
	return built(t, arch, "testdata/regions.go")
}

func built(t *testing.T, arch, source string) machinecode.Program {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", "build", "-o", binary, source)
	cmd.Env = append(os.Environ(), "GOARCH="+arch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	program, err := machinecode.Read(binary, `^main\.`)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func TestFaultsAreFoundAndNothingElseIs(t *testing.T) {
	compare(t, machinecode.Check(regions(t, "amd64"), rules), wants(t, "testdata/regions.go"))
}

func TestFaultsInAssemblyAreFoundAndNothingElseIs(t *testing.T) {
	program := built(t, "amd64", "./testdata/assembly")
	rules := rules
	rules.Follow = "nothing"
	rules.Assembly = map[string]map[string]*machinecode.Type{}
	for symbol := range program {
		if strings.HasSuffix(symbol, ".abi0") && symbol != "main.other.abi0" {
			rules.Assembly[symbol] = map[string]*machinecode.Type{"BX": theT(), "R14": theT()}
		}
	}
	compare(t, machinecode.Check(program, rules), wants(t, "testdata/assembly/main_amd64.s"))
}

func compare(t *testing.T, report machinecode.Report, wanted map[want]bool) {
	t.Helper()
	for _, f := range report.Findings {
		ok := false
		for w := range wanted {
			if f.Func == w.fn && (f.Instr.Source == w.at || w.inlined) && strings.Contains(f.What, w.what) {
				wanted[w], ok = true, true
			}
		}
		if !ok {
			t.Errorf("not wanted: %s", f)
		}
		if s := f.String(); !strings.Contains(s, f.Func) || !strings.Contains(s, f.Instr.Op) || !strings.Contains(s, f.Instr.Source) {
			t.Errorf("%q does not name function, instruction and line", s)
		}
	}
	for w, found := range wanted {
		if !found {
			t.Errorf("not found at %s in %s: %s", w.at, w.fn, w.what)
		}
	}
	if n := len(report.Pinned); n < len(wanted)-5 || report.Ways < n {
		t.Errorf("%d functions with %d ways were followed", n, report.Ways)
	}
}

func TestFaultsOfStructureAreFoundOnArm64(t *testing.T) {
	report := machinecode.Structure(regions(t, "arm64"), rules)
	found := map[string]bool{}
	for _, f := range report.Findings {
		found[strings.TrimPrefix(f.Func, "main.(*T).")] = true
	}
	want := map[string]bool{}
	for _, name := range []string{
		"BadBoundsCheck", "BadDivision", "deep", "BadAllocation", "BadIndirectCall", "BadLoop", "BadLock", "BadReturn", "BadPins",
	} {
		want[name] = true
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("functions with faults (-want +found): %s", diff)
	}
}

type want struct {
	fn, at, what string
	inlined      bool // the line is that of a function that was inlined
}

// wants reads the comments that say what is to be found where.
func wants(t *testing.T, file string) map[want]bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fn, m := "", map[want]bool{}
	for n, line := range strings.Split(string(text), "\n") {
		if f := regexp.MustCompile(`^func (\(t \*T\)) (\w+)`).FindStringSubmatch(line); f != nil {
			fn = "main.(*T)." + f[2]
		}
		if f := regexp.MustCompile(`^TEXT ·(\w+)\(SB\)`).FindStringSubmatch(line); f != nil {
			fn = "main." + f[1] + ".abi0"
		}
		for _, w := range strings.Split(line, "// want")[1:] {
			kind, what, _ := strings.Cut(strings.TrimSpace(w), ": ")
			m[want{fn, fmt.Sprintf("%s:%d", filepath.Base(file), n+1), what, kind == "-inlined"}] = false
		}
	}
	return m
}
