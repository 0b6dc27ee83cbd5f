//go:build linux && amd64 && gc && !race && !zibrato_portable

package ring

import (
	"slices"
	"sync"
	"testing"

	"github.com/zibrato/zibrato/internal/machinecode"
)

// Where this fails, a new version of Go has come: counting is as exact as before and takes longer, until add reads what the new procPin reads, and
// pinCode is that.
func TestThisVersionOfGoIsKnown(t *testing.T) {
	if !unheld {
		t.Errorf("procPin is %#x here, want %#x", *codeOf(procPin), pinCode)
	}
}

// What procPin reads is at the same places for the disassembler, too.
func TestPinCodeReadsWhatAddReads(t *testing.T) {
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
	pin, add := reads("runtime.procPin"), reads(addHereSymbol)
	if len(pin) != 3 || len(add) != 3 || pin[0] != add[0] || pin[1].offset != add[1].offset || pin[2].offset != add[2].offset {
		t.Errorf("procPin reads %v, and add %v", pin, add)
	}
}

// A loop that only counts must be stopped as soon as any other.
func TestCountingAsksWhetherToStop(t *testing.T) {
	program := disassembled(t, "amd64")
	for _, symbol := range []string{"github.com/zibrato/zibrato/ring.add.abi0", "github.com/zibrato/zibrato.inc.abi0"} {
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

// Under a runtime that is not known everything counts, too, and nothing without a shard.
func TestCellsOfAnUnknownRuntime(t *testing.T) {
	defer func(was bool) { unheld = was }(unheld)
	unheld = false
	r := New(0, 1)
	cells := r.Cells(0)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10_000 {
				cells.Add(2)
			}
		})
	}
	wg.Wait()
	if n, sum := r.Cell(0); n != 40_000 || sum != 80_000 {
		t.Errorf("%d calls with sum %d, want 40000 with 80000", n, sum)
	}
	if cells.column.unheld.Load() != 0 {
		t.Error("they can be added to without a shard")
	}
}
