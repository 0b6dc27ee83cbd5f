package zotel

import (
	"context"
	"fmt"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
)

// Provider is a metric.MeterProvider whose instruments record through Zibrato. Its methods may be called from any goroutine. A nil Provider gives meters that do
// nothing.
type Provider struct {
	embedded.MeterProvider

	cfg    Config
	misuse *zibrato.CounterVec
	passes *zibrato.Timer
	told   [reasons]atomic.Uint32 // complaints, by reason
	down   atomic.Bool            // instruments do nothing any more; written by Shutdown, read by every call

	mu          sync.Mutex // guards all below
	meters      map[library]*meter
	units       map[family]string // of series
	shared      *registry         // of all meters; nil: each has its own
	observables []settler
	callbacks   []*callback
	quit        chan struct{} // closed to end the goroutine that calls back; nil: there is none
	quitted     chan struct{} // closed when it ended
	closing     bool          // nothing new begins

	passing chan struct{} // holds one token during a pass
	// Owned by who holds the token.
	pass  uint64
	stale bool // the last pass was left out, since nobody watched
}

// Start returns a provider, which is to be shut down, before what consumes the recorder. It fails if the configuration is wrong.
func Start(c Config) (*Provider, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	p := &Provider{
		cfg: c, meters: map[library]*meter{}, units: map[family]string{}, passing: make(chan struct{}, 1),
		misuse: c.Scope.NewCounterVec("otel.bridge.misuse", []string{"reason"}, zibrato.WithHelp("What was called wrongly, or went wrong in callbacks.")),
		passes: c.Scope.NewTimer("otel.bridge.pass", zibrato.WithHelp("Calling all callbacks once.")),
	}
	if c.WithoutScopes {
		p.shared = newRegistry()
	}
	return p, nil
}

// library is what tells meters apart.
type library struct {
	name, version, schema string
	attributes            attribute.Distinct
}

// Meter returns the meter of a library: the same for the same name, version, schema and attributes. After Shutdown meters do nothing.
func (p *Provider) Meter(name string, opts ...metric.MeterOption) metric.Meter {
	if p == nil || p.passing == nil {
		return noop.Meter{}
	}
	c := metric.NewMeterConfig(present(opts)...)
	set := c.InstrumentationAttributes()
	id := library{name, c.InstrumentationVersion(), c.SchemaURL(), set.Equivalent()}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return noop.Meter{}
	}
	m := p.meters[id]
	if m == nil {
		m = p.newMeter(name, set)
		if len(p.meters) < mostKept {
			p.meters[id] = m
		}
	}
	return m
}

func (p *Provider) newMeter(name string, set attribute.Set) *meter {
	if p.shared != nil {
		return &meter{p: p, name: name, scope: p.cfg.Scope, registry: p.shared}
	}
	tags := tagsOf("otel.scope.", set)
	if name != "" {
		tags = append(tags, zibrato.Tag("otel.scope.name", name))
	}
	return &meter{
		p: p, name: name, scope: p.cfg.Scope.With(tags...), registry: newRegistry(),
		tagged: library{name: name, attributes: set.Equivalent()},
	}
}

// ForceFlush calls the callbacks now, beside what the interval brings. What is recorded reaches a backend or a publisher when that is flushed.
func (p *Provider) ForceFlush(ctx context.Context) error {
	if p == nil || p.passing == nil {
		return nil
	}
	return p.collect(ctx)
}

// Shutdown calls the callbacks a last time, waits for those under way, and ends the provider: instruments do nothing from then on. When ctx
// ends first it returns an error, and the provider is ended all the same. Calls after the first do nothing.
func (p *Provider) Shutdown(ctx context.Context) error {
	if p == nil || p.passing == nil {
		return nil
	}
	p.mu.Lock()
	was := p.closing
	p.closing = true
	quit, quitted := p.quit, p.quitted
	p.mu.Unlock()
	if was {
		return nil
	}
	defer p.down.Store(true)
	if quit == nil {
		return nil
	}
	close(quit)
	select {
	case <-quitted:
	case <-ctx.Done():
		return fmt.Errorf("zotel: shut down: %w", ctx.Err())
	}
	if err := p.collect(ctx); err != nil {
		return err
	}
	return p.await(ctx)
}

// reason is what complaints are about.
type reason int

const (
	duplicate    reason = iota // an instrument was made again, but for kind, unit, description or case
	notFinite                  // NaN, an infinity, or too large for a whole number
	unregistered               // a callback observed what it was not registered for
	failed                     // a callback returned an error
	panicked                   // or panicked
	slow                       // or took longer than Config.Every
	reasons
)

var reasonNames = [reasons]string{"duplicate", "not_finite", "unregistered", "error", "panic", "slow"}

// complain counts what went wrong, and logs the 1st, 2nd, 4th, 8th … of each reason.
func (p *Provider) complain(r reason, text string, about ...any) {
	p.misuse.With(reasonNames[r]).Inc()
	if n := p.told[r].Inc(); n&(n-1) == 0 {
		p.cfg.Logger.Warn("zotel: "+text, append(about, "times", n)...)
	}
}

// refuse complains about a value.
func (p *Provider) refuse(name string) {
	p.complain(notFinite, "a value is no number, or too large for a whole one, and is ignored", "name", name)
}
