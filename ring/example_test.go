package ring_test

import (
	"fmt"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

func Example() {
	r := ring.New(0, 2)
	for v := range int64(3) {
		if rec := (metric.Record{Series: 1, Value: metric.IntValue(v)}); !r.TryPut(rec) {
			r.Add(rec.Series, v) // no memory left for the sample: count it
		}
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

func ExampleRing_TryPut() {
	r := ring.New(0, 1)
	fmt.Println(r.TryPut(metric.Record{Series: 0, Value: metric.FloatValue(0.5)}))
	// Output: true
}

func ExampleRing_Drain() {
	r := ring.New(0, 1)
	r.TryPut(metric.Record{Value: metric.IntValue(7)})
	visit := func(records []metric.Record) { fmt.Println(records[0].Value.Int()) } // lent: copy what shall last
	fmt.Println(r.Drain(visit))
	fmt.Println(r.Drain(visit))
	// Output:
	// 7
	// 1
	// 0
}

func ExampleRing_Add() {
	r := ring.New(0, 1)
	r.Add(0, 5)
	r.Add(0, -2)
	fmt.Println(r.Cell(0))
	// Output: 2 3
}

func ExampleRing_AddFloat() {
	r := ring.New(0, 1)
	r.AddFloat(0, 0.5)
	r.AddFloat(0, 0.25)
	fmt.Println(r.CellFloat(0))
	// Output: 2 0.75
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
