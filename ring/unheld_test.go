//go:build linux && amd64 && gc && !race && !zibrato_portable

package ring

import (
	"slices"
	"sync"
	"testing"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/internal/machinecode"
	"github.com/zibrato/zibrato/metric"
)

// Where this fails, a new version of Go has come: counting is as exact as before and takes longer, until add reads what the new procPin reads, and
// pinCode is that.
func TestThisVersionOfGoIsKnown(t *testing.T) {
	if !unheld {
		t.Errorf("procPin is %#x here, want %#x", *codeOf(procPin), pinCode)
	}
}

// What procPin reads is at the same places for the disassembler, too.
func TestPinCodeReadsWhatTheAssemblyReads(t *testing.T) {
	program := disassembled(t, "amd64")
	type read struct {
		reg    string
		offset int64
	}
	reads := func(symbol string) (rs []read) {
		for _, i := range program[symbol].Instrs {
			if len(i.Args) == 2 && i.Args[0].Kind == machinecode.Memory && len(rs) < 3 {
				rs = append(rs, read{i.Args[0].Reg, i.Args[0].Value})
			}
		}
		return rs
	}
	pin := reads("runtime.procPin")
	for _, symbol := range []string{addHereSymbol, putHereSymbol} {
		here := reads(symbol)
		if len(pin) != 3 || len(here) != 3 || pin[0] != here[0] || pin[1].offset != here[1].offset || pin[2].offset != here[2].offset {
			t.Errorf("procPin reads %v, and %s %v", pin, symbol, here)
		}
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
