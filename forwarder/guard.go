package forwarder

import (
	"log/slog"
	"sync"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/internal/seldom"
	"github.com/zibrato/zibrato/keys"
)

// guard knows who may connect to one side. The zero guard stands at a side without keys. Three goroutines use it: the one that answers for keys
// decides, that of the watch loads the list, that of the sockets reports other strangers.
type guard struct {
	refused atomic.Uint64 // first, so that it is aligned on 32-bit platforms
	side    string        // for the log
	log     *slog.Logger
	list    *keys.List // owned by Start, then by the watch

	mu      sync.Mutex
	allowed keys.Set
	served  keys.Set // whom decide let in since the last expulsion; all of them were allowed once
	lines   struct{ key, stranger, list seldom.Line }
	counts  struct{ key, stranger, list uint64 }
}

func newGuard(side, path string, log *slog.Logger) (*guard, error) {
	g := &guard{side: side, log: log, list: keys.NewList(path), served: keys.Set{}}
	var err error
	if g.allowed, _, err = g.list.Load(); err != nil {
		return nil, err
	}
	return g, nil
}

// decide tells whether the key may connect now. It is a [zap.Decide].
func (g *guard) decide(key keys.Public, address string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.allowed.Has(key) {
		g.served[key] = struct{}{}
		return true
	}
	g.refused.Inc()
	g.counts.key++
	if since, due := g.lines.key.Due(g.counts.key, refusalLogInterval, time.Now()); due {
		g.log.Warn("forwarder: refused a key that is not on the list", "side", g.side, "key", key.String(), "address", address, "count", since)
	}
	return false
}

// stranger counts a peer that got no further than the beginning of the handshake.
func (g *guard) stranger() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refused.Inc()
	g.counts.stranger++
	if since, due := g.lines.stranger.Due(g.counts.stranger, refusalLogInterval, time.Now()); due {
		g.log.Warn("forwarder: refused a peer that has no key, or knows another key of this forwarder than it has", "side", g.side, "count", since)
	}
}

// reload looks at the list again. If that cannot be read, the last one stays in force. It reports whether somebody was let in who may
// not be any longer.
func (g *guard) reload() (stale bool) {
	allowed, changed, err := g.list.Load()
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		g.counts.list++
		if _, due := g.lines.list.Due(g.counts.list, refusalLogInterval, time.Now()); due {
			g.log.Error("forwarder: the list of keys cannot be read; the last one stays in force", "side", g.side, "error", err)
		}
	}
	if changed {
		if !same(allowed, g.allowed) {
			g.log.Info("forwarder: the list of keys has changed", "side", g.side, "keys", len(allowed))
		}
		g.allowed = allowed
	}
	for key := range g.served {
		if !g.allowed.Has(key) {
			return true
		}
	}
	return false
}

func same(a, b keys.Set) bool {
	for key := range a {
		if !b.Has(key) {
			return false
		}
	}
	return len(a) == len(b)
}

// expelled says that all connections are being closed.
func (g *guard) expelled() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.served)
	g.log.Info("forwarder: a key was taken off the list; all connections are made anew", "side", g.side)
}
