package metric

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The text form, as Zibrato 0.2 sends and reads it, one message a sample:
//
//	level|Type|name|value|timestamp|source
//
// Type is Gauge, Timer or Counter; a timer's value is in seconds, the timestamp in whole Unix seconds.
const textFields = 6

// MaxText is the longest text message that a decoder looks at: whole fields, with room to spare.
const MaxText = 4096

// AppendText appends the text message for sample i of the batch to dst.
//
// The text form has three types and no tags. A distribution goes as a gauge, and so does an up-down counter's value. Tag
// values are appended to the name behind dots, in the order of their keys ("http.request" with status=200 becomes
// "http.request.200"), so that series which differ by tags stay apart. What is longer than a name may be is made legal as
// [LegalName] does.
func AppendText(dst []byte, b *Batch, i int) []byte {
	sample := &b.Samples[i]
	s := b.Entries[sample.Entry].Series
	dst = append(dst, s.Level...)
	dst = append(dst, '|')
	switch s.Kind {
	case Timer:
		dst = append(dst, "Timer|"...)
	case Counter:
		dst = append(dst, "Counter|"...)
	default:
		dst = append(dst, "Gauge|"...)
	}
	name := len(dst)
	dst = append(dst, s.Name...)
	for _, t := range s.Tags {
		dst = append(dst, '.')
		dst = append(dst, t.Value...)
	}
	if len(dst)-name > MaxNameLen { // as a reader would call it, to whom the whole might be too long
		legal, _ := LegalName(string(dst[name:]))
		dst = append(dst[:name], legal...)
	}
	dst = append(dst, '|')
	switch {
	case s.Kind == Timer:
		dst = AppendSeconds(dst, sample.Value.Int())
	case s.Kind.Integer():
		dst = strconv.AppendInt(dst, sample.Value.Int(), 10)
	default:
		dst = strconv.AppendFloat(dst, sample.Value.Float(), 'g', -1, 64)
	}
	dst = append(dst, '|')
	dst = strconv.AppendInt(dst, b.Base.Add(time.Duration(sample.Time)*time.Microsecond).Unix(), 10)
	dst = append(dst, '|')
	return append(dst, s.Source...)
}

// AppendSeconds appends nanoseconds as decimal seconds, exactly, which no float64 does.
func AppendSeconds(dst []byte, ns int64) []byte {
	if ns < 0 {
		dst = append(dst, '-')
	}
	whole, rest := ns/1e9, ns%1e9 // both small enough to change their sign, which the least int64 is not
	dst = strconv.AppendInt(dst, max(whole, -whole), 10)
	if rest == 0 {
		return dst
	}
	dst = append(dst, '.')
	for rest = max(rest, -rest) * 10; rest != 0; rest = rest % 1e9 * 10 {
		dst = append(dst, '0'+byte(rest/1e9))
	}
	return dst
}

// DecodeText decodes a text message into b, as a batch of one sample without totals. Types are taken in any case,
// singular or plural. Names and sources are made legal as [LegalName] does. The error is a *DecodeError.
func DecodeText(frame []byte, b *Batch) error {
	b.Reset()
	if len(frame) > MaxText {
		return malformed(ReasonSize, "%d bytes of text, more than %d", len(frame), MaxText)
	}
	if !utf8.Valid(frame) {
		return malformed(ReasonEncoding, "%s is not UTF-8", excerpt(string(frame)))
	}
	text := string(frame)
	if n := strings.Count(text, "|") + 1; n != textFields {
		return malformed(ReasonFields, "%d fields instead of %d: %s", n, textFields, excerpt(text))
	}
	f := strings.Split(text, "|")
	level, name, source := Level(f[0]), f[2], f[5]
	if !level.Valid() {
		return malformed(ReasonLevel, "level %s", excerpt(f[0]))
	}
	kind, unit := textKind(f[1])
	if kind == 0 {
		return malformed(ReasonKind, "type %s is none of Gauge, Timer, Counter", excerpt(f[1]))
	}
	value, ok := textValue(kind, f[3])
	if !ok {
		return malformed(ReasonNumber, "value %s of a %s", excerpt(f[3]), kind)
	}
	at, ok := textTime(f[4])
	if !ok {
		return malformed(ReasonNumber, "timestamp %s", excerpt(f[4]))
	}
	name, _ = LegalName(name)
	if source != "" {
		source, _ = LegalName(source)
	}
	b.Level = level
	b.Base = at
	b.Entries = append(b.Entries, Entry{Series: &Series{Kind: kind, Level: level, Name: name, Source: source, Unit: unit}})
	b.Samples = append(b.Samples, Sample{Value: value})
	return nil
}

func textKind(s string) (Kind, string) {
	switch strings.TrimSuffix(strings.ToLower(s), "s") {
	case "gauge":
		return Gauge, ""
	case "timer":
		return Timer, "s"
	case "counter":
		return Counter, ""
	}
	return 0, ""
}

// textValue reads a number. What no instrument could have recorded is no value: a negative timer or counter, a fraction of a count.
func textValue(k Kind, s string) (Value, bool) {
	switch k {
	case Counter:
		if i, ok := fixed(s, 0); ok {
			return IntValue(i), true
		}
	case Timer:
		if ns, ok := fixed(s, 9); ok {
			return IntValue(ns), true
		}
	}
	f, ok := decimal(s)
	if !ok {
		return 0, false
	}
	if k == Gauge {
		return FloatValue(f), true
	}
	if f < 0 {
		return 0, false
	}
	if k == Timer {
		f = math.Round(f * 1e9)
	}
	if f >= 1<<63 || f != math.Trunc(f) {
		return 0, false
	}
	return IntValue(int64(f)), true
}

// fixed reads digits with at most so many behind the point, exactly, which by way of a float64 is not possible: 12.5 with 9 places
// is 12500000000. It does not read other ways to write a number.
func fixed(s string, places int) (int64, bool) {
	whole, frac, _ := strings.Cut(s, ".")
	if whole == "" || len(frac) > places {
		return 0, false
	}
	i, err := strconv.ParseUint(whole+frac+strings.Repeat("0", places-len(frac)), 10, 63)
	return int64(i), err == nil
}

func textTime(s string) (time.Time, bool) {
	f, ok := decimal(s)
	if !ok || f < 0 || f >= 1<<33 { // until the year 2242, so that nanoseconds fit
		return time.Time{}, false
	}
	whole := math.Floor(f)
	return time.Unix(int64(whole), int64((f-whole)*1e9)), true
}

// decimal reads a finite decimal number; unlike strconv, it takes neither hexadecimal nor underscores.
func decimal(s string) (float64, bool) {
	if strings.ContainsAny(s, "xX_") {
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return f, err == nil && !notFinite(f)
}
