//go:build cgo

package subscriber

import (
	"slices"

	"github.com/zibrato/zibrato/metric"
)

// Levels returns the levels that are asked for; empty means all.
func (s *Subscriber) Levels() metric.Levels { return slices.Clone(s.cfg.Levels) }
