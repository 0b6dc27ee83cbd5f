package prometheus_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	dto "github.com/prometheus/client_model/go"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/prometheus"
)

func TestTheClientChoosesTheForm(t *testing.T) {
	s := newSink(t, prometheus.Config{})
	const text, open, proto = "text/plain", "application/openmetrics-text", "application/vnd.google.protobuf"
	const delimited = proto + ";proto=io.prometheus.client.MetricFamily;encoding=delimited"
	// What Prometheus 3 sends when it wants native histograms.
	const prometheus3 = delimited + ";q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4," +
		"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
	for accept, want := range map[string]string{
		"":                          text,
		"*/*":                       text,
		"text/html,*/*;q=0.8":       text,
		"nonsense;;;":               text,
		prometheus3:                 proto,
		open + ";version=1.0.0":     open,
		open + ";version=0.0.1":     open,
		open + ";version=2.0.0":     text,
		delimited:                   proto,
		proto:                       text, // without a word on which message
		delimited + ";q=0,text/*":   text,
		text + "," + delimited:      text,
		delimited + ";q=2," + text:  text,
		text + ";q=0.4," + open:     open,
		text + ";version=0.0.5,*/*": text,
	} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, want+";") || w.Code != http.StatusOK {
			t.Errorf("%q: %s, status %d, want %s", accept, got, w.Code, want)
		}
	}
}

func TestExpfmtUnderstandsTheText(t *testing.T) {
	s := newSink(t, prometheus.Config{})
	write(t, s, nth(0, aggregate(seriesOf(metric.Timer, "q", "v", "a\\b\"c"), 1e6, 5e6), aggregate(seriesOf(metric.Counter, "c"), 3), aggregate(seriesOf(metric.Gauge, "g"), -2.5)))
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(get(s, acceptText)))
	if err != nil {
		t.Fatal(err)
	}
	if h := families["q_seconds"].GetMetric()[0]; h.GetHistogram().GetSampleCount() != 2 || h.GetHistogram().GetSampleSum() != 0.006 || h.Label[2].GetValue() != "a\\b\"c" {
		t.Error(h)
	}
	if c := families["c_total"]; c.GetType() != dto.MetricType_COUNTER || c.Metric[0].Counter.GetValue() != 3 {
		t.Error(c)
	}
	if g := families["g"]; g.GetType() != dto.MetricType_GAUGE || g.Metric[0].Gauge.GetValue() != -2.5 {
		t.Error(g)
	}
}

func TestAnswersAreCompressedOnRequest(t *testing.T) {
	s := newSink(t, prometheus.Config{})
	write(t, s, many(2000))
	for accept, zipped := range map[string]bool{"": false, "gzip": true, "deflate, gzip;q=0.5": true, "gzip;q=0, *": false, "*": true, "br": false, "GZIP": true} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		body := io.Reader(w.Body)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != zipped {
			t.Errorf("%q: %v", accept, w.Header())
		}
		if zipped {
			z, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		got, err := io.ReadAll(body)
		if plain := get(s, ""); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%q: %d bytes instead of %d, %v", accept, len(got), len(plain), err)
		}
	}
}

func TestOnlyReadingIsServed(t *testing.T) {
	s := newSink(t, prometheus.Config{})
	for method, status := range map[string]int{"GET": 200, "HEAD": 200, "POST": 405, "DELETE": 405} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, "/metrics", nil))
		if w.Code != status || status == 405 && w.Header().Get("Allow") != "GET, HEAD" || method == "HEAD" && w.Body.Len() > 0 {
			t.Errorf("%s: status %d, %v", method, w.Code, w.Header())
		}
	}
}

// slow is a client that does not read on until it is told to.
type slow struct {
	*httptest.ResponseRecorder
	reading, goOn chan struct{}
	once          sync.Once
}

func (s *slow) Write(b []byte) (int, error) {
	s.once.Do(func() { close(s.reading) })
	<-s.goOn
	return s.ResponseRecorder.Write(b)
}

func TestSlowClientsHoldUpNobody(t *testing.T) {
	s := newSink(t, prometheus.Config{MaxScrapes: 2})
	write(t, s, nth(0, aggregate(seriesOf(metric.Counter, "c"), 1)))
	goOn := make(chan struct{})
	var done sync.WaitGroup
	var clients []*slow
	for range 2 {
		c := &slow{ResponseRecorder: httptest.NewRecorder(), reading: make(chan struct{}), goOn: goOn}
		clients = append(clients, c)
		done.Go(func() { s.ServeHTTP(c, httptest.NewRequest(http.MethodGet, "/metrics", nil)) })
		<-c.reading
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("a scrape too many: status %d", w.Code)
	}
	write(t, s, nth(1, aggregate(seriesOf(metric.Counter, "c"), 1)))
	close(goOn)
	done.Wait()
	for _, c := range clients {
		if !strings.Contains(c.Body.String(), "c_total"+`{level="info",source="a"} 1`+"\n") {
			t.Errorf("a slow client got\n%s", c.Body)
		}
	}
	if got := string(get(s, "")); !strings.Contains(got, `c_total{level="info",source="a"} 2`+"\n") {
		t.Errorf("after that\n%s", got)
	}
}

func TestAConnectionOutlivesTheDeadlineOfItsAnswer(t *testing.T) {
	s := newSink(t, prometheus.Config{})
	w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if len(w.set) != 2 || w.set[0].IsZero() || !w.set[1].IsZero() {
		t.Error(w.set)
	}
}

type deadlines struct {
	*httptest.ResponseRecorder
	set []time.Time
}

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	d.set = append(d.set, t)
	return nil
}

// many is a window of n counters that grow by one.
func many(n int) *metric.Window { return manyAt(0, n) }

func manyAt(at, n int) *metric.Window {
	var all []metric.Aggregate
	for i := range n {
		all = append(all, aggregate(seriesOf(metric.Counter, fmt.Sprintf("many.%05d", i)), 1))
	}
	return nth(at, all...)
}

func TestAScrapeSeesWholeWindows(t *testing.T) {
	s := newSink(t, prometheus.Config{})
	const series, windows = 500, 40
	write(t, s, manyAt(0, series))
	ctx, stop := context.WithCancel(t.Context())
	var done sync.WaitGroup
	for _, form := range []string{"text", "openmetrics", "protobuf"} {
		done.Go(func() {
			for seen := 0; ctx.Err() == nil || seen == 0; seen++ {
				all, err := readers[form].read(s)
				if err != nil {
					t.Errorf("%s: %v", form, err)
					return
				}
				want := all["zibrato_exporter_windows_total{}"].value
				for id, v := range all {
					if strings.HasPrefix(id, "many") && v.value.Cmp(want) != 0 {
						t.Errorf("%s: %s is %v after %v windows", form, id, v.value, want)
						return
					}
				}
			}
		})
	}
	for n := range windows {
		write(t, s, manyAt(n+1, series))
	}
	stop()
	done.Wait()
}
