package store_test

import (
	"bytes"
	"fmt"
	"time"

	"github.com/zibrato/zibrato/backend/store"
	"github.com/zibrato/zibrato/metric"
)

// What a window.<n> holds.
func ExampleDecodeWindow() {
	begun := time.Unix(1_700_000_040, 0)
	jobs := &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: "jobs.done"}
	file, _ := store.AppendWindow(nil, &metric.Window{
		Start: begun, End: begun.Add(time.Minute), Interval: time.Minute,
		Series: []metric.Aggregate{{Series: jobs, Count: 2, Sum: 5, IntSum: 5}},
	})
	w, err := store.DecodeWindow(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range w.Series {
		fmt.Println(w.Start.UTC().Format(time.TimeOnly), a.Name, a.Count, a.IntSum)
	}
	// Output: 22:14:00 jobs.done 2 5
}

// What a log.<g> holds, when a kill came while its last record was written.
func ExampleReadLog() {
	now := time.Unix(1_700_000_000, 0)
	b := &metric.Batch{Process: metric.Process{Recorder: metric.RecorderID{1}, Host: "h"}, Level: metric.Info, Base: now}
	file := []byte("zblog001")
	for b.Seq = 1; b.Seq <= 3; b.Seq++ {
		file = store.AppendRecord(file, b, now, now)
	}
	got, err := store.ReadLog(bytes.NewReader(file[:len(file)-1]), func(b *metric.Batch, at time.Time) {
		fmt.Println("batch", b.Seq, "received", at.UTC().Format(time.TimeOnly))
	})
	fmt.Println(got.Torn, err)
	// Output:
	// batch 1 received 22:13:20
	// batch 2 received 22:13:20
	// true <nil>
}
