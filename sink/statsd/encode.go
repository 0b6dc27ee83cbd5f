package statsd

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/zibrato/zibrato/internal/naming"
	"github.com/zibrato/zibrato/metric"
)

var (
	errLong     = errors.New("its line is longer than a packet")
	errNegative = errors.New("has negative values, which timers cannot have: choose h or d for Distributions")
)

// encoder makes the packets of windows.
type encoder struct {
	cfg      Config
	template naming.Template
	keeper   naming.Keeper
	limit    int // of a line, with its line feed

	out    []byte // the lines, each with its line feed
	ends   []int  // where each packet of them ends
	begin  int    // where the packet at hand begins
	values []value
	tags   []metric.Tag
}

// encode fills out and ends. It returns how many series cannot be sent, and why for one of them. It fails only when ctx ends.
func (e *encoder) encode(ctx context.Context, w *metric.Window) (unfit int, why string, err error) {
	e.out, e.ends, e.begin = e.out[:0], e.ends[:0], 0
	e.keeper.Begin()
	for i := range w.Series {
		if err := ctx.Err(); err != nil {
			return 0, "", err
		}
		was, packets, begin := len(e.out), len(e.ends), e.begin
		if err := e.series(&w.Series[i]); err != nil {
			e.out, e.ends, e.begin = e.out[:was], e.ends[:packets], begin
			unfit, why = unfit+1, fmt.Sprintf("%s: %v", metric.LegalText(w.Series[i].Name, metric.MaxNameLen), err)
		}
	}
	if len(e.out) > e.begin {
		e.ends = append(e.ends, len(e.out))
	}
	e.keeper.Report(e.cfg.Logger, "statsd")
	return unfit, why, nil
}

// series appends the lines of one series.
func (e *encoder) series(a *metric.Aggregate) error {
	switch a.Kind {
	case metric.Counter:
		l, err := e.line(a, "c")
		if err != nil {
			return err
		}
		return e.append(l.begin(nil), strconv.AppendInt(nil, a.IntSum, 10), l.end(nil, 1))
	case metric.Gauge, metric.UpDown:
		if !a.HasDetail() {
			return nil
		}
		l, err := e.line(a, "g")
		if err != nil {
			return err
		}
		head, tail := l.begin(nil), l.end(nil, 1)
		value := appendFloat(nil, a.Detail.Last)
		if value[0] == '-' {
			return e.append(head, []byte("0"), tail, head, value, tail)
		}
		return e.append(head, value, tail)
	case metric.Timer:
		return e.calls(a, "ms")
	}
	return e.calls(a, e.cfg.Distributions)
}

// calls appends the lines of a timer or distribution.
func (e *encoder) calls(a *metric.Aggregate, typ string) error {
	packed := e.cfg.Tags == DogStatsD
	e.values = spread(e.values[:0], a, e.cfg.Values, packed)
	if len(e.values) == 0 {
		return nil
	}
	l, err := e.line(a, typ)
	if err != nil {
		return err
	}
	head := l.begin(nil)
	var tail, text, line []byte
	var calls uint64 // that tail is for
	for _, v := range e.values {
		if v.v < 0 && typ == "ms" {
			return errNegative
		}
		if v.calls != calls {
			if err := e.flush(line, tail); err != nil {
				return err
			}
			tail, line, calls = l.end(tail[:0], v.calls), line[:0], v.calls
		}
		if a.Kind == metric.Timer {
			text = appendMilliseconds(text[:0], v.v)
		} else {
			text = appendFloat(text[:0], v.v)
		}
		if packed && len(line) > 0 && len(line)+1+len(text)+len(tail) <= e.limit {
			line = append(append(line, ':'), text...)
			continue
		}
		if err := e.flush(line, tail); err != nil {
			return err
		}
		line = append(append(line[:0], head...), text...)
	}
	return e.flush(line, tail)
}

// flush appends a line if it has begun.
func (e *encoder) flush(line, tail []byte) error {
	if len(line) == 0 {
		return nil
	}
	return e.append(line, tail)
}

// append appends the pieces of lines that belong into one packet.
func (e *encoder) append(pieces ...[]byte) error {
	size := 0
	for _, p := range pieces {
		size += len(p)
	}
	if size > e.limit {
		return errLong
	}
	if len(e.out) > e.begin && len(e.out)+size-e.begin > e.limit {
		e.ends = append(e.ends, len(e.out))
		e.begin = len(e.out)
	}
	for _, p := range pieces {
		e.out = append(e.out, p...)
	}
	return nil
}

// line is what stands before and behind the values of a series.
type line struct{ name, typ, tags string }

func (e *encoder) line(a *metric.Aggregate, typ string) (line, error) {
	if e.cfg.Tags == None {
		name, err := e.keeper.Claim(a.Series, e.cfg.Prefix+e.template.Flat(a.Series), "", typ)
		return line{name: name, typ: typ}, err
	}
	e.tags = naming.Tags(e.tags[:0], a.Series, tagValue)
	var b strings.Builder
	separator, between := byte(','), byte('=')
	switch e.cfg.Tags {
	case DogStatsD:
		between = ':'
	case Graphite:
		separator = ';'
	}
	for i, t := range e.tags {
		if i > 0 || e.cfg.Tags != DogStatsD {
			b.WriteByte(separator)
		}
		b.WriteString(t.Key)
		b.WriteByte(between)
		b.WriteString(t.Value)
	}
	tags := b.String()
	name, err := e.keeper.Claim(a.Series, e.cfg.Prefix+naming.Name(a.Name), tags, typ)
	if e.cfg.Tags == DogStatsD {
		return line{name: name, typ: typ, tags: tags}, err
	}
	return line{name: name + tags, typ: typ}, err
}

func tagValue(s string) string { return naming.Text(s, "./", naming.MaxWord) }

func (l *line) begin(dst []byte) []byte { return append(append(dst, l.name...), ':') }

// end appends what follows values of so many calls each.
func (l *line) end(dst []byte, calls uint64) []byte {
	dst = append(append(dst, '|'), l.typ...)
	if calls > 1 {
		dst = appendRate(append(dst, "|@"...), calls)
	}
	if l.tags != "" {
		dst = append(append(dst, "|#"...), l.tags...)
	}
	return append(dst, '\n')
}

// appendRate appends the sample rate of a value that stands for so many calls. Servers divide one by it, and some cut what comes out
// to a whole number: it must not fall short. Etsy's reads digits and a point only.
func appendRate(dst []byte, calls uint64) []byte {
	r := 1 / float64(calls)
	for 1/r < float64(calls) {
		r = math.Nextafter(r, 0)
	}
	return strconv.AppendFloat(dst, r, 'f', -1, 64)
}

// appendMilliseconds appends seconds in milliseconds. What is whole in nanoseconds stays so.
func appendMilliseconds(dst []byte, seconds float64) []byte {
	const exact = 1 << 50 // nanoseconds of which a float64 of seconds knows each
	ns := math.Round(seconds * 1e9)
	if !(ns < exact) {
		return appendFloat(dst, seconds*1e3)
	}
	n := uint64(ns)
	dst = strconv.AppendUint(dst, n/1e6, 10)
	if n %= 1e6; n == 0 {
		return dst
	}
	dst = append(dst, '.')
	for digit := uint64(1e5); n > 0; digit /= 10 {
		dst = append(dst, '0'+byte(n/digit))
		n %= digit
	}
	return dst
}

// appendFloat appends the shortest number that reads back as v, with an exponent only where there would be very many zeros.
func appendFloat(dst []byte, v float64) []byte {
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-9 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, v, format, -1, 64)
}
