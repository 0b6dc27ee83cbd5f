package metric

import (
	"math"
	"time"

	"github.com/zibrato/zibrato/internal/decode"
)

// reader takes the values of messages.
type reader struct{ decode.Reader }

func (r *reader) duration() time.Duration { return time.Duration(r.U64() & math.MaxInt64) }

func (r *reader) float() float64 { return math.Float64frombits(r.U64()) }

func notFinite(f float64) bool { return math.IsNaN(f) || math.IsInf(f, 0) }
