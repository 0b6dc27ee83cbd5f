//go:build cgo

package main

import (
	"testing"
	"time"

	"github.com/zibrato/zibrato/forwarder"
)

func TestOnlyWhatIsOverdueForLongIsStuck(t *testing.T) {
	t.Parallel()
	for late, want := range map[time.Duration]string{0: "", tooLate: "", tooLate + 1600*time.Millisecond: "has not flushed for 32s"} {
		if got := overdue("has not flushed", late); got != want {
			t.Errorf("overdue by %v: %q, want %q", late, got, want)
		}
	}
}

func TestAForwarderThatGoesOnIsNotStuck(t *testing.T) {
	t.Parallel()
	f, err := forwarder.Start(forwarder.Config{In: "tcp://127.0.0.1:0", Out: "tcp://127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for range 3 {
		if why := (forwarding{Forwarder: f}).Stuck(); why != "" {
			t.Error(why)
		}
	}
}
