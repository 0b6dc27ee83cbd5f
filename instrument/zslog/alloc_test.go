//go:build !race

// The race detector allocates on its own.

package zslog

import (
	"io"
	"log/slog"
	"testing"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/zibratotest"
)

func TestARecordAllocatesNoMoreThanWithoutIt(t *testing.T) {
	rec, off := zibratotest.New(t), zibrato.New(zibrato.Config{})
	for name, bare := range map[string]slog.Handler{"text": slog.NewTextHandler(io.Discard, nil), "nothing": counting{}} {
		for state, scope := range map[string]*zibrato.Scope{"watched": rec.With(), "unwatched": off.With()} {
			allocs := func(h slog.Handler) float64 {
				l := slog.New(h)
				return testing.AllocsPerRun(1000, func() { l.Info("x", "a", 1) })
			}
			if got, want := allocs(Handler(bare, Config{Scope: scope})), allocs(bare); got != want {
				t.Errorf("%s, %s: %v allocations, want %v", name, state, got, want)
			}
		}
	}
}
