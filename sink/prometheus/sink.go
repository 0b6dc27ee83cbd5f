package prometheus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

const (
	// keep is how long totals of series are kept that are no longer shown.
	keep = 24 * time.Hour
	// sweepEvery is how often those are looked for that are kept no longer.
	sweepEvery = time.Hour
	// remembered is how many windows are known again when they come a second time. One at most does.
	remembered = 16
)

var errClosed = errors.New("prometheus: sink is closed")

// Sink is a [backend.Sink] that serves what it was told to those who scrape it. It is an [net/http.Handler], safe for
// concurrent use and beside Write; register it at /metrics. After Close it goes on serving what it has.
type Sink struct {
	cfg Config
	now func() time.Time

	slots chan struct{} // holds a token for each scrape under way

	mu       sync.RWMutex
	families []*family // in the order of names

	// The rest is Write's and Close's alone.
	closed  bool
	index   map[string]*series // by Series.Key
	origins map[string]*origin
	byID    map[familyID]*family
	claimed map[string]bool // names of all that is shown
	recent  []window
	swept   time.Time
	made    bool // room was made for the window at hand
	own     ownSeries
}

// window is what windows are known by.
type window struct{ start, end int64 }

// New returns a sink, or an error that names the field of cfg that is wrong. It starts nothing: serve it where you like.
func New(cfg Config) (*Sink, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Sink{
		cfg: cfg, now: time.Now, slots: make(chan struct{}, cfg.MaxScrapes),
		index: map[string]*series{}, origins: map[string]*origin{}, byID: map[familyID]*family{}, claimed: map[string]bool{},
	}
	s.addOwn()
	return s, nil
}

// String names the sink for logs.
func (s *Sink) String() string { return "prometheus" }

// Write adds a window, see [backend.Sink]. A window that comes again is known by its time, and adds nothing.
func (s *Sink) Write(ctx context.Context, w *metric.Window) error {
	if s.closed {
		return errClosed
	}
	if err := ctx.Err(); err != nil {
		return backend.Retry(fmt.Errorf("prometheus: %w", err), 0)
	}
	id := window{w.Start.UnixNano(), w.End.UnixNano()}
	if slices.Contains(s.recent, id) {
		return nil
	}
	s.recent = append(s.recent[max(0, len(s.recent)-remembered+1):], id)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if now.Sub(s.swept) >= sweepEvery {
		s.forget(now, keep)
	}
	s.made = false
	refused := 0
	for i := range w.Series {
		if !s.add(&w.Series[i], w.Start, now) {
			refused++
		}
	}
	s.own.update(w, len(s.index), refused)
	s.sort()
	if refused > 0 {
		return backend.Reject(fmt.Errorf("prometheus: there are %d series already, see Config.MaxSeries", s.cfg.MaxSeries), refused)
	}
	return nil
}

// Close ends writing. Scrapes go on.
func (s *Sink) Close(context.Context) error {
	s.closed = true
	return nil
}

// add folds what a window says of a series, and reports whether it could. The caller holds mu, as of all that follow.
func (s *Sink) add(a *metric.Aggregate, start, now time.Time) bool {
	if (a.Kind == metric.Gauge || a.Kind == metric.UpDown) && !a.HasDetail() {
		return true // nothing that could be shown
	}
	key := a.Key()
	r := s.index[key]
	if r == nil {
		if !a.Kind.Valid() || !s.room(now) {
			return false
		}
		r = s.make(key, a.Series, start.UnixNano())
	}
	r.family.describe(a.Series)
	r.fold(a)
	r.touched, r.origin.heard = now, now
	return true
}

// room reports whether there is room for one more series. Stale ones make it.
func (s *Sink) room(now time.Time) bool {
	if len(s.index) >= s.cfg.MaxSeries && !s.made {
		s.made = true
		s.forget(now, 0)
	}
	return len(s.index) < s.cfg.MaxSeries
}

// make makes a series, and its family if there is none.
func (s *Sink) make(key string, of *metric.Series, created int64) *series {
	u := unitOf(of)
	id := familyID{of.Kind, of.Name, u.word}
	f := s.byID[id]
	if f == nil {
		f = newFamily(id, s.claim(id), s.cfg.Bounds)
		s.byID[id] = f
		s.families = append(s.families, f)
	}
	r := f.add(key, u.factor, s.cfg.labelsOf(of), created)
	from := originOf(of)
	o := s.origins[from]
	if o == nil {
		o = &origin{key: from}
		s.origins[from] = o
	}
	o.series++
	r.origin = o
	s.index[key] = r
	return r
}

// claim finds names for a family of which nothing is shown yet, and takes them.
func (s *Sink) claim(id familyID) names {
	plain := namesOf(id, "")
	n := plain
	for mark := hash(fmt.Sprintf("%v\x00%s\x00%s", id.kind, id.name, id.unit)); s.taken(id, n); mark = hash(mark) {
		n = namesOf(id, mark)
	}
	if n != plain {
		s.cfg.Logger.Info("prometheus: another has the name already", "name", plain.full, "kind", id.kind.String(), "of", id.name, "shown_as", n.full)
	}
	for _, name := range n.shows(id.kind) {
		s.claimed[name] = true
	}
	return n
}

func (s *Sink) taken(id familyID, n names) bool {
	return slices.ContainsFunc(n.shows(id.kind), func(name string) bool { return s.claimed[name] })
}

// sort brings what is new into order.
func (s *Sink) sort() {
	slices.SortFunc(s.families, func(a, b *family) int { return cmp.Compare(a.full, b.full) })
	for _, f := range s.families {
		if f.unsorted {
			slices.SortFunc(f.series, func(a, b *series) int { return cmp.Compare(a.labels, b.labels) })
			f.unsorted = false
		}
	}
}

// forget lets go what has been stale for that long.
func (s *Sink) forget(now time.Time, stale time.Duration) {
	s.swept = now
	s.families = slices.DeleteFunc(s.families, func(f *family) bool {
		f.series = slices.DeleteFunc(f.series, func(r *series) bool {
			if !s.stale(r, now.Add(-stale)) {
				return false
			}
			delete(s.index, r.key)
			delete(f.taken, r.labels)
			if r.origin.series--; r.origin.series == 0 {
				delete(s.origins, r.origin.key)
			}
			return true
		})
		if len(f.series) > 0 {
			return false
		}
		delete(s.byID, f.id)
		for _, name := range f.shows(f.id.kind) {
			delete(s.claimed, name)
		}
		return true
	})
}

// stale reports whether a series is no longer shown at that time.
func (s *Sink) stale(r *series, at time.Time) bool {
	switch {
	case r.origin == nil || s.cfg.Expire < 0:
		return false
	case s.cfg.Expire > 0:
		return at.Sub(r.touched) > s.cfg.Expire
	}
	return at.Sub(r.origin.heard) > DefaultExpire
}
