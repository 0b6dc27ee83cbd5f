package ring_test

import (
	"fmt"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

func Example() {
	r := ring.New(0, 2)
	for v := range int64(3) {
		r.Put(metric.Record{Series: 1, Value: metric.IntValue(v)}, ring.Int)
	}
	n := r.Drain(func(records []metric.Record) {
		for _, rec := range records {
			fmt.Println(rec.Series, rec.Value.Int())
		}
	})
	fmt.Println(n, "visited")
	// Unordered output:
	// 1 0
	// 1 1
	// 1 2
	// 3 visited
}

func ExampleNew() {
	r := ring.New(ring.DefaultBytes, 100)
	fmt.Println(r.Drain(func([]metric.Record) {}), "records")
	// Output: 0 records
}

func ExampleRing_Put() {
	r := ring.New(0, 1)
	fmt.Println(r.Put(metric.Record{Series: 0, Value: metric.FloatValue(0.5)}, ring.Float))
	// Output: true
}

func ExampleRing_PutTiming() {
	r := ring.New(0, 1)
	r.PutTiming(0, 1000, 1042) // as clock.Ticks read
	r.Drain(func(records []metric.Record) { fmt.Println(records[0].Value.Int(), "ticks") })
	// Output: 42 ticks
}

// A call that finds no room still counts.
func ExampleOverflow() {
	r := ring.New(ring.SegmentBytes, 1)
	for r.Put(metric.Record{Value: metric.IntValue(1)}, ring.Int) {
	}
	r.Put(metric.Record{Value: metric.IntValue(5)}, ring.CountOnly)
	fmt.Println(r.Cell(0))
	// Output: 2 1
}

func ExampleRing_Drain() {
	r := ring.New(0, 1)
	r.Put(metric.Record{Value: metric.IntValue(7)}, ring.Int)
	visit := func(records []metric.Record) { fmt.Println(records[0].Value.Int()) } // lent: copy what shall last
	fmt.Println(r.Drain(visit))
	fmt.Println(r.Drain(visit))
	// Output:
	// 7
	// 1
	// 0
}

func ExampleNewScratch() {
	r := ring.NewScratch()
	r.Put(metric.Record{Value: metric.IntValue(5)}, ring.Int)
	r.Drain(func(records []metric.Record) { fmt.Println(len(records), records[0].Value.Int()) })
	// Output: 1 5
}

func ExampleRing_Add() {
	r := ring.New(0, 1)
	r.Add(0, 5)
	r.Add(0, -2)
	fmt.Println(r.Cell(0))
	// Output: 2 3
}

// Who adds often to a series takes its cells.
func ExampleCells() {
	r := ring.New(0, 1)
	cells := r.Cells(0)
	cells.Add(5)
	cells.Add(-2)
	fmt.Println(r.Cell(0))
	// Output: 2 3
}

// A distribution's calls that found no room for their records.
func ExampleRing_CellFloat() {
	r := ring.New(ring.SegmentBytes, 1)
	kept := 0
	for r.Put(metric.Record{Value: metric.FloatValue(0.5)}, ring.Float) {
		kept++
	}
	r.Put(metric.Record{Value: metric.FloatValue(0.25)}, ring.Float)
	fmt.Println(r.CellFloat(0))
	// Output: 2 0.75
}

// Only the cells that changed need a look.
func ExampleRing_Changed() {
	r := ring.New(0, 1000)
	r.Add(300, 1)
	look := func(first, last uint32) { fmt.Println("series", first, "to", last-1) }
	r.Changed(look)
	r.Changed(look)
	// Output: series 256 to 511
}

// A drain sleeps until something was written.
func ExampleRing_Sleeping() {
	r := ring.New(0, 1)
	written := r.Sleeping()
	r.Add(0, 1)
	<-written
	r.Awake()
	fmt.Println(r.Cell(0))
	// Output: 1 1
}

// A drain that takes its time is told when it should not.
func ExampleRing_Filling() {
	r := ring.New(4*ring.SegmentBytes, 1)
	for range 2 * r.Room() {
		r.Put(metric.Record{}, ring.Int)
	}
	<-r.Filling()
	fmt.Println("time to drain")
	// Output: time to drain
}

func ExampleRing_Wake() {
	r := ring.New(0, 1)
	ready := r.Sleeping()
	r.Wake() // something else asks for a drain
	<-ready
	r.Awake()
	fmt.Println("awake")
	// Output: awake
}

func ExampleRing_Resize() {
	r := ring.New(0, 1)
	r.Resize(0, 10)
	r.Add(9, 1)
	fmt.Println(r.Cell(9))
	// Output: 1 1
}

func ExampleRing_Room() {
	r := ring.New(2*ring.SegmentBytes, 1)
	fmt.Println(r.Room())
	// Output: 8192
}
