package backend

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestScheduleFollowsTheClockAndRepeatsNothing(t *testing.T) {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	at := func(s string) time.Time {
		d, err := time.Parse("15:04:05.000", s)
		if err != nil {
			t.Fatal(err)
		}
		return day.Add(d.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)))
	}
	for name, c := range map[string]struct {
		start string
		asked []string
		want  []string
	}{
		"steady":             {"12:00:17.000", []string{"12:00:59.999", "12:01:00.000", "12:02:00.010"}, []string{"12:00:17.000-12:01:00.000", "12:01:00.000-12:02:00.000"}},
		"starts on the full": {"12:00:00.000", []string{"12:01:00.000"}, []string{"12:00:00.000-12:01:00.000"}},
		"set back a little":  {"12:00:00.000", []string{"12:01:00.000", "12:00:59.500", "12:01:30.000", "12:02:00.000"}, []string{"12:00:00.000-12:01:00.000", "12:01:00.000-12:02:00.000"}},
		"set back an hour":   {"12:00:00.000", []string{"12:01:00.000", "11:02:00.000", "11:59:00.000", "12:01:30.000", "12:02:00.000"}, []string{"12:00:00.000-12:01:00.000", "12:01:00.000-12:02:00.000"}},
		"set forward":        {"12:00:00.000", []string{"13:10:20.000", "13:11:00.000"}, []string{"12:00:00.000-12:01:00.000", "13:10:00.000-13:11:00.000"}},
	} {
		s := newSchedule(time.Minute, at(c.start))
		var got []string
		for _, a := range c.asked {
			if w := s.wait(at(a)); w > time.Minute {
				t.Errorf("%s: waits %v at %s", name, w, a)
			}
			if start, end, ok := s.next(at(a)); ok {
				got = append(got, start.UTC().Format("15:04:05.000")+"-"+end.UTC().Format("15:04:05.000"))
			}
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestWindowsEndAtMultiplesOfTheIntervalSince1970(t *testing.T) {
	for _, iv := range []time.Duration{100 * time.Millisecond, 7 * time.Second, time.Minute, 24 * time.Hour} {
		for _, now := range []time.Time{time.Unix(1700000001, 5), time.Unix(-3, 0), time.Unix(0, 0)} {
			s := newSchedule(iv, now)
			if off := s.end.UnixNano() % int64(iv); off != 0 || !s.end.After(now) || s.end.Sub(now) > iv {
				t.Errorf("%v from %v: ends %v", iv, now.UTC(), s.end.UTC())
			}
		}
	}
}

func TestLastWindowEndsNow(t *testing.T) {
	s := newSchedule(time.Minute, time.Unix(60, 0))
	for now, want := range map[int64]time.Time{90: time.Unix(90, 0), 60: time.Unix(60, 1e6), 30: time.Unix(60, 1e6), 200: time.Unix(120, 0)} {
		if _, end := s.last(time.Unix(now, 0)); !end.Equal(want) {
			t.Errorf("at %d: ends %v, want %v", now, end.Unix(), want.Unix())
		}
	}
}
