package metric

import (
	"fmt"
	"math"
)

// Kind says what an instrument measures and so how its values are stored, merged and shown. The numbers are part of
// the wire and never change.
type Kind uint8

const (
	Timer        Kind = 1 // durations: int64 nanoseconds, shown in seconds
	Counter      Kind = 2 // only grows: int64; a sample is its growth in one drain
	UpDown       Kind = 3 // goes up and down: int64; a sample is its value after one drain
	Gauge        Kind = 4 // a value that is set: float64
	Distribution Kind = 5 // values of any unit whose spread matters: float64
)

// Kinds lists every kind, in the order of their numbers.
var Kinds = [...]Kind{Timer, Counter, UpDown, Gauge, Distribution}

var kindNames = [...]string{Timer: "timer", Counter: "counter", UpDown: "updown", Gauge: "gauge", Distribution: "distribution"}

// String returns the kind's name in lower case: timer, counter, updown, gauge or distribution.
func (k Kind) String() string {
	if !k.Valid() {
		return fmt.Sprintf("kind(%d)", uint8(k))
	}
	return kindNames[k]
}

// Valid reports whether k is one of the five kinds.
func (k Kind) Valid() bool { return k >= Timer && k <= Distribution }

// Integer reports whether the kind's values and sums are int64 (timer, counter, up-down counter) rather than float64.
func (k Kind) Integer() bool { return k == Timer || k == Counter || k == UpDown }

// InUnits converts a value of this kind to the number that people see: seconds for a timer, the number itself for all
// others.
func (k Kind) InUnits(v Value) float64 {
	switch {
	case k == Timer:
		return float64(v.Int()) / 1e9
	case k.Integer():
		return float64(v.Int())
	default:
		return v.Float()
	}
}

// Value is the 64-bit word in which a sample or a sum travels. Whether it holds an int64 or a float64 is for the
// series' Kind to say, see [Kind.Integer].
type Value uint64

// IntValue makes a Value for a timer (nanoseconds), a counter or an up-down counter.
func IntValue(i int64) Value { return Value(i) }

// FloatValue makes a Value for a gauge or a distribution.
func FloatValue(f float64) Value { return Value(math.Float64bits(f)) }

// Int reads the Value of a timer (nanoseconds), a counter or an up-down counter.
func (v Value) Int() int64 { return int64(v) }

// Float reads the Value of a gauge or a distribution.
func (v Value) Float() float64 { return math.Float64frombits(uint64(v)) }
