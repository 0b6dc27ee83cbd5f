package logfile

import (
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/zibrato/zibrato/metric"
)

// Lines are written by hand: encoding/json would need a value of its own for every series, since it can neither leave
// a sum exact nor write null for NaN.

// quantiles are the fields that hold them, in the order of the line.
var quantiles = [...]struct {
	field string
	q     float64
}{{`,"p50":`, 0.5}, {`,"p90":`, 0.9}, {`,"p95":`, 0.95}, {`,"p99":`, 0.99}, {`,"p999":`, 0.999}}

// appendLine appends the line of one series. start is the window's start, as appendTime writes it.
func appendLine(dst, start []byte, a *metric.Aggregate) []byte {
	dst = append(append(dst, `{"time":`...), start...)
	dst = appendString(append(dst, `,"name":`...), a.Name)
	dst = appendString(append(dst, `,"kind":`...), a.Kind.String())
	dst = appendString(append(dst, `,"unit":`...), a.Unit)
	dst = appendString(append(dst, `,"level":`...), string(a.Level))
	dst = appendString(append(dst, `,"source":`...), a.Source)
	dst = append(dst, `,"tags":{`...)
	for i, t := range a.Tags {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, t.Key)
		dst = appendString(append(dst, ':'), t.Value)
	}
	dst = appendCount(append(dst, `},"count":`...), a)
	dst = appendSum(append(dst, `,"sum":`...), a)
	return append(appendDetail(dst, a), '}', '\n')
}

func appendTime(dst []byte, t time.Time) []byte {
	return append(t.UTC().AppendFormat(append(dst, '"'), time.RFC3339Nano), '"')
}

// appendCount appends the number of calls. A counter that grew was called: if nobody counted the calls, they are unknown.
func appendCount(dst []byte, a *metric.Aggregate) []byte {
	if a.Count == 0 && a.Kind == metric.Counter && a.IntSum != 0 {
		return append(dst, "null"...)
	}
	return strconv.AppendUint(dst, a.Count, 10)
}

// appendSum appends the sum, exactly where the aggregate has it so: a counter's as an integer, a timer's in seconds with
// as many decimals as nanoseconds need.
func appendSum(dst []byte, a *metric.Aggregate) []byte {
	switch {
	case a.Kind == metric.Counter:
		return strconv.AppendInt(dst, a.IntSum, 10)
	case a.Kind == metric.Timer:
		return metric.AppendSeconds(dst, a.IntSum)
	case a.Kind != metric.Distribution && !a.HasDetail():
		return append(dst, "null"...)
	}
	return appendFloat(dst, a.Sum)
}

func appendDetail(dst []byte, a *metric.Aggregate) []byte {
	if !a.HasDetail() {
		return append(dst, `,"min":null,"max":null,"last":null,"stddev":null,"p50":null,"p90":null,"p95":null,"p99":null,"p999":null`...)
	}
	d := &a.Detail
	dst = appendFloat(append(dst, `,"min":`...), d.Min)
	dst = appendFloat(append(dst, `,"max":`...), d.Max)
	dst = appendFloat(append(dst, `,"last":`...), d.Last)
	dst = appendFloat(append(dst, `,"stddev":`...), d.StdDev())
	for i := range quantiles {
		dst = appendFloat(append(dst, quantiles[i].field...), d.Quantile(quantiles[i].q))
	}
	return dst
}

// appendFloat appends the shortest number that reads back as v. Exponents are for what would need more than 21 digits
// or six zeros behind the point, as in JavaScript and encoding/json. JSON has no word for NaN and infinities but null.
func appendFloat(dst []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(dst, "null"...)
	}
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, v, format, -1, 64)
}

// appendString appends s as a JSON string. Of the characters that JSON lets stand, U+2028 and U+2029 are escaped too,
// since some readers end a line there. What is not UTF-8, which no legal series holds, becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	done := 0 // what is before it is written
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = append(dst, s[done:i]...)
			if c == '"' || c == '\\' {
				dst = append(dst, '\\', c)
			} else {
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			done = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == '\u2028' || r == '\u2029' || r == utf8.RuneError && size == 1 {
			dst = append(dst, s[done:i]...)
			dst = append(dst, '\\', 'u', hex[r>>12], hex[r>>8&15], hex[r>>4&15], hex[r&15])
			done = i + size
		}
		i += size
	}
	return append(append(dst, s[done:]...), '"')
}
