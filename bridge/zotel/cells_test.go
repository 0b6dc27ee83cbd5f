package zotel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/zibrato/zibrato/zibratotest"
)

func numbered(i int) attribute.Set { return attribute.NewSet(attribute.Int("i", i)) }

func TestEqualAttributesFindTheSameCell(t *testing.T) {
	made := map[string]int{}
	c := newCells(100, func(set attribute.Set) *string {
		text := set.Encoded(attribute.DefaultEncoder())
		made[text]++
		return &text
	})
	equal(t, "without attributes", *c.none(), "")
	for range 3 {
		for i := range 99 { // one of them is the overflow
			want := fmt.Sprint("i=", i)
			if i == 98 {
				want = "otel.metric.overflow=true"
			}
			equal(t, "cell", *c.of(numbered(i)), want)
		}
		equal(t, "without attributes", *c.none(), "")
	}
	equal(t, "cells", len(made), 100)
	for text, n := range made {
		equal(t, "times that "+text+" was made", n, 1)
	}
}

func TestCellsAreFoundByAllAtOnce(t *testing.T) {
	var mu sync.Mutex
	made := map[string]int{}
	const limit = 500
	c := newCells(limit, func(set attribute.Set) *string {
		mu.Lock()
		defer mu.Unlock()
		text := set.Encoded(attribute.DefaultEncoder())
		made[text]++
		return &text
	})
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 0))
			for range 5_000 {
				i := r.IntN(2 * limit)
				if got := *c.of(numbered(i)); got != fmt.Sprint("i=", i) && got != "otel.metric.overflow=true" {
					t.Errorf("%d finds %s", i, got)
				}
			}
		})
	}
	all.Wait()
	equal(t, "cells", len(made), limit)
	for text, n := range made {
		equal(t, "times that "+text+" was made", n, 1)
	}
}

// A look-up of what was seen before must not wait for who adds something, and neither must one that finds no room.
func TestLookUpsTakeNoLock(t *testing.T) {
	const limit = 100
	c := newCells(limit, func(attribute.Set) *int { return new(int) })
	c.none()
	for i := range limit / 2 {
		c.of(numbered(i))
		c.of(numbered(i)) // until readers have it
	}
	locked := func(lookUps func()) {
		t.Helper()
		c.mu.Lock()
		defer c.mu.Unlock()
		done := make(chan struct{})
		go func() {
			defer close(done)
			lookUps()
		}()
		select {
		case <-done:
		case <-time.After(patience):
			t.Fatal("a look-up waits")
		}
	}
	locked(func() {
		c.none()
		c.of(numbered(0))
	})
	equal(t, "without attributes found at once", c.bare.Load(), c.none())
	for i := range limit {
		c.of(numbered(i))
	}
	locked(func() {
		for i := range 2 * limit {
			c.of(numbered(i))
		}
	})
}

func TestNoNumberInASliceIsNoReasonToForget(t *testing.T) {
	b := start(t, Config{})
	c := must(b.Int64Counter("c"))
	for range 10 {
		c.Add(ctx, 1, metric.WithAttributes(attribute.Float64Slice("f", []float64{math.NaN()})))
	}
	equal(t, "sum", b.rec.Sum("c"), 10)
}

func TestMoreAttributesThanThereIsRoomFor(t *testing.T) {
	b := start(t, Config{MaxSets: 10})
	c, f := must(b.Int64Counter("c")), must(b.Float64Counter("f"))
	for range 3 {
		for i := range 100 {
			c.Add(ctx, 1, metric.WithAttributeSet(numbered(i)))
			f.Add(ctx, 0.5, metric.WithAttributeSet(numbered(i)))
		}
	}
	equal(t, "sum", b.rec.Sum("c"), 300)
	equal(t, "overflow", b.rec.Sum("c", zibratotest.Tag("otel.metric.overflow", "true")), 3*91)
	equal(t, "one that had room", b.rec.Sum("c", zibratotest.Tag("i", "8")), 3)
	equal(t, "overflow of fractions", b.rec.Sum("f", zibratotest.Tag("otel.metric.overflow", "true")), math.Floor(0.5*3*91))
	equal(t, "series", len(b.series()), 20)
}

func TestLargeAttributesAreCut(t *testing.T) {
	b := start(t, Config{})
	c := must(b.Int64Counter("c"))
	for range 2 {
		for _, end := range []string{"x", "y"} {
			c.Add(ctx, 1, with("k", strings.Repeat("x", 10_000)+end))
		}
	}
	equal(t, "sum", b.rec.Sum("c"), 4)
	equal(t, "series", len(b.series()), 2)
}
