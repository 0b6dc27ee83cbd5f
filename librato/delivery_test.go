package librato_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/librato"
	"github.com/zibrato/zibrato/metric"
)

func TestLargeWindowsGoInBatches(t *testing.T) {
	for _, c := range []struct {
		api   librato.API
		batch int
		n     int
		want  []int
	}{
		{"", 0, 1234, []int{500, 500, 234}},
		{librato.Measurements, 1000, 2000, []int{1000, 1000}},
		{librato.Metrics, 0, 700, []int{300, 300, 100}},
		{librato.Metrics, 1, 3, []int{1, 1, 1}},
	} {
		f := newFake(t)
		cfg := config(f)
		cfg.API, cfg.BatchSize = c.api, c.batch
		if err := newSink(t, cfg).Write(context.Background(), window(counters(c.n)...)); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c.want, f.sizes()); d != "" {
			t.Errorf("%+v: sizes (-want +got):\n%s", c, d)
		}
		if len(f.store) != c.n {
			t.Errorf("%+v: %d arrived", c, len(f.store))
		}
	}
}

func TestBatchesHoldPercentilesToo(t *testing.T) {
	f := newFake(t)
	cfg := config(f)
	cfg.BatchSize, cfg.Percentiles = 4, []float64{50, 99}
	err := newSink(t, cfg).Write(context.Background(), window(observed(metric.Timer, "a", 1), observed(metric.Timer, "b", 1), observed(metric.Timer, "c", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]int{4, 4, 1}, f.sizes()); d != "" {
		t.Errorf("sizes (-want +got):\n%s", d)
	}
}

func TestGzip(t *testing.T) {
	f := newFake(t)
	cfg := config(f)
	cfg.Gzip = true
	if err := newSink(t, cfg).Write(context.Background(), window(counters(9)...)); err != nil {
		t.Fatal(err)
	}
	if len(f.store) != 9 || f.posts[0].header.Get("Content-Encoding") != "gzip" {
		t.Errorf("%d arrived, %v", len(f.store), f.posts[0].header)
	}
}

func TestTheURLMayCarryPathVersionAndCredentials(t *testing.T) {
	for _, url := range []string{
		"https://host", "https://host/", "https://host/v1", "https://host/v1/", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost",
		"https://me%40example.org:s3cr3t+t0k3n%2F75fd2@host",
	} {
		f := newFake(t)
		cfg := config(f)
		cfg.URL = url
		if strings.Contains(url, "@") {
			cfg.User, cfg.Token = "", ""
		}
		if err := newSink(t, cfg).Write(context.Background(), window(counter("c", 1))); err != nil || len(f.store) != 1 {
			t.Errorf("%s: %d arrived: %v", url, len(f.store), err)
		}
	}
}

func TestOneBadMeasurementCostsOnlyItself(t *testing.T) {
	for _, status := range []int{400, 413, 422} {
		for _, at := range []int{0, 249, 250, 499} {
			f := newFake(t)
			bad := counters(500)[at].Name
			f.always = func(w http.ResponseWriter, _ *http.Request) {
				p := &f.posts[len(f.posts)-1]
				if slices.ContainsFunc(p.measurements, func(m map[string]any) bool { return m["name"] == bad }) {
					says(status, `{"errors":{"params":{"type":["'x' is a counter, but was submitted as different type"]}}}`)(w, nil)
					return
				}
				f.accept(p)
				w.WriteHeader(http.StatusAccepted)
			}
			err := newSink(t, config(f)).Write(context.Background(), window(counters(500)...))
			if n, _ := backend.Rejected(err); n != 1 {
				t.Fatalf("%d at %d: %d series refused: %v", status, at, n, err)
			}
			if want := bad + ": params.type: 'x' is a counter, but was submitted as different type"; !strings.Contains(err.Error(), want) {
				t.Errorf("%d at %d: the error does not say %q: %v", status, at, want, err)
			}
			got := f.accepted()
			if len(got) != 499 || slices.Contains(got, bad) {
				t.Errorf("%d at %d: %d accepted", status, at, len(got))
			}
			if n := len(f.posts); n > 1+2*9 {
				t.Errorf("%d at %d: took %d requests", status, at, n)
			}
		}
	}
}

func TestBadMeasurementsAmongManyCostOnlyThemselves(t *testing.T) {
	f := newFake(t)
	for _, i := range []int{3, 4, 777, 1999} {
		f.poison[counters(2000)[i].Name] = "is bad"
	}
	err := newSink(t, config(f)).Write(context.Background(), window(counters(2000)...))
	if n, _ := backend.Rejected(err); n != 4 || len(f.store) != 1996 {
		t.Errorf("%d refused, %d accepted: %v", n, len(f.store), err)
	}
}

func TestNothingButBadMeasurementsCostABoundedNumberOfRequests(t *testing.T) {
	f := newFake(t)
	for _, c := range counters(5000) {
		f.poison[c.Name] = "is bad"
	}
	err := newSink(t, config(f)).Write(context.Background(), window(counters(5000)...))
	if n, _ := backend.Rejected(err); n != 5000 {
		t.Errorf("%d refused: %v", n, err)
	}
	if n := len(f.posts); n > 10+2*128 {
		t.Errorf("%d requests", n)
	}
	if n := len(err.Error()); n > 2000 {
		t.Errorf("an error of %d bytes", n)
	}
}

func TestASeriesCountsAsRefusedOnce(t *testing.T) {
	f := newFake(t)
	f.poison["t"], f.poison["t.p50"], f.poison["t.p99"] = "is bad", "is bad", "is bad"
	cfg := config(f)
	cfg.Percentiles = []float64{50, 99}
	nan := observed(metric.Timer, "a", 1)
	nan.Sum = nan.Sum / 0.0000000000001 * 1e300 * 1e300
	err := newSink(t, cfg).Write(context.Background(), window(nan, observed(metric.Timer, "t", 1), counter("u", 1)))
	if n, _ := backend.Rejected(err); n != 2 {
		t.Errorf("%d series refused: %v", n, err)
	}
}

func TestRefusalsInAReplyOfSuccessAreCounted(t *testing.T) {
	long := strings.Repeat("x", 5<<20)
	for _, c := range []struct {
		body string
		want int
		says string
	}{
		{``, 0, ""},
		{`{}`, 0, ""},
		{`ok`, 0, ""},
		{`<html><body>accepted</body></html>`, 0, ""},
		{`[]`, 0, ""},
		{`null`, 0, ""},
		{`{"errors":[]}`, 0, ""},
		{`{"errors":{}}`, 0, ""},
		{`{"errors":null}`, 0, ""},
		{`{"measurements":{"summary":{"total":10,"accepted":10,"failed":0}}}`, 0, ""},
		{`{"measurements":{"summary":{"total":10,"accepted":7,"failed":3}}}`, 3, "3 of 10"},
		{`{"measurements":{"summary":{"total":10,"accepted":8,"failed":2}},"errors":[{"params":{"name":["is bad"]}},{"params":{"name":["is worse"]}}]}`, 2, "params.name: is bad, params.name: is worse"},
		{`{"errors":["Tag based measurements are not enabled for this account."]}`, 1, "Tag based measurements are not enabled"},
		{`{"errors":"plain"}`, 1, "plain"},
		{`{"errors":{"params":{"name":"is bad"}}}`, 1, "params.name: is bad"},
		{`{"errors":{"params":{"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":"deep"}}}}}}}}}}`, 1, `{"errors":{"params":{"a"`},
		{`{"failed": 99999999999999999999}`, 10, ""},
		{`{"failed": 11}`, 10, "10 of 10"},
		{`{"summary":{"failed":4},"errors":["` + long, 4, ""},
		{long, 0, ""},
		{strings.Repeat("[", 1<<20), 0, ""},
	} {
		f := newFake(t)
		f.always = says(http.StatusAccepted, c.body)
		err := newSink(t, config(f)).Write(context.Background(), window(counters(10)...))
		n, rejected := backend.Rejected(err)
		if n != c.want || rejected != (c.want > 0) {
			t.Errorf("%.200s: %d refused instead of %d: %.300v", c.body, n, c.want, err)
		}
		if err != nil && (!strings.Contains(err.Error(), c.says) || len(err.Error()) > 1000 || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%.200s: the error is %.2000v", c.body, err)
		}
	}
}

// Whichever request fails, what was taken before is not sent again, and what was refused is counted once.
func TestAWindowIsResumedWhereItFailed(t *testing.T) {
	const enough = 40 // more requests than the window takes
	for fails := range enough {
		f := newFake(t)
		f.poison["c.0042"], f.poison["c.0299"] = "is bad", "is worse"
		cfg := config(f)
		cfg.BatchSize = 100
		s := newSink(t, cfg)
		w := window(counters(300)...)
		f.next(make([]http.HandlerFunc, fails)...)
		f.next(says(503, ""))
		err := s.Write(context.Background(), w)
		if _, retry := backend.RetryAfter(err); retry != (len(f.script) == 0) {
			t.Fatalf("retry is %v: %v", retry, err)
		} else if retry {
			err = s.Write(context.Background(), w)
		}
		if n, _ := backend.Rejected(err); n != 2 || !strings.Contains(err.Error(), "is bad") || !strings.Contains(err.Error(), "is worse") {
			t.Errorf("request %d failed: %d refused: %v", fails, n, err)
		}
		if len(f.store) != 298 {
			t.Errorf("request %d failed: %d arrived", fails, len(f.store))
		}
		for id, n := range f.writes {
			if n != 1 {
				t.Errorf("request %d failed: %s arrived %d times", fails, id, n)
			}
		}
		if fails == 0 && len(f.script) > 0 || fails == enough-1 && len(f.script) == 0 {
			t.Errorf("request %d did not behave as scripted", fails)
		}
	}
}

func TestTheSameWindowAgainIsTheSameToTheService(t *testing.T) {
	f := newFake(t)
	s := newSink(t, config(f))
	w := window(everyKind()...)
	f.next(says(503, "")) // as far as the sink knows: the service may have taken it
	for try := range 3 {
		if err := s.Write(context.Background(), w); (err != nil) != (try == 0) {
			t.Fatal(err)
		}
	}
	if len(f.posts) != 3 {
		t.Fatalf("%d posts", len(f.posts))
	}
	for _, p := range f.posts[1:] {
		if !bytes.Equal(p.raw, f.posts[0].raw) {
			t.Errorf("sent first\n%s\nand then\n%s", f.posts[0].raw, p.raw)
		}
	}
}

func TestAnotherWindowStartsAfresh(t *testing.T) {
	f := newFake(t)
	cfg := config(f)
	cfg.BatchSize = 1
	s := newSink(t, cfg)
	first, second := window(counters(3)...), window(counters(3)...)
	first.Start = first.Start.Add(-time.Minute)
	f.next(nil, says(503, ""))
	if err := s.Write(context.Background(), first); err == nil {
		t.Fatal("no error")
	}
	if err := s.Write(context.Background(), second); err != nil {
		t.Fatal(err)
	}
	if len(f.store) != 4 {
		t.Errorf("%d arrived instead of one of the first window and three of the second", len(f.store))
	}
}

func TestAWindowThatIsTooOldIsRefusedWithoutARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := newSink(t, config(f))
		w := window(counters(3)...)
		time.Sleep(109 * time.Minute)
		if err := s.Write(t.Context(), w); err != nil {
			t.Errorf("at 110 minutes: %v", err)
		}
		time.Sleep(time.Second)
		f.posts = nil
		err := s.Write(t.Context(), w)
		if n, _ := backend.Rejected(err); n != 3 || len(f.posts) != 0 || !strings.Contains(err.Error(), "1999-12-31T23:59:00Z") {
			t.Errorf("%d refused after %d requests: %v", n, len(f.posts), err)
		}
	})
}

func TestOfAWindowThatBecameTooOldOnlyTheRestIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		cfg := config(f)
		cfg.BatchSize = 2
		s := newSink(t, cfg)
		w := window(counters(10)...)
		f.next(nil, nil, says(503, ""))
		if _, retry := backend.RetryAfter(s.Write(t.Context(), w)); !retry {
			t.Fatal("no retry asked for")
		}
		time.Sleep(2 * time.Hour)
		err := s.Write(t.Context(), w)
		if n, _ := backend.Rejected(err); n != 6 || len(f.store) != 4 {
			t.Errorf("%d refused, %d arrived: %v", n, len(f.store), err)
		}
	})
}

func TestAnInvalidConfigRefusesEveryWindow(t *testing.T) {
	s := newSink(t, librato.Config{User: user})
	err := s.Write(context.Background(), window(counters(7)...))
	if n, rejected := backend.Rejected(err); !rejected || n != 7 || !strings.Contains(err.Error(), "Token: missing") {
		t.Errorf("%d refused: %v", n, err)
	}
	if got := fmt.Sprint(s); got != "librato" {
		t.Errorf("String is %q", got)
	}
}

func TestWriteAfterCloseFails(t *testing.T) {
	f := newFake(t)
	s := librato.New(config(f))
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(context.Background(), window(counter("c", 1))); err == nil || len(f.posts) > 0 {
		t.Errorf("%d requests: %v", len(f.posts), err)
	}
}
