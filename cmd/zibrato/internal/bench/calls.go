package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/internal/measure"
	"github.com/zibrato/zibrato/metric"
)

// A lab is the default recorder under measurement: watched or not at will, with a consumer that counts.
type lab struct {
	tap     *zibrato.Tap
	watched bool
	counted map[uint32]uint64 // by series; deliver's until the tap is closed
	made    uint64            // calls that should have been counted
}

// newLab takes the default recorder, of which nothing must have been consumed yet: no level may be on by configuration.
func newLab() (*lab, error) {
	if err := zibrato.Configure(zibrato.Config{AlwaysOn: []zibrato.Level{}}); err != nil {
		return nil, err
	}
	l := &lab{counted: map[uint32]uint64{}}
	var err error
	l.tap, err = zibrato.Default().Attach(l.deliver)
	return l, err
}

func (l *lab) deliver(b *metric.Batch) {
	for i := range b.Entries {
		if e := &b.Entries[i]; strings.HasPrefix(e.Series.Name, prefix) {
			l.counted[e.ID] = e.After.Count
		}
	}
}

// prepare returns what brings the recorder into a state before a slice. What earlier slices left in the rings is collected first, so that
// each begins as in a program whose drain keeps up.
func (l *lab) prepare(ctx context.Context, state string) func() {
	return func() {
		_ = l.tap.Flush(ctx) // fails only when ctx has ended, which ends the measuring
		if state != Yardstick {
			l.watch(state == Watched)
		}
	}
}

func (l *lab) watch(on bool) {
	if on == l.watched {
		return
	}
	l.watched = on
	if on {
		l.tap.Watch(nil, everyLevel)
	} else {
		l.tap.Watch(nil, nil)
	}
}

func everyLevel(zibrato.Level) bool { return true }

// close detaches the consumer and returns how many calls were counted.
func (l *lab) close() (counted uint64, err error) {
	l.watch(true) // the last batch holds all totals
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := l.tap.Close(ctx); err != nil {
		return 0, err
	}
	for _, n := range l.counted {
		counted += n
	}
	return counted, nil
}

// measureCalls measures every call, first on one core, then on all of them where there are several, each for so long.
func measureCalls(ctx context.Context, r *Report, each time.Duration, progress func(cores int, done float64)) (err error) {
	l, err := newLab()
	if err != nil {
		return err
	}
	defer func() {
		counted, closeErr := l.close()
		r.Counted, r.Made = counted, l.made
		if err = errors.Join(err, closeErr); err == nil && r.Counted != r.Made {
			err = fmt.Errorf("%d calls were made and %d counted: the figures are of something else", r.Made, r.Counted)
		}
	}()
	rows, cases := l.rows(ctx)
	for _, cores := range coreCounts(runtime.GOMAXPROCS(0)) {
		progress(cores, 0)
		results, err := measure.Compare(ctx, measure.Config{
			For:      each,
			Slice:    sliceFor(each, len(cases), cores),
			Workers:  cores,
			Progress: func(done float64) { progress(cores, done) },
		}, cases)
		if err != nil {
			return err
		}
		for i, row := range rows {
			if row.State == Watched {
				l.made += uint64(results[i].Ops)
			}
			q := results[i].Quartiles()
			row.Cores, row.Slices = cores, len(results[i].Ns)
			row.Ns, row.NsQ1, row.NsQ3 = q.Median, q.Q1, q.Q3
			row.Ratio = results[i].Ratio(results[0]).Median
			r.Calls = append(r.Calls, row)
		}
	}
	return nil
}

// sliceFor returns how long a slice should be: several passes of the drain, where there is time for a few dozen of such slices, but not so many calls that
// they fill the ring before it is emptied.
func sliceFor(whole time.Duration, cases, cores int) time.Duration {
	const most, least, rounds = 4 * time.Millisecond, 100 * time.Microsecond, 30
	return max(min(most, 4*most/time.Duration(cores), whole/time.Duration(cases*rounds)), least)
}

func coreCounts(all int) []int {
	if all == 1 {
		return []int{1}
	}
	return []int{1, all}
}

// rows returns what is to be measured, as rows of the report without their figures and as cases for measuring. The first is time.Now.
func (l *lab) rows(ctx context.Context) (rows []Call, cases []measure.Case) {
	add := func(state string, subjects []subject) {
		for _, s := range subjects {
			c := measure.Case{Name: s.key, Run: s.run, Before: l.prepare(ctx, state)}
			cases = append(cases, c)
			rows = append(rows, Call{Key: s.key, Code: s.code, State: state, Allocs: l.allocs(c, state)})
		}
	}
	add(Yardstick, yardsticks())
	own := calls()
	add(Watched, own)
	add(Unwatched, own)
	return rows, cases
}

func (l *lab) allocs(c measure.Case, state string) int {
	c.Before()
	return measure.Allocs(func(n int) {
		if state == Watched {
			l.made += uint64(n)
		}
		c.Run(n)
	})
}
