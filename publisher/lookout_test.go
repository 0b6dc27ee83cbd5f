package publisher

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/internal/tcp"
)

// meter is an eye that sees as many bytes a millisecond as a test says.
type meter struct {
	id    tcp.Identity
	per   int
	begun time.Time
	fresh bool // each look sees another connection
	looks int
	cuts  []tcp.Identity
}

func (m *meter) look(fd int) (tcp.Identity, uint64, bool) {
	m.looks++
	if m.fresh {
		m.id++
	}
	return m.id, uint64(m.per) * uint64(time.Since(m.begun).Milliseconds()), m.id != 0 && fd == 7
}

func (m *meter) cut(_ int, id tcp.Identity) { m.cuts = append(m.cuts, id) }

func TestALongTurnInWhichMuchComesEndsTheConnection(t *testing.T) {
	for name, c := range map[string]struct {
		meter
		fd    int
		turn  time.Duration
		cut   bool
		looks int
	}{
		"a flood":                         {meter{id: 1, per: 100 << 10}, 7, time.Second, true, 2},
		"a slow one":                      {meter{id: 1, per: 1 << 10}, 7, time.Second, true, 70},
		"a short turn":                    {meter{id: 1, per: 1 << 30}, 7, lookAfter - 1, false, 1},
		"a machine with other things":     {meter{id: 1, per: 10}, 7, time.Second, false, 1001},
		"no connection":                   {meter{per: 1 << 30}, 7, time.Second, false, 2},
		"one that is none to a forwarder": {meter{id: 1, per: 1 << 30}, 8, time.Second, false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := c.meter
				m.begun = time.Now()
				l := newLookout(&m)
				for turn := range 3 {
					m.looks, m.cuts = 0, nil
					m.id += tcp.Identity(min(m.id, 1)) // each time a new connection, if any
					l.begin(c.fd)
					time.Sleep(c.turn)
					synctest.Wait()
					if got := l.end(); got != c.cut || (len(m.cuts) == 1) != c.cut {
						t.Errorf("turn %d: cut %v, %v times, want %v", turn, got, m.cuts, c.cut)
					}
					looks := m.looks
					time.Sleep(time.Minute)
					synctest.Wait()
					if m.looks != looks || looks != c.looks {
						t.Errorf("turn %d: %d looks, and %d after it, want %d", turn, looks, m.looks-looks, c.looks)
					}
				}
			})
		})
	}
}

// What came between long turns counts, too, as far as it is not forgiven: a flood shows at the first look.
func TestALongTurnKnowsWhatCameBefore(t *testing.T) {
	for name, c := range map[string]struct {
		pause time.Duration
		per   int // bytes a millisecond
		cut   bool
	}{
		"little for hours":                 {3 * time.Hour, 60, false},
		"as much as is forgiven":           {10 * time.Second, 65, false},
		"a flood that began a moment ago":  {500 * time.Millisecond, 1 << 10, true},
		"a flood that began a minute ago":  {time.Minute, 1 << 10, true},
		"the same connection as long ago":  {0, 10, false},
		"twice as much as can be forgiven": {10 * time.Second, 200, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := meter{id: 1, per: c.per, begun: time.Now()}
				l := newLookout(&m)
				l.begin(7)
				l.end()
				time.Sleep(c.pause)
				l.begin(7)
				time.Sleep(lookAfter)
				synctest.Wait()
				if l.end() != c.cut {
					t.Errorf("cut %v after %d looks", !c.cut, m.looks)
				}
			})
		})
	}
}

func TestAConnectionThatIsNewDoesNotPayForTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := meter{id: 1, per: 1 << 20, begun: time.Now(), fresh: true}
		l := newLookout(&m)
		l.begin(7)
		time.Sleep(time.Second)
		synctest.Wait()
		if l.end() || m.looks < 300 {
			t.Errorf("after %d looks %v were cut", m.looks, m.cuts)
		}
	})
}
