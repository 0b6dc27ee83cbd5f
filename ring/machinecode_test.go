//go:build linux && amd64 && !race && !zibrato_portable

package ring

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/zibrato/zibrato/internal/machinecode"
)

// The layout of what a holder works on, and why its pointers are there. It is what the machine code is held against: its offsets are the compiler's.
var (
	segmentType = &machinecode.Type{
		Name: "segment", Size: int64(unsafe.Sizeof(segment{})),
		Passes: []machinecode.Pass{{
			Word: int64(unsafe.Offsetof(segment{}.committed)),
			From: int64(unsafe.Offsetof(segment{}.records)), To: int64(unsafe.Sizeof(segment{})),
		}},
	}
	chunkType = &machinecode.Type{
		Name: "chunk", Size: int64(unsafe.Sizeof(chunk{})),
		Passes: []machinecode.Pass{{
			Word: int64(unsafe.Offsetof(chunk{}.changed)),
			From: int64(unsafe.Offsetof(chunk{}.cells)), To: int64(unsafe.Sizeof(chunk{})),
		}},
	}
	shardType = &machinecode.Type{
		Name: "shard", Size: int64(unsafe.Sizeof(shard{})),
		Fields: map[int64]machinecode.Field{
			int64(unsafe.Offsetof(shard{}.tail)): {
				To: segmentType, NeverNil: "newShard makes it with its first segment, and only putSlowly sets another, which it has",
			},
		},
	}
	columnType = &machinecode.Type{
		Name: "column", Size: int64(unsafe.Sizeof(column{})),
		Fields: map[int64]machinecode.Field{
			int64(unsafe.Offsetof(column{}.chunks)): {To: chunkType, Table: true, Length: int64(unsafe.Offsetof(column{}.count))},
		},
	}
	ringType = &machinecode.Type{
		Name: "Ring", Size: int64(unsafe.Sizeof(Ring{})),
		Fields: map[int64]machinecode.Field{
			int64(unsafe.Offsetof(Ring{}.shards)):  {To: shardType, Table: true, Length: int64(unsafe.Offsetof(Ring{}.count))},
			int64(unsafe.Offsetof(Ring{}.columns)): columnsField(columnType),
		},
	}
)

func columnsField(of *machinecode.Type) machinecode.Field {
	return machinecode.Field{
		To: of, Table: true, Mask: true, Length: int64(unsafe.Offsetof(Ring{}.mask)),
		NeverNil: "New makes a table of mask+1 columns, a power of two, and neither changes once something was written",
	}
}

// The runtime's structures, as far as add reads them. That they are like this is what unheld tells.
var (
	pType = &machinecode.Type{Name: "p", Size: 4}
	mType = &machinecode.Type{Name: "m", Size: 0xd8, Fields: map[int64]machinecode.Field{
		0xd0: {To: pType, NeverNil: "a thread that runs a goroutine has a P"},
	}}
	gType = &machinecode.Type{Name: "g", Size: 0x38, Fields: map[int64]machinecode.Field{
		0x30: {To: mType, NeverNil: "a goroutine that runs has a thread"},
	}}
	columnUnheldType = &machinecode.Type{Name: "column, without holding", Size: int64(unsafe.Sizeof(column{})), Fields: map[int64]machinecode.Field{
		int64(unsafe.Offsetof(column{}.chunks)): {To: chunkType, Table: true, Length: int64(unsafe.Offsetof(column{}.unheld))},
		int64(unsafe.Offsetof(column{}.ring)):   {To: ringType, NeverNil: "Ring.column makes it with its ring"},
	}}
	ringUnheldType = &machinecode.Type{Name: "Ring, without holding", Size: int64(unsafe.Sizeof(Ring{})), Fields: map[int64]machinecode.Field{
		int64(unsafe.Offsetof(Ring{}.shards)):  {To: shardType, Table: true, Length: int64(unsafe.Offsetof(Ring{}.unheld))},
		int64(unsafe.Offsetof(Ring{}.columns)): columnsField(columnUnheldType),
	}}
	cellsType = &machinecode.Type{Name: "Cells", Size: int64(unsafe.Sizeof(Cells{})), Fields: map[int64]machinecode.Field{
		int64(unsafe.Offsetof(Cells{}.column)): {To: columnUnheldType, NeverNil: "Ring.Cells makes them with one"},
	}}
)

var pinnedRules = machinecode.Rules{
	Pin: "runtime.procPin", Unpin: "runtime.procUnpin",
	Receivers: map[string]*machinecode.Type{"github.com/zibrato/zibrato/ring.(*Ring)": ringType},
	Follow:    "github.com/zibrato/zibrato/",
	Assembly: map[string]map[string]*machinecode.Type{
		addHereSymbol:  {"R14": gType, "BX": cellsType},
		putHereSymbol:  {"R14": gType, "BX": ringUnheldType},
		stopHereSymbol: {"R14": gType, "BX": ringUnheldType},
	},
	Calls: map[string]machinecode.Call{
		"sync/atomic.StorePointer": {
			Why:    "go:nosplit, as the test sees; it stores a word where AX points and tells the collector, as every store of a pointer does",
			Stores: true,
		},
		"runtime.gcWriteBarrier1": {Why: writeBarrier, Buffer: 8},
		"runtime.gcWriteBarrier2": {Why: writeBarrier, Buffer: 16},
	},
}

const (
	addHereSymbol  = "github.com/zibrato/zibrato/ring.addHere.abi0"
	putHereSymbol  = "github.com/zibrato/zibrato/ring.putHere.abi0"
	stopHereSymbol = "github.com/zibrato/zibrato/ring.stopHere.abi0"
)

const writeBarrier = "assembly that makes room in the P's buffer; a full one is flushed on the system stack, without preemption"

func TestThePinnedRegionsCannotPanic(t *testing.T) {
	program := disassembled(t, "amd64")
	report := machinecode.Check(program, pinnedRules)
	check(t, program, report, addHereSymbol, putHereSymbol, stopHereSymbol)
	for _, line := range boundsChecks(t) {
		if report.Lines[line] {
			t.Errorf("the compiler says that it left a bounds check in the pinned line %s", line)
		}
	}
}

// The code for arm64 comes from the same source, whose nil checks are shown for amd64. What the compiler adds of its own is another matter.
func TestThePinnedRegionsOfArm64CallNothingAndDoNotLoop(t *testing.T) {
	program := disassembled(t, "arm64")
	check(t, program, machinecode.Structure(program, pinnedRules))
}

// disassembled returns what instrumented code links.
func disassembled(t *testing.T, arch string) machinecode.Program {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", "build", "-o", binary, "testdata/program.go")
	cmd.Env = append(os.Environ(), "GOARCH="+arch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	program, err := machinecode.Read(binary, `^(github\.com/zibrato/zibrato.*|sync/atomic\.StorePointer|runtime\.(procPin|procUnpin|gcWriteBarrier\d))$`)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// check expects that nothing was found where everything was looked at.
func check(t *testing.T, program machinecode.Program, report machinecode.Report, assembly ...string) {
	t.Helper()
	for _, f := range report.Findings {
		t.Error(f)
	}
	want := append(holders(t), assembly...)
	slices.Sort(want)
	if !slices.Equal(report.Pinned, want) {
		t.Errorf("these functions pin:\n%q\nwant those that hold a shard, each by itself, and assembly that need not:\n%q", report.Pinned, want)
	}
	if report.Regions < len(report.Pinned) || report.Ways < report.Regions {
		t.Errorf("%d ways through %d regions of %d functions are fewer than there can be", report.Ways, report.Regions, len(report.Pinned))
	}
	for name := range pinnedRules.Calls {
		if f := program[name]; f == nil || f.GrowsStack() {
			t.Errorf("%s is not shown to be nosplit", name)
		}
	}
}

// holders returns the symbols of the functions whose source holds a shard or pins.
func holders(t *testing.T) (symbols []string) {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if match, err := build.Default.MatchFile(".", name); err != nil || !match || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil || f.Name.Name == "hold" {
				continue
			}
			holds := false
			ast.Inspect(f.Body, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					switch fun := call.Fun.(type) {
					case *ast.SelectorExpr:
						holds = holds || fun.Sel.Name == "hold"
					case *ast.Ident:
						holds = holds || fun.Name == "procPin"
					}
				}
				return true
			})
			if holds {
				symbols = append(symbols, "github.com/zibrato/zibrato/ring.(*Ring)."+f.Name.Name)
			}
		}
	}
	slices.Sort(symbols)
	return symbols
}

// boundsChecks returns the lines of this package in which the compiler says that it left one.
func boundsChecks(t *testing.T) (lines []string) {
	t.Helper()
	out, err := exec.Command("go", "build", "-gcflags=-d=ssa/check_bce", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, m := range regexp.MustCompile(`(?m)^(?:\./)?(\w+\.go:\d+):\d+: Found Is\w*InBounds`).FindAllStringSubmatch(string(out), -1) {
		lines = append(lines, m[1])
	}
	if len(lines) == 0 {
		t.Fatalf("the compiler tells of no bounds check at all, though the drain has some: %s", out)
	}
	return lines
}
