package measure

import (
	"testing"
	"time"
)

func TestTicksAgreeWithTheClock(t *testing.T) {
	rate := TicksPerNanosecond()
	before, from := time.Now(), Ticks()
	inner := time.Now()
	for time.Since(inner) < 5*time.Millisecond {
	}
	least := time.Since(inner)
	ticks := float64(Ticks()-from) / rate
	most := time.Since(before)
	// A tick more or less is granted, and what the rate was off by when the machine was busy.
	if ticks < 0.99*float64(least) || ticks > 1.01*float64(most)+100 {
		t.Errorf("%.0f ns by ticks, between %v and %v by the clock", ticks, least, most)
	}
}

func TestSpinsTakeLongerTheMoreThereAre(t *testing.T) {
	short, long := SpinsFor(time.Microsecond), SpinsFor(time.Millisecond)
	if short < 1 || long < 10*short {
		t.Errorf("%d steps for 1 µs, %d for 1 ms", short, long)
	}
	if Spin(1) == Spin(2) || Spin(3) != Spin(3) {
		t.Error("Spin does not compute")
	}
}
