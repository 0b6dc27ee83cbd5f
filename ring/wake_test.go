package ring_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

// The drain sleeps exactly as the recorder does, and must see every record without anybody else waking it.
func TestNoWakeIsLost(t *testing.T) {
	r := ring.New(0, 8)
	const rounds = 20_000
	step := make(chan struct{})
	var wg sync.WaitGroup
	cells := r.Cells(2)
	wg.Go(func() {
		for i := range int64(rounds) {
			switch i % 3 {
			case 0:
				r.Put(rec(0, i), ring.Int)
			case 1:
				r.Add(1, 1)
			default:
				cells.Add(1)
			}
			<-step
		}
	})
	var known uint64
	look := func() (found bool) {
		n := uint64(r.Drain(func([]metric.Record) {}))
		a, _ := r.Cell(1)
		b, _ := r.Cell(2)
		if a+b+n > known {
			known = a + b
			return true
		}
		return false
	}
	give := time.NewTimer(time.Minute)
	defer give.Stop()
	for i := 0; i < rounds; {
		if look() {
			i++
			step <- struct{}{}
			continue
		}
		wake := r.Sleeping()
		if look() {
			r.Awake()
			i++
			step <- struct{}{}
			continue
		}
		select {
		case <-wake:
		case <-time.After(time.Millisecond):
			if look() { // it was written while the announcement was made
				i++
				step <- struct{}{}
				break
			}
			select {
			case <-wake:
			case <-give.C:
				t.Fatalf("round %d: a record was written and the drain was not woken", i)
			}
		}
		r.Awake()
	}
	wg.Wait()
}

func TestAnAwakeDrainIsNotWoken(t *testing.T) {
	r := ring.New(0, 1)
	r.Put(rec(0, 1), ring.Int)
	r.Add(0, 1)
	wake := r.Sleeping()
	select {
	case <-wake:
		t.Error("woken by what was written before it slept")
	default:
	}
	r.Put(rec(0, 1), ring.Int)
	r.Put(rec(0, 1), ring.Int)
	<-wake
	select {
	case <-wake:
		t.Error("woken twice")
	default:
	}
	r.Sleeping()
	r.Awake()
	r.Put(rec(0, 1), ring.Int)
	select {
	case <-wake:
		t.Error("woken while awake")
	default:
	}
	r.Wake()
	r.Wake()
	<-wake
}

// Whoever writes while the drain sleeps wakes it, without anybody's looking again.
func TestEachKindOfCallWakesTheDrain(t *testing.T) {
	r := ring.New(ring.SegmentBytes, 8)
	cells := r.Cells(2)
	calls := map[string]func(){
		"Put":        func() { r.Put(rec(0, 1), ring.Int) },
		"PutHolding": func() { r.PutHolding(rec(0, 1), ring.Int) },
		"Add":        func() { r.Add(1, 1) },
		"Cells.Add":  func() { cells.Add(1) },
	}
	for _, state := range []string{"with room", "full"} {
		for name, call := range calls {
			for range 3 { // the first makes what it needs
				wake := r.Sleeping()
				call()
				select {
				case <-wake:
				default:
					t.Errorf("%s: %s did not", state, name)
				}
				r.Awake()
			}
		}
		for range runtime.GOMAXPROCS(0) * 3 * ring.SegmentBytes / 16 {
			r.Put(rec(0, 1), ring.Int)
		}
	}
}

// What is not ready panics where recover helps.
func TestAZeroRingKillsNoProcess(t *testing.T) {
	for name, call := range map[string]func(*ring.Ring){
		"Put":   func(r *ring.Ring) { r.Put(rec(0, 1), ring.Int) },
		"Add":   func(r *ring.Ring) { r.Add(0, 1) },
		"Cells": func(r *ring.Ring) { r.Cells(0) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			call(new(ring.Ring))
		}()
	}
	if n, sum := new(ring.Ring).Cell(0); n != 0 || sum != 0 {
		t.Errorf("its cell has %d calls with sum %d", n, sum)
	}
}
