package zibrato

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
	"go.uber.org/atomic"
)

// ErrClosed is what a closed recorder answers.
var ErrClosed = errors.New("zibrato: the recorder is closed")

// ErrConsumed says that a recorder can no longer be configured.
var ErrConsumed = errors.New("zibrato: the recorder is being consumed already; configure it before anything is started")

// maxLevels bounds the levels of a recorder. Past it, new ones fall on info.
const maxLevels = 256

// Recorder owns instruments, the rings that they write to, and the goroutine that drains these. The functions of the package work on
// the [Default] one; own ones isolate libraries and tests. It has all methods of [Scope]. A Recorder that nothing
// consumes has no goroutine. [New] makes one: nil and the zero Recorder are none, and must not be used. Code that can do without measuring takes a *Scope, which may be nil.
type Recorder struct {
	// First, so that they are aligned on 32-bit platforms.
	misused    [misuses]atomic.Int64
	overflowed atomic.Int64
	lost       atomic.Int64                              // written by the drain
	handled    struct{ bytes, lost, spent atomic.Int64 } // see Tap.Report

	Scope

	cfg     Config
	ring    *ring.Ring
	process metric.Process
	begun   time.Time // monotonic origin of uptimes

	mu       sync.Mutex
	levels   map[Level]*level
	byKey    map[string]*series
	all      []*series // by id; grows only
	overflow [len(metric.Kinds) + 1]*series
	self     self // the series that the recorder keeps about itself
	own      int  // their number, beyond MaxSeries
	taps     []*Tap
	stop     chan struct{} // closed to end the drain goroutine; nil: there is none
	stopped  chan struct{} // closed when it ended
	consumed bool
	closed   bool
	notices  []string

	asks   asker
	merges merges

	// draining is the right to drain: who has sent into it owns what the drain owns. A channel, since Flush must be
	// able to give up waiting.
	draining chan struct{}
	hurry    chan struct{}            // ready: pass soon
	full     map[*level]time.Duration // levels whose totals go out in full next, and at which uptime somebody asked for that; nil: nobody chose anew. Guarded by mu
	arrived  atomic.Bool              // there are some. Written under mu, read by the drain while it passes
	resumed  bool                     // a drain began whose predecessor left at any point. Guarded by mu

	// Owned by the drain.
	passes  uint64
	stretch uint64 // number of stretches of passes: a new one begins with each pass, and in one when a consumer is welcomed
	passing drainPass
	tally   tally
	swept   time.Duration // uptime of the last sweep
	asked   time.Duration // and of the last asking
	due     time.Duration // uptime at which a batch is old enough; 0: none waits
}

// New returns a recorder of its own. An invalid field of c takes its default, and the consumer is told.
func New(c Config) *Recorder {
	r := &Recorder{}
	r.init(c, &atomicFlag{}, &known{})
	return r
}

func newDefault() *Recorder {
	r := &Recorder{}
	r.init(Config{}, &infoOn, &stdKnown)
	return r
}

func (r *Recorder) init(c Config, info *atomicFlag, k *known) {
	full, faults := c.withDefaults()
	for _, f := range faults {
		r.notices = append(r.notices, f.Error()+"; the default holds")
	}
	r.cfg = full
	r.ring = ring.New(full.RingBytes, full.MaxSeries+ownSeries)
	r.begun = time.Now()
	r.draining = make(chan struct{}, 1)
	r.hurry = make(chan struct{}, 1)
	r.levels = map[Level]*level{}
	r.byKey = map[string]*series{}
	// No secret, so the runtime's generator, which the kernel seeds, will do. crypto/rand would make every program that imports this a fifth heavier.
	binary.NativeEndian.PutUint64(r.process.Recorder[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(r.process.Recorder[8:], rand.Uint64())
	r.process.PID = uint32(os.Getpid())
	r.process.Start = r.begun
	host, _ := os.Hostname()
	if host != "" {
		r.process.Host, _ = metric.LegalName(host)
	}
	if len(os.Args) > 0 {
		r.process.Program, _ = metric.LegalName(filepath.Base(os.Args[0]))
	}
	r.levels[LevelInfo] = newLevel(LevelInfo, info)
	r.initScope(&r.Scope, attributes{level: LevelInfo}, k)
	r.mu.Lock()
	r.addOwnSeries()
	r.mu.Unlock()
}

func (r *Recorder) initScope(s *Scope, a attributes, k *known) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.r, s.attrs, s.known = r, a, k
	k.init(s)
	r.level(a.level).addScope(&s.on)
}

func (r *Recorder) configure(c Config) error {
	full, faults := c.withDefaults()
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return ErrClosed
	case r.consumed:
		return ErrConsumed
	}
	r.cfg = full
	r.ring.Resize(full.RingBytes, max(full.MaxSeries+ownSeries, len(r.all))) // instruments may be there already
	return nil
}

// level returns the level of that label. The caller holds mu.
func (r *Recorder) level(label Level) *level {
	if label == "" {
		label = LevelInfo
	}
	if l := r.levels[label]; l != nil {
		return l
	}
	legal, ok := metric.LegalLevel(string(label))
	if !ok {
		r.illegal(misuseLevel, "level %q is not legal and is called %q", clip(string(label)), legal)
		if l := r.levels[legal]; l != nil {
			return l
		}
	}
	if len(r.levels) >= maxLevels {
		r.illegal(misuseLevel, "more than %d levels: %q falls on info", maxLevels, legal)
		return r.levels[LevelInfo]
	}
	l := newLevel(Level(strings.Clone(string(legal))), &atomicFlag{})
	r.levels[l.label] = l
	r.switchLevel(l)
	return l
}

// instrument finds or makes the instrument of a series. kept is false when it counts on an overflow series.
func (r *Recorder) instrument(k metric.Kind, name string, a attributes) (handle any, kept bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.level(a.level)
	d := metric.Series{Kind: k, Level: l.label, Unit: metric.LegalText(a.unit, metric.MaxUnitLen), Help: metric.LegalText(a.help, metric.MaxHelpLen)}
	d.Name, _ = metric.LegalName(name)
	if a.source != "" && a.source != r.cfg.Source {
		d.Source, _ = metric.LegalName(a.source)
	}
	d.Tags = legalTags(a.tags)
	key := d.Key()
	if s := r.byKey[key]; s != nil {
		return s.handle, true
	}
	r.countIllegal(name, a, &d) // once for each series that it makes
	if len(r.all)-r.own >= r.cfg.MaxSeries {
		if r.overflowed.Inc() == 1 {
			r.noticeLocked("more than %d series: new ones count on %s", r.cfg.MaxSeries, overflowSeries)
		}
		return r.overflowing(k, l), false
	}
	return r.addSeries(key, d, l).handle, true
}

// overflowing returns the instrument that counts on the overflow series of its kind while its own level is on.
func (r *Recorder) overflowing(k metric.Kind, l *level) any {
	if l.overflow[k] == nil {
		handle, on := newHandle(r, r.overflow[k])
		l.overflow[k] = handle
		l.add(on)
	}
	return l.overflow[k]
}

func legalTags(tags []metric.Tag) []metric.Tag {
	if len(tags) == 0 {
		return nil
	}
	legal := make([]metric.Tag, len(tags))
	for i, t := range tags {
		legal[i], _ = metric.LegalTag(t)
	}
	legal = metric.SortTags(legal)
	return legal[:min(len(legal), metric.MaxTags)]
}

// addSeries adds a series. It copies the strings, so that no name pins the body it was cut from. The caller holds mu.
func (r *Recorder) addSeries(key string, d metric.Series, l *level) *series {
	for _, s := range []*string{&d.Name, &d.Source, &d.Unit, &d.Help} {
		*s = strings.Clone(*s)
	}
	for i, t := range d.Tags {
		d.Tags[i] = metric.Tag{Key: strings.Clone(t.Key), Value: strings.Clone(t.Value)}
	}
	s := &series{r: r, id: uint32(len(r.all)), kind: d.Kind, level: l, desc: d, entry: [details]int{-1, -1}}
	handle, on := newHandle(r, s)
	s.handle = handle
	l.add(on)
	r.all = append(r.all, s)
	r.byKey[key] = s
	return s
}

// switchLevel sets the level's flags by what is wanted. The caller holds mu.
func (r *Recorder) switchLevel(l *level) {
	var on, wanted uint32
	if len(r.taps) > 0 && slices.Contains(r.cfg.AlwaysOn, l.label) {
		on = 1
	}
	for _, t := range r.taps {
		for d := range t.match {
			if t.match.includes(l.label, metric.Detail(d)) {
				on, wanted = 1, wanted|1<<d
			}
		}
	}
	l.wanted.Store(wanted)
	l.turn(on)
}

// Close hands what is recorded to the consumers, detaches them and ends the drain. Later calls of instruments do nothing. It is idempotent.
func (r *Recorder) Close() error {
	r.mu.Lock()
	r.closed = true
	taps := slices.Clone(r.taps)
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	var errs []error
	for _, t := range taps {
		errs = append(errs, t.Close(ctx))
	}
	return errors.Join(errs...)
}

const closeTimeout = 2 * time.Second

// ID returns what names this recorder in its batches.
func (r *Recorder) ID() metric.RecorderID { return r.process.Recorder }
