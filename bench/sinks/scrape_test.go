package sinks

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/zibrato/zibrato/sink/prometheus"
)

// A form is one in which Prometheus may ask for a page.
type form struct{ name, accept, coding string }

var forms = []form{
	{"form=text", "text/plain;version=0.0.4", ""},
	{"form=text/gzip=on", "text/plain;version=0.0.4", "gzip"},
	{"form=openmetrics", "application/openmetrics-text;version=1.0.0", ""},
	{"form=protobuf", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", ""},
	{"form=protobuf/gzip=on", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", "gzip"},
}

// scrape returns a page of that form.
func scrape(h http.Handler, f form) []byte {
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", f.accept)
	r.Header.Set("Accept-Encoding", f.coding)
	page := httptest.NewRecorder()
	h.ServeHTTP(page, r)
	return page.Body.Bytes()
}

func BenchmarkScrape(b *testing.B) {
	s, err := prometheus.New(prometheus.Config{})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Write(b.Context(), windowOf(10_000)); err != nil {
		b.Fatal(err)
	}
	for _, f := range forms {
		b.Run(f.name, func(b *testing.B) {
			size := 0
			for b.Loop() {
				size = len(scrape(s, f))
			}
			b.ReportMetric(float64(size), "B/page")
		})
	}
}
