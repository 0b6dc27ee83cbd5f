package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/backend/backendtest"
	"github.com/zibrato/zibrato/metric"
)

func TestSinkKeepsTheContract(t *testing.T) {
	backendtest.Run(t, backendtest.Harness{
		NewTarget: func() (backendtest.Target, error) { return newTarget(), nil },
		// What the target is not told does not arrive.
		Express: func(p backendtest.Point) (backendtest.Point, bool) {
			p.Unit, p.Help, p.Sum, p.Min, p.Last, p.StdDev, p.Quantiles = "", "", nil, nil, nil, nil, nil
			return p, true
		},
	})
}

// target is the server at the URL. A window that comes again takes the place of the first.
type target struct {
	*httptest.Server
	mu        sync.Mutex
	behaviour backendtest.Behaviour
	changed   chan struct{} // closed when the behaviour changes
	windows   map[int64][]backendtest.Point
	order     []int64
}

func newTarget() *target {
	t := &target{changed: make(chan struct{}), windows: map[int64][]backendtest.Point{}}
	t.Server = httptest.NewServer(t)
	return t
}

func (t *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	behaviour, changed := t.behaviour, t.changed
	t.mu.Unlock()
	switch behaviour {
	case backendtest.Hang:
		select {
		case <-changed:
		case <-r.Context().Done():
		}
		fallthrough
	case backendtest.Fail:
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return
	}
	var points []backendtest.Point
	for d := json.NewDecoder(r.Body); ; {
		var l line
		if err := d.Decode(&l); err == io.EOF {
			break
		} else if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		count := float64(l.Count)
		p := backendtest.Point{Time: l.Time, Level: metric.Level(l.Level), Name: l.Name, Source: l.Source, Count: &count, Max: l.Max}
		for _, k := range metric.Kinds {
			if k.String() == l.Kind {
				p.Kind = k
			}
		}
		for k, v := range l.Tags {
			p.Tags = append(p.Tags, metric.Tag{Key: k, Value: v})
		}
		p.Tags = metric.SortTags(p.Tags)
		points = append(points, p)
	}
	if len(points) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	at := points[0].Time.UnixNano()
	if t.windows[at] == nil {
		t.order = append(t.order, at)
	}
	t.windows[at] = points
}

func (t *target) NewSink() (backend.Sink, error) { return newSink(t.URL), nil }

func (t *target) Arrived() (all []backendtest.Point, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, at := range t.order {
		all = append(all, t.windows[at]...)
	}
	return all, nil
}

func (t *target) Behave(b backendtest.Behaviour) error {
	if b == backendtest.Reject {
		return errors.ErrUnsupported // it refuses whole windows only
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.behaviour = b
	close(t.changed)
	t.changed = make(chan struct{})
	return nil
}

func (t *target) Close() error {
	t.Server.Close()
	return nil
}

// The program posts what it measured.
func TestTheProgramPostsWhatItMeasured(t *testing.T) {
	target := newTarget()
	defer target.Close()
	s := newSink(target.URL)
	end := time.Now().Truncate(time.Second)
	a := metric.Aggregate{Series: &metric.Series{Kind: metric.Timer, Level: metric.Info, Name: "work"}, Count: 3}
	if err := s.Write(t.Context(), &metric.Window{Start: end.Add(-time.Second), End: end, Interval: time.Second, Series: []metric.Aggregate{a}}); err != nil {
		t.Fatal(err)
	}
	if got, _ := target.Arrived(); len(got) != 1 || *got[0].Count != 3 || got[0].Max != nil {
		t.Errorf("%+v", got)
	}
	s.Close(t.Context())
}
