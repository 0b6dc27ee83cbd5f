package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/zibrato/zibrato"

	"github.com/zibrato/zibrato/cmd/zibrato/internal/search"
)

var (
	shed     = zibrato.NewCounter("load.shed", zibrato.AtLevel(zibrato.LevelWarning), zibrato.WithHelp("queries that were due and not sent, since too many waited"))
	failures = zibrato.NewCounter("load.failed", zibrato.AtLevel(zibrato.LevelError))
)

// The shape of the load.
const (
	tick       = 10 * time.Millisecond
	burstEvery = 3 * time.Second
	openEvery  = 8           // of so many queries that find something, one opens the best file
	patience   = time.Second // for a query
	maxRate    = 100_000
)

// The defaults of [LoadConfig].
const (
	DefaultConnections = 8
	DefaultRate        = 300 // queries a second
)

// LoadConfig says what load to make.
type LoadConfig struct {
	Services    []string      // URLs; all hold a part of the corpus, and each query goes to all
	Corpus      string        // the directory whose words are searched for
	Limits      search.Limits // the services' limits
	Seed        uint64        // of the queries
	Connections int           // to each service; also how many queries are under way at once. 0 means DefaultConnections
	Rate        float64       // queries a second, between bursts; 0 means DefaultRate
	Burst       int           // queries at once, every three seconds; 0 means half a second's
}

func (c LoadConfig) withDefaults() (LoadConfig, error) {
	c.Connections = cmp.Or(c.Connections, DefaultConnections)
	c.Rate = cmp.Or(c.Rate, DefaultRate)
	c.Burst = cmp.Or(c.Burst, int(c.Rate/2))
	switch {
	case len(c.Services) == 0:
		return c, errors.New("load: LoadConfig.Services is empty: nobody to ask")
	case c.Connections < 0:
		return c, fmt.Errorf("load: LoadConfig.Connections is %d: want at least 1", c.Connections)
	case !(c.Rate > 0 && c.Rate <= maxRate):
		return c, fmt.Errorf("load: LoadConfig.Rate is %v: want more than 0 and at most %v", c.Rate, float64(maxRate))
	case c.Burst < 0:
		return c, fmt.Errorf("load: LoadConfig.Burst is %d: want at least 1", c.Burst)
	}
	return c, nil
}

// Load searches the services, at a steady rate and now and then in bursts, until ctx ends. Queries that fail are counted
// as load.failed; those that the services are too slow for are left out and counted as load.shed.
func Load(ctx context.Context, cfg LoadConfig) error {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return err
	}
	q, err := newQueries(os.DirFS(cfg.Corpus), cfg.Limits, cfg.Seed)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	c := newClient(cfg.Services, cfg.Connections)
	defer c.close()

	// A second's work may wait.
	waiting := make(chan string, int(cfg.Rate)+cfg.Burst)
	stop := zibrato.NewGaugeFunc("load.waiting", func() float64 { return float64(len(waiting)) })
	defer stop()

	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(waiting)
	for range cfg.Connections {
		wg.Go(func() { work(ctx, c, waiting) })
	}
	pace(ctx, cfg, func() {
		select {
		case waiting <- q.next():
		default:
			shed.Inc()
		}
	})
	return nil
}

// pace calls send for each query when it is due, until ctx ends.
func pace(ctx context.Context, cfg LoadConfig, send func()) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	start := time.Now()
	sent, bursts := 0, 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		elapsed := time.Since(start)
		due := int(elapsed.Seconds() * cfg.Rate)
		if n := int(elapsed / burstEvery); n > bursts {
			bursts = n
			for range cfg.Burst {
				send()
			}
		}
		for ; sent < due; sent++ {
			send()
		}
	}
}

// work does queries until there are none or ctx ends. What is under way then is brought to its end.
func work(ctx context.Context, c *client, queries <-chan string) {
	hits := 0
	for query := range queries {
		if ctx.Err() != nil {
			return
		}
		asked, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		best, err := c.search(asked, query)
		if len(best) > 0 {
			if hits++; hits%openEvery == 0 {
				_, err = c.open(asked, best[0])
			}
		}
		cancel()
		if err != nil && !errors.Is(err, errRefused) {
			failures.Inc()
		}
	}
}
