package librato_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The credentials of the fake's only account.
const (
	user  = "me@example.org"
	token = "s3cr3t+t0k3n/75fd2"
)

// fake is Librato's API as its documents describe it. What they forbid fails the test, unless the test is about that.
// It serves over a network (httptest.NewServer) or, as a RoundTripper, without one.
type fake struct {
	tb testing.TB

	mu     sync.Mutex
	posts  []post
	script []http.HandlerFunc        // answers to the next posts; nil, or none left, accepts them
	poison map[string]string         // 400 for a batch that holds one of these names, with this message
	now    func() time.Time          // the service's clock
	store  map[string]map[string]any // what was accepted, by what makes two measurements one to the service
	writes map[string]int            // how often each was accepted
	times  map[string]time.Time      // the time of each
	always http.HandlerFunc          // answers whatever the script does not
}

// post is one request as it came.
type post struct {
	path         string
	header       http.Header
	raw          []byte // the body, unzipped
	body         map[string]any
	measurements []map[string]any
}

func newFake(tb testing.TB) *fake {
	return &fake{tb: tb, now: time.Now, poison: map[string]string{}, store: map[string]map[string]any{}, writes: map[string]int{}, times: map[string]time.Time{}}
}

// client reaches the fake without a network.
func (f *fake) client() *http.Client { return &http.Client{Transport: f} }

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	defer r.Body.Close()
	rec := httptest.NewRecorder()
	f.ServeHTTP(rec, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	res := rec.Result()
	res.Request = r
	return res, nil
}

// next scripts the answers to the next posts.
func (f *fake) next(answers ...http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script = append(f.script, answers...)
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p, wrong := read(r)
	f.mu.Lock()
	f.posts = append(f.posts, *p)
	var scripted http.HandlerFunc
	if len(f.script) > 0 {
		scripted, f.script = f.script[0], f.script[1:]
	}
	if scripted == nil {
		scripted = f.always
	}
	f.mu.Unlock()
	wrong = append(wrong, p.violations(f.now())...)
	for _, v := range wrong {
		f.tb.Errorf("the API forbids: %s", v)
	}
	if scripted != nil { // outside the lock: it may hang
		scripted(w, r)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if u, t, ok := r.BasicAuth(); !ok || u != user || t != token {
		http.Error(w, `{"errors":{"request":["Authorization Required"]}}`, http.StatusUnauthorized)
		return
	}
	for _, m := range p.measurements {
		if why := f.poison[m["name"].(string)]; why != "" {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"errors":{"params":{"name":[%q]}},"request_time":1488585496}`, why)
			return
		}
	}
	f.accept(p)
	if p.path == "/v1/metrics" {
		return
	}
	w.WriteHeader(http.StatusAccepted)
	fmt.Fprintf(w, `{"measurements":{"summary":{"total":%d,"accepted":%[1]d,"failed":0}}}`, len(p.measurements))
}

func (f *fake) accept(p *post) {
	for _, m := range p.measurements {
		id := identity(p, m)
		f.store[id] = m
		f.writes[id]++
		f.times[id] = p.time()
	}
}

// identity is what makes two measurements one: time, and name and tags, or source, in any case.
func identity(p *post, m map[string]any) string {
	where := m["tags"]
	if where == nil {
		where = m["source"]
	}
	return strings.ToLower(fmt.Sprint(p.time(), " ", m["name"], " ", where)) // fmt sorts maps by key
}

func (p *post) time() time.Time {
	at := p.body["time"]
	if at == nil {
		at = p.body["measure_time"]
	}
	n, _ := whole(at)
	return time.Unix(n, 0)
}

// accepted returns the names of what was accepted, sorted, as often as it was accepted.
func (f *fake) accepted() (names []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, m := range f.store {
		for range f.writes[id] {
			names = append(names, m["name"].(string))
		}
	}
	slices.Sort(names)
	return names
}

// sizes returns how many measurements each post held.
func (f *fake) sizes() (ns []int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.posts {
		ns = append(ns, len(p.measurements))
	}
	return ns
}

// read takes a request apart and says what of its outside the API forbids.
func read(r *http.Request) (p *post, wrong []string) {
	p = &post{path: r.URL.Path, header: r.Header}
	if r.Method != http.MethodPost {
		wrong = append(wrong, "method "+r.Method)
	}
	if t := r.Header.Get("Content-Type"); t != "application/json" {
		wrong = append(wrong, "content type "+t)
	}
	if ua := r.Header.Get("User-Agent"); !regexp.MustCompile(`^zibrato/[^ ()]+ \(go; go[0-9.]+[^;]*; [a-z0-9]+-[a-z0-9]+\)$`).MatchString(ua) {
		wrong = append(wrong, "user agent "+ua)
	}
	var body io.Reader = r.Body
	switch e := r.Header.Get("Content-Encoding"); e {
	case "":
	case "gzip":
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return p, append(wrong, "gzip: "+err.Error())
		}
		body = z
	default:
		wrong = append(wrong, "content encoding "+e)
	}
	var err error
	if p.raw, err = io.ReadAll(body); err != nil {
		return p, append(wrong, "body: "+err.Error())
	}
	d := json.NewDecoder(strings.NewReader(string(p.raw)))
	d.UseNumber()
	if err := d.Decode(&p.body); err != nil {
		return p, append(wrong, "JSON: "+err.Error())
	}
	list := "measurements"
	if p.path == "/v1/metrics" {
		list = "gauges"
	}
	items, _ := p.body[list].([]any)
	for _, it := range items {
		m, ok := it.(map[string]any)
		if !ok {
			return p, append(wrong, fmt.Sprintf("measurement %v", it))
		}
		p.measurements = append(p.measurements, m)
	}
	return p, wrong
}

var (
	nameForm     = regexp.MustCompile(`\A[A-Za-z0-9.:\-_]{1,255}\z`)
	tagKeyForm   = regexp.MustCompile(`\A[-.:_\w]{1,64}\z`)
	tagValueForm = regexp.MustCompile(`\A[-.:_?\\/\w ]{1,255}\z`)
)

// violations says what in a body the API forbids.
func (p *post) violations(now time.Time) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	top, when := []string{"time", "period", "measurements"}, "time"
	inner := []string{"name", "tags", "attributes", "value", "count", "sum", "min", "max", "last", "stddev"}
	flat := p.path == "/v1/metrics"
	switch {
	case flat:
		top, when = []string{"measure_time", "gauges"}, "measure_time"
		inner = []string{"name", "source", "value", "count", "sum", "min", "max", "sum_squares"}
	case p.path != "/v1/measurements":
		say("path %s", p.path)
	}
	for k := range p.body {
		if !slices.Contains(top, k) {
			say("%s", k)
		}
	}
	if n := len(p.measurements); n < 1 || n > 1000 {
		say("%d measurements", n)
	}
	switch at, err := whole(p.body[when]); {
	case err != nil:
		say("%s: %v", when, err)
	case now.Sub(time.Unix(at, 0)) > 120*time.Minute:
		say("%s is too far in the past", when)
	case at > now.Unix()+60:
		say("%s is in the future", when)
	}
	if v, ok := p.body["period"]; ok {
		if n, err := whole(v); err != nil || n < 1 {
			say("period %v", v)
		}
	}
	seen := map[string]bool{}
	for _, m := range p.measurements {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !slices.Contains(inner, k) {
				say("%s in a measurement", k)
			}
		}
		if name, _ := m["name"].(string); !nameForm.MatchString(name) {
			say("name %v", m["name"])
		}
		if flat {
			if source, _ := m["source"].(string); !nameForm.MatchString(source) || strings.EqualFold(source, "all") {
				say("source %v", m["source"])
			}
		} else {
			wrong = append(wrong, tagViolations(m["tags"])...)
		}
		wrong = append(wrong, numberViolations(m)...)
		if id := identity(p, m); seen[id] {
			say("%s twice", id)
		} else {
			seen[id] = true
		}
	}
	return wrong
}

func tagViolations(v any) (wrong []string) {
	tags, _ := v.(map[string]any)
	if len(tags) < 1 || len(tags) > 50 {
		wrong = append(wrong, fmt.Sprintf("%d tags", len(tags)))
	}
	seen := map[string]bool{}
	for k, v := range tags {
		if s, _ := v.(string); !tagKeyForm.MatchString(k) || !tagValueForm.MatchString(s) || seen[strings.ToLower(k)] {
			wrong = append(wrong, fmt.Sprintf("tag %q=%q", k, v))
		}
		seen[strings.ToLower(k)] = true
	}
	return wrong
}

func numberViolations(m map[string]any) (wrong []string) {
	for _, k := range []string{"value", "count", "sum", "min", "max", "last", "stddev", "sum_squares"} {
		v, ok := m[k]
		if !ok {
			continue
		}
		n, ok := v.(json.Number)
		f, err := n.Float64()
		if !ok || err != nil || f > 1e126 || f < -1e126 {
			wrong = append(wrong, fmt.Sprintf("%s %v", k, v))
		}
	}
	_, value := m["value"]
	_, count := m["count"]
	_, sum := m["sum"]
	if value == count || count != sum {
		wrong = append(wrong, fmt.Sprintf("neither a value nor a summary, or both: %v", m))
	}
	for _, k := range []string{"min", "max", "last", "stddev", "sum_squares"} {
		if _, ok := m[k]; ok && !count {
			wrong = append(wrong, k+" without count and sum")
		}
	}
	if count {
		if _, err := whole(m["count"]); err != nil {
			wrong = append(wrong, fmt.Sprintf("count %v", m["count"]))
		}
	}
	return wrong
}

func whole(v any) (int64, error) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, fmt.Errorf("%v is no number", v)
	}
	return n.Int64()
}

// An oracle that lets everything pass proves nothing.
func TestFakeKnowsWhatTheDocumentsForbid(t *testing.T) {
	now := time.Unix(1700000000, 0)
	const good = `{"time":1700000000,"period":60,"measurements":[{"name":"a","tags":{"source":"x"},"value":1}]}`
	const legacy = `{"measure_time":1700000000,"gauges":[{"name":"a","source":"x","count":2,"sum":3,"sum_squares":5}]}`
	many := strings.TrimSuffix(strings.Repeat(`{"name":"a","tags":{"s":"x"},"value":1},`, 1001), ",")
	tags := `"x":"x"`
	for i := range 50 {
		tags += fmt.Sprintf(`,"t%d":"x"`, i)
	}
	for _, c := range []struct {
		path, body string
		forbidden  bool
	}{
		{"/v1/measurements", good, false},
		{"/v1/metrics", legacy, false},
		{"/v1/metrics", good, true},
		{"/v2/measurements", good, true},
		{"/v1/measurements", `{"time":1700000000,"measurements":[]}`, true},
		{"/v1/measurements", `{"time":1700000000,"measurements":[` + many + `]}`, true},
		{"/v1/measurements", strings.Replace(good, "1700000000", "1699992000", 1), true},
		{"/v1/measurements", strings.Replace(good, "1700000000", `1700000000.5`, 1), true},
		{"/v1/measurements", strings.Replace(good, "1700000000", `"1700000000"`, 1), true},
		{"/v1/measurements", strings.Replace(good, `"name":"a"`, `"name":"a b"`, 1), true},
		{"/v1/measurements", strings.Replace(good, `"name":"a"`, `"name":""`, 1), true},
		{"/v1/measurements", strings.Replace(good, `"name":"a"`, `"name":"`+strings.Repeat("a", 256)+`"`, 1), true},
		{"/v1/measurements", strings.Replace(good, `{"source":"x"}`, `{}`, 1), true},
		{"/v1/measurements", strings.Replace(good, `"source":"x"`, `"source":""`, 1), true},
		{"/v1/measurements", strings.Replace(good, `"source":"x"`, `"so rce":"x"`, 1), true},
		{"/v1/measurements", strings.Replace(good, `"source":"x"`, `"a":"x","A":"x"`, 1), true},
		{"/v1/measurements", strings.Replace(good, `"source":"x"`, tags, 1), true},
		{"/v1/measurements", strings.Replace(good, `"value":1`, `"value":1e127`, 1), true},
		{"/v1/measurements", strings.Replace(good, `"value":1`, `"value":null`, 1), true},
		{"/v1/measurements", strings.Replace(good, `"value":1`, `"count":1`, 1), true},
		{"/v1/measurements", strings.Replace(good, `"value":1`, `"count":1.5,"sum":1`, 1), true},
		{"/v1/measurements", strings.Replace(good, `"value":1`, `"value":1,"count":1,"sum":1`, 1), true},
		{"/v1/measurements", strings.Replace(good, `"value":1`, `"value":1,"min":1`, 1), true},
		{"/v1/measurements", strings.Replace(good, `"value":1`, `"count":1,"sum":1,"sum_squares":1`, 1), true},
		{"/v1/measurements", strings.Replace(good, `"value":1}`, `"value":1},{"name":"A","tags":{"Source":"X"},"value":1}`, 1), true},
		{"/v1/metrics", strings.Replace(legacy, `"source":"x"`, `"source":"All"`, 1), true},
		{"/v1/metrics", strings.Replace(legacy, `"source":"x"`, `"tags":{"source":"x"}`, 1), true},
	} {
		r := httptest.NewRequest(http.MethodPost, c.path, strings.NewReader(c.body))
		p, _ := read(r)
		if wrong := p.violations(now); (len(wrong) > 0) != c.forbidden {
			t.Errorf("%s %.200s\nforbidden is %v: %v", c.path, c.body, c.forbidden, wrong)
		}
	}
}
