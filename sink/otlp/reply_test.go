package otlp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/otlp"
)

// status is a google.rpc.Status in protobuf.
func status(message string) string {
	b := protowire.AppendTag(nil, 1, protowire.VarintType)
	b = protowire.AppendVarint(b, 3)
	b = protowire.AppendTag(b, 2, protowire.BytesType)
	return string(protowire.AppendString(b, message))
}

func TestWhatRepliesMean(t *testing.T) {
	const protobuf, asJSON = "Content-Type: application/x-protobuf", "Content-Type: application/json"
	soon := time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat)
	for _, test := range []struct {
		name     string
		answer   http.HandlerFunc
		again    bool
		after    time.Duration
		rejected int
		says     string
	}{
		{"429", says(429, "slow down", "Retry-After: 30"), true, 30 * time.Second, 0, "slow down"},
		{"503 with a date", says(503, "", "Retry-After: "+soon, "Date: "+time.Now().UTC().Format(http.TimeFormat)), true, 90 * time.Second, 0, "503"},
		{"503 with nonsense", says(503, "", "Retry-After: soon"), true, 0, 0, "503"},
		{"for ever", says(503, "", "Retry-After: 99999999999999999"), true, time.Hour, 0, "503"},
		{"408", says(408, ""), true, 0, 0, "408"},
		{"500", says(500, "storage is not ready"), true, 0, 0, "storage is not ready"},
		{"502", says(502, "<html>"), true, 0, 0, "a page of HTML"},
		{"504", says(504, ""), true, 0, 0, "504"},
		{"501", says(501, ""), false, 0, 2, "refused for good"},
		{"delta to Prometheus", says(500, `invalid temporality and type combination for metric "c"`), false, 0, 2, "takes no delta"},
		{"401", says(401, status("no such token"), protobuf), false, 0, 2, "check Headers; the receiver says: no such token"},
		{"403", says(403, `{"code":7,"message":"not yours"}`, asJSON), false, 0, 2, "not yours"},
		{"404", says(404, "404 page not found"), false, 0, 2, "check URL"},
		{"415", says(415, ""), false, 0, 2, "takes no protobuf"},
		{"a redirect", says(302, "", "Location: https://login.example.org/x"), false, 0, 2, "to login.example.org"},
		{"a page", says(200, "<!doctype html>", "Content-Type: text/html"), true, time.Minute, 0, "not an OTLP receiver"},
		{"400", says(400, status("bad point"), protobuf), false, 0, 2, "a: bad point"},
		{"partial success in JSON", says(200, `{"partialSuccess":{"rejectedDataPoints":"1","errorMessage":"too old"}}`, asJSON), false, 0, 1, "1 of 2 data points: too old"},
		{"and as a number", says(200, `{"partialSuccess":{"rejectedDataPoints":1}}`, asJSON), false, 0, 1, "1 of 2 data points"},
		{"more than there were", says(200, `{"partialSuccess":{"rejectedDataPoints":"9000000000000000000"}}`, asJSON), false, 0, 2, "data points"},
	} {
		r, s := start(t, otlp.Config{})
		r.always = test.answer
		err := s.Write(context.Background(), nth(0, counter("a", 1), counter("b", 1)))
		after, again := backend.RetryAfter(err)
		n, rejected := backend.Rejected(err)
		if again != test.again || (after-test.after).Abs() > 2*time.Second || rejected == test.again || n != test.rejected || !strings.Contains(fmt.Sprint(err), test.says) {
			t.Errorf("%s: again %v after %v, %d rejected: %v; want %v after %v, %d, %q", test.name, again, after, n, err, test.again, test.after, test.rejected, test.says)
		}
		if n := strings.Count(err.Error(), "otlp: "); n != 1 {
			t.Errorf("%s: %v names the sink %d times, want once", test.name, err, n)
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"nothing": says(200, ""), "empty JSON": says(200, "{}", asJSON), "204": says(204, ""), "null": says(200, `{"partialSuccess":null}`, asJSON),
		"less than none": says(200, `{"partialSuccess":{"rejectedDataPoints":"-5"}}`, asJSON), "text": says(200, "thank you", "Content-Type: text/plain"),
	} {
		r, s := start(t, otlp.Config{})
		r.always = answer
		if err := s.Write(context.Background(), nth(0, counter("a", 1))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAWarningIsLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	r, s := start(t, otlp.Config{Logger: slog.New(slog.NewTextHandler(&log, nil)), Repeat: -1})
	// In protobuf this begins with a line feed, of the field's number, and <, of its length. It is no page of HTML.
	body, _ := proto.Marshal(&collector.ExportMetricsServiceResponse{PartialSuccess: &collector.ExportMetricsPartialSuccess{ErrorMessage: strings.Repeat("d", 58)}})
	if !bytes.HasPrefix(body, []byte("\n<")) {
		t.Fatalf("the body is %q", body)
	}
	r.always = says(200, string(body), "Content-Type: application/x-protobuf")
	write(t, s, nth(0, counter("a", 1)), nth(1, counter("a", 1)))
	if n := strings.Count(log.String(), "message=ddd"); n != 1 {
		t.Errorf("logged %d times: %s", n, log.String())
	}
}

// poisoned refuses every request that holds a metric of that name, with a status.
func poisoned(r *receiver, name string, code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		posts := r.sent()
		points := posts[len(posts)-1].points
		for _, p := range points {
			if p.name == name || name == "" && len(points) > 10 {
				w.WriteHeader(code)
				io.WriteString(w, "not this one")
				return
			}
		}
		r.mu.Lock()
		r.taken = append(r.taken, points...)
		r.mu.Unlock()
	}
}

func TestABadPointIsFoundAmongOthers(t *testing.T) {
	r, s := start(t, otlp.Config{})
	r.always = poisoned(r, "c0077", http.StatusBadRequest)
	var many []metric.Aggregate
	for i := range 500 {
		many = append(many, counter(fmt.Sprintf("c%04d", i), 1))
	}
	err := s.Write(context.Background(), nth(0, many...))
	if n, rejected := backend.Rejected(err); !rejected || n != 1 || !strings.Contains(err.Error(), "c0077: not this one") {
		t.Errorf("%d: %v", n, err)
	}
	if got := len(r.all()); got != 499 {
		t.Errorf("%d of the others arrived", got)
	}
	if got := len(r.sent()); got > 21 {
		t.Errorf("%d requests", got)
	}
	// A receiver that takes only small requests gets small ones.
	r, s = start(t, otlp.Config{})
	r.always = poisoned(r, "", http.StatusRequestEntityTooLarge)
	write(t, s, nth(0, many[:300]...))
	if got := len(r.all()); got != 300 {
		t.Errorf("%d arrived in small requests", got)
	}
	// When everything is bad the search ends.
	r, s = start(t, otlp.Config{})
	r.always = says(http.StatusBadRequest, "no")
	err = s.Write(context.Background(), nth(0, many...))
	if n, _ := backend.Rejected(err); n != 500 || len(r.sent()) > 140 {
		t.Errorf("%d rejected after %d requests: %v", n, len(r.sent()), err)
	}
	// When the rest of a window is refused amid the search, that is the end of it.
	r, s = start(t, otlp.Config{})
	r.next(says(http.StatusBadRequest, "no"))
	r.always = says(http.StatusUnauthorized, "no")
	err = s.Write(context.Background(), nth(0, many...))
	if n, _ := backend.Rejected(err); n != 500 || len(r.sent()) != 2 {
		t.Errorf("%d rejected after %d requests: %v", n, len(r.sent()), err)
	}
}

func TestSecretsStayAmongThemselves(t *testing.T) {
	cfg := otlp.Config{
		URL: "https://user:hunter22@host.example/v1/metrics?api_key=qu3rys3cret", Headers: map[string]string{"Authorization": "Bearer " + secret, "api-key": "0ther5ecret"},
	}
	asJSON, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "cfg", cfg)
	printed := fmt.Sprintf("%v %+v %#v %s %d", cfg, cfg, cfg, cfg, cfg) + string(asJSON) + log.String() + fmt.Sprint(otlp.New(cfg))
	r := newReceiver(t)
	r.always = func(w http.ResponseWriter, req *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "you sent %q and %q to %s", req.Header.Get("Authorization"), req.Header.Get("api-key"), req.URL)
	}
	cfg.URL = strings.Replace(r.url(), "http://", "http://user:hunter22@", 1) + "?api_key=qu3rys3cret"
	s := otlp.New(cfg)
	defer s.Close(context.Background())
	printed += s.Write(context.Background(), nth(0, counter("a", 1))).Error()
	r.server.Close()
	printed += s.Write(context.Background(), nth(1, counter("a", 1))).Error()
	for _, bad := range []string{secret, "0ther5ecret", "hunter22", "qu3rys3cret"} {
		if strings.Contains(printed, bad) {
			t.Errorf("%q stands in %s", bad, printed)
		}
	}
	if !strings.Contains(printed, "you sent") {
		t.Errorf("the receiver's words are missing in %s", printed)
	}
}

func FuzzReply(f *testing.F) {
	f.Add(200, "application/x-protobuf", []byte("\n\x02\b\x01"))
	f.Add(400, "application/x-protobuf", []byte(status("no")))
	f.Add(200, "application/json", []byte(`{"partialSuccess":{"rejectedDataPoints":"1"}}`))
	f.Add(503, "text/html", []byte("<html>"))
	f.Fuzz(func(t *testing.T, code int, kind string, body []byte) {
		code = 200 + (code%400+400)%400
		s := otlp.New(otlp.Config{URL: "http://localhost/v1/metrics", Client: &http.Client{Transport: answering{code, kind, body}}})
		defer s.Close(context.Background())
		err := s.Write(context.Background(), nth(0, counter("a", 1), counter("b", 1), timer("t", 5)))
		if n, rejected := backend.Rejected(err); rejected && (n < 1 || n > 3) {
			t.Errorf("%d of 3 rejected: %v", n, err)
		}
		if len(fmt.Sprint(err)) > 2000 {
			t.Errorf("an error of %d bytes", len(fmt.Sprint(err)))
		}
		if after, _ := backend.RetryAfter(err); after < 0 || after > time.Hour {
			t.Errorf("again after %v", after)
		}
	})
}

// answering is a network on which everybody says one thing.
type answering struct {
	code int
	kind string
	body []byte
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	io.Copy(io.Discard, r.Body)
	r.Body.Close()
	return &http.Response{StatusCode: a.code, Header: http.Header{"Content-Type": {a.kind}}, Body: io.NopCloser(bytes.NewReader(a.body)), Request: r}, nil
}
