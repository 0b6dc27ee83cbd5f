//go:build linux && amd64 && gc && !race && !zibrato_portable

package ring

import (
	"go/build"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/internal/machinecode"
	"github.com/zibrato/zibrato/metric"
)

// Where this fails, a new version of Go has come: recording is as exact as before and takes longer, until the assembly reads what the new procPin reads, and
// pinCode is that. Versions before Go 1.26 are not known.
func TestThisVersionOfGoIsKnown(t *testing.T) {
	if want := slices.Contains(build.Default.ReleaseTags, "go1.26"); unheld != want {
		t.Errorf("known: %v; procPin is %#x here, that of Go 1.26 %#x", unheld, *codeOf(procPin), pinCode)
	}
}

// What procPin reads is at the same places for the disassembler, too. Nothing reads there before it has seen that the runtime is known, and nobody else does.
func TestTheAssemblyReadsWhatProcPinReads(t *testing.T) {
	program := disassembled(t, "amd64")
	type read struct {
		reg    string
		offset int64
	}
	// chain returns what three instructions load, each from where the one before points to.
	chain := func(instrs []machinecode.Instr) (rs []read) {
		for _, i := range instrs {
			if len(i.Args) == 2 && i.Args[0].Kind == machinecode.Memory && len(rs) < 3 {
				rs = append(rs, read{i.Args[0].Reg, i.Args[0].Value})
			}
		}
		return rs
	}
	pin := chain(program["runtime.procPin"].Instrs)
	var readers []string
	for symbol, f := range program {
		if !strings.HasPrefix(symbol, "github.com/zibrato/zibrato") || !strings.HasSuffix(f.Instrs[0].Source[:strings.Index(f.Instrs[0].Source, ":")], ".s") {
			continue
		}
		for at, i := range f.Instrs {
			if len(i.Args) == 0 || i.Args[0].Kind != machinecode.Memory || i.Args[0].Reg != "R14" {
				continue
			}
			if !slices.Contains(readers, symbol) {
				readers = append(readers, symbol)
			}
			here := chain(f.Instrs[at:])
			if len(pin) != 3 || len(here) != 3 || pin[0] != here[0] || pin[1].offset != here[1].offset || pin[2].offset != here[2].offset {
				t.Errorf("procPin reads %v, and %s %v", pin, symbol, here)
			}
			if at < 2 || f.Instrs[at-2].Op != "TESTL" || f.Instrs[at-1].Op != "JE" {
				t.Errorf("%s does not ask whether the runtime is known right before it reads", symbol)
			}
		}
	}
	slices.Sort(readers)
	if want := []string{addHereSymbol, putHereSymbol, stopHereSymbol}; !slices.Equal(readers, want) {
		t.Errorf("these read the runtime's structures:\n%q\nwant\n%q", readers, want)
	}
}

// Nothing reads the counter before it has seen that it may.
func TestTheCounterIsReadOnlyWhereItIsTrusted(t *testing.T) {
	program := disassembled(t, "amd64")
	var readers []string
	for symbol, f := range program {
		if strings.HasPrefix(symbol, "github.com/zibrato/zibrato/internal/") { // what calibrates, and clock.Ticks
			continue
		}
		for at, i := range f.Instrs {
			if i.Op != "RDTSC" {
				continue
			}
			readers = append(readers, symbol)
			if at < 2 || f.Instrs[at-2].Op != "CMPL" || f.Instrs[at-2].Args[0].Kind != machinecode.Global || f.Instrs[at-1].Op != "JE" {
				t.Errorf("%s does not ask right before it reads the counter", symbol)
			}
		}
	}
	if want := []string{stopHereSymbol, stopHereSymbol}; !slices.Equal(readers, want) {
		t.Errorf("these read the counter:\n%q\nwant\n%q", readers, want)
	}
}

// A loop that only records must be stopped as soon as any other.
func TestRecordingAsksWhetherToStop(t *testing.T) {
	program := disassembled(t, "amd64")
	for _, symbol := range []string{"/ring.put", "/ring.add", ".inc", ".stopNamed", ".stopTimer"} {
		symbol = "github.com/zibrato/zibrato" + symbol + ".abi0"
		f := program[symbol]
		if f == nil {
			t.Errorf("there is no %s", symbol)
		} else if first := f.Instrs[0]; first.Op != "CMPQ" || !slices.Equal(first.Args, []machinecode.Arg{
			{Kind: machinecode.Register, Reg: "SP"}, {Kind: machinecode.Memory, Reg: "R14", Value: 0x10},
		}) {
			t.Errorf("%s begins with %s", symbol, first)
		}
	}
}

// Under a runtime that is not known everything is recorded, too, and nothing without a shard.
func TestAnUnknownRuntime(t *testing.T) {
	defer func(was bool) { unheld = was }(unheld)
	unheld = false
	r := New(0, 1)
	cells := r.Cells(0)
	var wg sync.WaitGroup
	var put atomic.Int64
	for range 4 {
		wg.Go(func() {
			for range 10_000 {
				cells.Add(2)
				if r.Put(metric.Record{}, CountOnly) {
					put.Inc()
				}
			}
		})
	}
	wg.Wait()
	if n, sum := r.Cell(0); n != 40_000 || sum != 80_000 {
		t.Errorf("%d calls with sum %d, want 40000 with 80000", n, sum)
	}
	if n := r.Drain(func([]metric.Record) {}); n != 40_000 || put.Load() != 40_000 {
		t.Errorf("%d records came and %d were taken, want 40000", n, put.Load())
	}
	if r.unheld.Load() != 0 || cells.column.unheld.Load() != 0 {
		t.Error("who writes may do without a shard")
	}
}

// Cells that were taken before their ring was resized are as quick as others.
func TestCellsOfBeforeAResizeNeedNoShard(t *testing.T) {
	r := New(0, 1)
	early := r.Cells(0)
	r.Resize(0, 10_000)
	early.Add(1)
	if late := r.Cells(0); late != early || late.column.unheld.Load() == 0 {
		t.Error("they are cells of another column, or of one that nobody may use")
	}
}

// What finds no room is added to its cell in assembly as it is by a holder: for each kind of sum, at its limits, and wherever the series' cells lie.
func TestBothWaysOverflowAlike(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const series = 700
	full := func() *Ring {
		r := New(SegmentBytes, series)
		for s := range uint32(series) {
			r.Add(s, 0) // else the first call makes the cells
		}
		for r.Put(metric.Record{}, Int) {
		}
		if r.unheld.Load() == 0 {
			t.Fatal("there is no way through assembly")
		}
		return r
	}
	assembly, held := full(), full()
	clock.Calibrate() // as a rule a tick is no nanosecond after it
	clock.Correct([]int64{20})
	ticks := []metric.Value{metric.IntValue(-1), metric.IntValue(math.MinInt64), metric.IntValue(math.MaxInt64 / 3)}
	for n := range int64(100) { // some are rounded up, some down
		ticks = append(ticks, metric.IntValue(n), metric.IntValue(n*n*n*n))
	}
	huge := metric.FloatValue(math.MaxFloat64)
	for _, c := range []struct {
		o      Overflow
		values []metric.Value
	}{
		{Ticks, ticks},
		{Int, []metric.Value{metric.IntValue(7), metric.IntValue(-9), metric.IntValue(math.MaxInt64), metric.IntValue(math.MaxInt64)}},
		{Float, []metric.Value{metric.FloatValue(0.1), metric.FloatValue(-3), huge, huge, metric.FloatValue(1e300), metric.FloatValue(-math.MaxFloat64)}},
		{CountOnly, []metric.Value{metric.FloatValue(5), metric.FloatValue(6)}},
	} {
		for _, s := range []uint32{0, 251, 256, 600, series - 4, math.MaxUint32 - 4} { // the table is as long as a power of two, and goes around
			s += uint32(c.o)
			for i, v := range c.values {
				rec := metric.Record{Series: s, Value: v}
				if i%2 == 0 {
					assembly.Sleeping()
				}
				if put(assembly, rec, c.o) || held.putHolding(rec, c.o) {
					t.Fatal("there was room")
				}
				gotN, got := assembly.CellFloat(s)
				wantN, want := held.CellFloat(s)
				if gotN != wantN || math.Float64bits(got) != math.Float64bits(want) || gotN < uint64(i+1) {
					t.Errorf("overflow %d, series %d, value %d: %d calls with sum %x, want %d with %x", c.o, s, i, gotN, math.Float64bits(got), wantN, math.Float64bits(want))
				}
			}
		}
	}
}
