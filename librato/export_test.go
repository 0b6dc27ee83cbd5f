package librato

import (
	"time"

	"github.com/zibrato/zibrato/backend"
)

// NewAt is New with a clock of the test's.
func NewAt(cfg Config, now func() time.Time) backend.Sink {
	s := New(cfg).(*sink)
	s.now = now
	return s
}
