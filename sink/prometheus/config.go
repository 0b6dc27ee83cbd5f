package prometheus

import (
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"
)

// The defaults of [Config].
const (
	DefaultExpire      = 15 * time.Minute
	DefaultMaxSeries   = 100_000
	DefaultMaxScrapes  = 8
	DefaultSourceLabel = "source"
	DefaultLevelLabel  = "level"
)

// None as the name of a label leaves it out.
const None = "-"

// Config says how series are shown. The zero of every field is its default.
type Config struct {
	// Expire is how long a series may be without news until it is no longer shown; less than 0 means for ever. 0 leaves a series there as long as
	// anything is heard of its source (of its host and process, too, where the backend keeps them apart), and DefaultExpire more. What has not
	// changed, such as a gauge that is set once, is no news.
	Expire time.Duration

	// MaxSeries bounds the series that are shown or whose totals are kept; 0 means DefaultMaxSeries. Stale ones make room; what exceeds it is refused, and
	// counted and logged by the backend. A series takes about 1 KiB, a histogram 1.5 KiB more where most values lie within a
	// factor of ten, and 20 KiB more at most.
	MaxSeries int

	// Bounds are the upper bounds of the buckets that do without native histograms, in increasing order, by the word for the unit that ends the name, as "seconds" or
	// "bytes", or "" for all units that are not listed. An empty list leaves +Inf alone. Defaults: for seconds 1, 2.5 and 5 times the
	// powers of ten from 1e-6 to 100; for bytes the powers of 4 from 64 to 2^30; for ratios twentieths up to 1; for the rest 1, 2.5 and 5 times the powers of ten from 1e-3 to 1e6.
	Bounds map[string][]float64

	// SourceLabel and LevelLabel are the labels that hold source and level; empty means DefaultSourceLabel and DefaultLevelLabel, None leaves
	// the label out. Series stay apart even so, see the package comment.
	SourceLabel, LevelLabel string

	// NoCreated leaves out the _created lines of OpenMetrics, which some servers take for series. Protobuf has the times in any case.
	NoCreated bool

	// MaxScrapes is how many scrapes may be answered at once; 0 means DefaultMaxScrapes. More are refused with status 503. Each takes memory
	// for the whole answer: about 120 bytes a series and line of text.
	MaxScrapes int

	// Logger hears of names that had to be changed. Nil discards.
	Logger *slog.Logger
}

// withDefaults returns the config with its zero fields filled in, or an error that names the field at fault.
func (c Config) withDefaults() (Config, error) {
	for _, n := range []struct {
		name string
		v    *int
		def  int
	}{{"MaxSeries", &c.MaxSeries, DefaultMaxSeries}, {"MaxScrapes", &c.MaxScrapes, DefaultMaxScrapes}} {
		if *n.v < 0 {
			return c, fmt.Errorf("prometheus: Config.%s is %d: want more than 0, or 0 for %d", n.name, *n.v, n.def)
		}
		if *n.v == 0 {
			*n.v = n.def
		}
	}
	bounds := defaultBounds()
	for unit, list := range c.Bounds {
		for i, b := range list {
			if math.IsNaN(b) || math.IsInf(b, 0) || i > 0 && b <= list[i-1] {
				return c, fmt.Errorf("prometheus: Config.Bounds[%q] is %v: want finite numbers in increasing order", unit, list)
			}
		}
		if unit != "" && !isLabel(unit) {
			return c, fmt.Errorf("prometheus: Config.Bounds: %q is no unit: want the word that ends a name, such as seconds", unit)
		}
		bounds[unit] = slices.Clone(list)
	}
	c.Bounds = bounds
	for _, l := range []struct {
		name string
		v    *string
		def  string
	}{{"SourceLabel", &c.SourceLabel, DefaultSourceLabel}, {"LevelLabel", &c.LevelLabel, DefaultLevelLabel}} {
		if *l.v == "" {
			*l.v = l.def
		}
		if *l.v != None && (!isLabel(*l.v) || slices.Contains(reserved[:], *l.v)) {
			return c, fmt.Errorf("prometheus: Config.%s is %q: want a label's name, or %q for none", l.name, *l.v, None)
		}
	}
	if c.SourceLabel == c.LevelLabel && c.SourceLabel != None {
		return c, fmt.Errorf("prometheus: Config.LevelLabel is %q, and so is Config.SourceLabel", c.LevelLabel)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// defaultBounds are what [Config].Bounds says.
func defaultBounds() map[string][]float64 {
	var bytes, ratio []float64
	for b := 64.0; b <= 1<<30; b *= 4 {
		bytes = append(bytes, b)
	}
	for i := 1.0; i <= 20; i++ {
		ratio = append(ratio, i/20)
	}
	return map[string][]float64{"seconds": decades(-6, 2), "bytes": bytes, "ratio": ratio, "": decades(-3, 6)}
}

// decades are 1, 2.5 and 5 times the powers of ten from the first exponent to the last, which ends it.
func decades(first, last int) (bounds []float64) {
	for e := first; e < last; e++ {
		for _, m := range [...]float64{10, 25, 50} { // over a power of ten, so that each is the float64 nearest to the decimal
			if e <= 1 {
				bounds = append(bounds, m/math.Pow10(1-e))
			} else {
				bounds = append(bounds, m*math.Pow10(e-1))
			}
		}
	}
	return append(bounds, math.Pow10(last))
}
