package zprom

import (
	"log/slog"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/internal/seldom"
)

// trouble is a kind of what goes wrong.
type trouble int

const (
	failed  trouble = iota // Gather returned an error; what came with it is used
	late                   // a gathering took too long, or the one before has not returned yet
	full                   // a series found no room
	strange                // a type that nothing is made of, or a metric that lacks what its type says
	double                 // a series that was in the same gathering before
	troubles
)

var (
	reasons = [troubles]string{"error", "slow", "full", "type", "double"}
	texts   = [troubles]string{
		"gathering failed, at least in part; the rest is recorded",
		"gathering takes too long; nothing of it is recorded",
		"there is no room for more series: see Config.MaxSeries",
		"metrics of that type are not recorded, nor those that lack what it says",
		"what was gathered has a series twice; the first is recorded",
	}
)

// troubler counts trouble, and tells of it seldom. The bridge's mutex guards it.
type troubler struct {
	log   *slog.Logger
	count [troubles]*zibrato.Counter
	total [troubles]uint64
	line  [troubles]seldom.Line
}

func newTroubler(z *zibrato.Scope, log *slog.Logger) *troubler {
	t := &troubler{log: log}
	for k := range t.count {
		t.count[k] = z.NewCounter("prometheus.bridge.misuse", zibrato.Tag("reason", reasons[k]), zibrato.WithHelp("What went wrong while Prometheus' metrics were gathered."))
	}
	return t
}

// met counts one of that kind. about says more of it.
func (t *troubler) met(k trouble, about ...any) {
	t.count[k].Inc()
	t.total[k]++
	if since, due := t.line[k].Due(t.total[k], quietFor, time.Now()); due {
		t.log.Warn("zprom: "+texts[k], append(about, "times", since)...)
	}
}
