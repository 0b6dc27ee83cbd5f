package peers

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metrics"
)

// exposed returns what a set says of a series, 0 when it says nothing.
func exposed(tb testing.TB, set *metrics.Set, series string) float64 {
	var text strings.Builder
	set.WritePrometheus(&text)
	for line := range strings.Lines(text.String()) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			f, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			must(tb, err)
			return f
		}
	}
	return 0
}

func must(tb testing.TB, errs ...error) {
	tb.Helper()
	if err := errors.Join(errs...); err != nil {
		tb.Fatal(err)
	}
}
