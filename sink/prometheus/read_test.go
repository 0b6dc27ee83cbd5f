package prometheus_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/zibrato/zibrato/sink/prometheus"
)

// shown is what a scrape says of a series.
type shown struct {
	name, kind, unit, help string
	labels                 map[string]string
	value                  *big.Rat // or the sum of a histogram
	count                  uint64
	fixed                  map[float64]uint64 // cumulative counts by bound
	native                 map[float64]uint64 // counts by the middle of the bucket
	schema                 int32
	created                string // of OpenMetrics: as it stands there
}

const (
	acceptText  = "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
	acceptOpen  = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;q=0.5"
	acceptProto = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.8,text/plain;q=0.5"
)

// reader reads all that a sink shows, in one form.
type reader struct {
	accept string
	parse  func(body []byte) (map[string]*shown, error)
}

func (r reader) read(s *prometheus.Sink) (map[string]*shown, error) { return r.parse(get(s, r.accept)) }

var readers = map[string]reader{
	"text": {acceptText, readText},
	"openmetrics": {acceptOpen, func(body []byte) (map[string]*shown, error) {
		text, ok := strings.CutSuffix(string(body), "# EOF\n")
		if !ok || strings.Contains(text, "# EOF") {
			return nil, errors.New("# EOF is missing, or not at the end")
		}
		return readText([]byte(text))
	}},
	"protobuf": {acceptProto, readProto},
}

func get(s *prometheus.Sink, accept string) []byte {
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Body.Bytes()
}

// readText reads either text form, of which it takes the order of lines as seriously as OpenMetrics does.
func readText(text []byte) (map[string]*shown, error) {
	all := map[string]*shown{}
	seen := map[string]bool{}
	var of shown // what the comments say
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		line := lines.Text()
		if fields := strings.SplitN(line, " ", 4); fields[0] == "#" {
			if fields[2] != of.name {
				if of = (shown{name: fields[2]}); seen[of.name] {
					return nil, fmt.Errorf("%s comes twice", of.name)
				}
				seen[of.name] = true
			}
			switch fields[1] {
			case "TYPE":
				of.kind = fields[3]
			case "UNIT":
				of.unit = fields[3]
			case "HELP":
				of.help = fields[3]
			default:
				return nil, fmt.Errorf("line %q", line)
			}
			continue
		}
		name, labels, value, err := readSample(line)
		if err != nil {
			return nil, fmt.Errorf("%w in line %q", err, line)
		}
		suffix, ok := strings.CutPrefix(name, of.name)
		if !ok {
			return nil, fmt.Errorf("line %q in family %s", line, of.name)
		}
		le := labels["le"]
		delete(labels, "le")
		full := of.name
		if of.kind == "counter" {
			full = strings.TrimSuffix(of.name, "_total") + "_total"
		}
		id := identity(full, labels)
		s := all[id]
		if s == nil {
			c := of
			c.name, c.labels, c.fixed = full, labels, map[float64]uint64{}
			s = &c
			all[id] = s
		}
		switch number, whole := new(big.Rat).SetString(value); {
		case suffix == "_bucket":
			bound, err := strconv.ParseFloat(le, 64)
			if err != nil {
				return nil, err
			}
			if s.fixed[bound], err = strconv.ParseUint(value, 10, 64); err != nil {
				return nil, err
			}
		case suffix == "_created":
			s.created = value
		case !whole:
			return nil, fmt.Errorf("value in line %q", line)
		case suffix == "_count":
			s.count = number.Num().Uint64()
		case suffix == "_sum" || suffix == "" || suffix == "_total" && of.kind == "counter":
			s.value = number
		default:
			return nil, fmt.Errorf("line %q in family %s", line, of.name)
		}
	}
	for id, s := range all {
		if s.kind == "histogram" && s.fixed[math.Inf(1)] != s.count {
			return nil, fmt.Errorf("%s: %d in buckets, %d in all", id, s.fixed[math.Inf(1)], s.count)
		}
	}
	return all, nil
}

// readSample takes a line apart by hand: any label's value may hold anything.
func readSample(line string) (name string, labels map[string]string, value string, err error) {
	labels = map[string]string{}
	at := strings.IndexAny(line, "{ ")
	if at < 0 {
		return "", nil, "", errors.New("no value")
	}
	name, rest := line[:at], line[at:]
	for rest[0] == '{' || rest[0] == ',' {
		key, quoted, ok := strings.Cut(rest[1:], "=")
		if !ok {
			return "", nil, "", errors.New("no label")
		}
		var v strings.Builder
		i := 1
		for ; quoted[i] != '"'; i++ {
			if quoted[i] == '\\' {
				i++
				if quoted[i] == 'n' {
					v.WriteByte('\n')
					continue
				}
			}
			v.WriteByte(quoted[i])
		}
		if _, twice := labels[key]; twice {
			return "", nil, "", errors.New("a label twice")
		}
		labels[key] = v.String()
		if rest = quoted[i+1:]; rest[0] == '}' {
			rest = rest[1:]
			break
		}
	}
	value, ok := strings.CutPrefix(rest, " ")
	if !ok || strings.Contains(value, " ") {
		return "", nil, "", errors.New("no value at the end")
	}
	return name, labels, value, nil
}

func identity(name string, labels map[string]string) string {
	var b strings.Builder
	b.WriteString(name + "{")
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		fmt.Fprintf(&b, "%s=%q,", k, labels[k])
	}
	return b.String() + "}"
}

func readProto(body []byte) (map[string]*shown, error) {
	all := map[string]*shown{}
	dec := expfmt.NewDecoder(bytes.NewReader(body), expfmt.NewFormat(expfmt.TypeProtoDelim))
	for {
		f := &dto.MetricFamily{}
		if err := dec.Decode(f); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		for _, m := range f.Metric {
			s := &shown{name: f.GetName(), kind: strings.ToLower(f.GetType().String()), unit: f.GetUnit(), help: f.GetHelp(), labels: map[string]string{}}
			for _, l := range m.Label {
				s.labels[l.GetName()] = l.GetValue()
			}
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue()
			if h := m.Histogram; h != nil {
				value, s.count, s.schema = h.GetSampleSum(), h.GetSampleCount(), h.GetSchema()
				var err error
				if s.native, err = buckets(h); err != nil {
					return nil, fmt.Errorf("%s: %w", f.GetName(), err)
				}
				s.fixed = map[float64]uint64{}
				for _, b := range h.Bucket {
					s.fixed[b.GetUpperBound()] = b.GetCumulativeCount()
				}
			}
			s.value = new(big.Rat).SetFloat64(value)
			id := identity(s.name, s.labels)
			if all[id] != nil || s.value == nil {
				return nil, fmt.Errorf("%s twice, or %v", id, value)
			}
			all[id] = s
		}
	}
}

// buckets reads native buckets, and checks what Prometheus checks.
func buckets(h *dto.Histogram) (map[float64]uint64, error) {
	counts := map[float64]uint64{}
	total := h.GetZeroCount()
	if total > 0 {
		counts[0] = total
	}
	for _, side := range []struct {
		sign   float64
		spans  []*dto.BucketSpan
		deltas []int64
	}{{1, h.PositiveSpan, h.PositiveDelta}, {-1, h.NegativeSpan, h.NegativeDelta}} {
		number, at, n := int32(0), 0, int64(0)
		for i, s := range side.spans {
			if number += s.GetOffset(); i > 0 && s.GetOffset() < 0 {
				return nil, errors.New("spans overlap")
			}
			for range s.GetLength() {
				if n += side.deltas[at]; n < 0 {
					return nil, errors.New("negative count")
				}
				if n > 0 {
					counts[side.sign*math.Exp2((float64(number)-0.5)*math.Exp2(-float64(h.GetSchema())))] = uint64(n)
				}
				total += uint64(n)
				number++
				at++
			}
		}
		if at != len(side.deltas) {
			return nil, errors.New("more deltas than spans")
		}
	}
	if total != h.GetSampleCount() {
		return nil, fmt.Errorf("%d in buckets, %d in all", total, h.GetSampleCount())
	}
	if len(h.PositiveSpan)+len(h.NegativeSpan) == 0 && total == 0 {
		return nil, errors.New("not to be known as a native histogram")
	}
	return counts, nil
}

// quantile is by nearest rank.
func quantile(counts map[float64]uint64, total uint64, q float64) float64 {
	rank := max(uint64(math.Ceil(q*float64(total))), 1)
	for _, middle := range slices.Sorted(maps.Keys(counts)) {
		n := counts[middle]
		if n >= rank {
			return middle
		}
		rank -= n
	}
	return math.NaN()
}

func fnv32a(s string) string {
	h := fnv.New32a()
	h.Write([]byte(s))
	return fmt.Sprintf("%08x", h.Sum32())
}
