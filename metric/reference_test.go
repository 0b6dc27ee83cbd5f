package metric

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// What follows was written from docs/wire.md, without regard to speed and without a line of the package's codec, so that
// the two can be held against each other.

type refBatch struct {
	Level      string       `json:"level"`
	Final      bool         `json:"final"`
	Recorder   string       `json:"recorder"`
	Seq        uint64       `json:"seq"`
	UptimeNS   int64        `json:"uptime_ns"`
	IntervalNS int64        `json:"interval_ns"`
	BaseNS     int64        `json:"base_ns"`
	StartNS    int64        `json:"start_ns"`
	PID        uint32       `json:"pid"`
	Host       string       `json:"host"`
	Program    string       `json:"program"`
	Entries    []refEntry   `json:"entries"`
	Samples    []refValue   `json:"samples"`
	Summaries  []refSummary `json:"summaries"`
	Detail     string       `json:"-"` // the first part of the topic
	Unknown    int          `json:"-"` // entries left out
}

type refEntry struct {
	ID      uint32    `json:"id"`
	Kind    string    `json:"kind"`
	BirthNS int64     `json:"birth_ns"`
	Before  refTotals `json:"before"`
	After   refTotals `json:"after"`
	Name    string    `json:"name"`
	Source  string    `json:"source"`
	Unit    string    `json:"unit"`
	Help    string    `json:"help"`
	Tags    []refTag  `json:"tags"`
}

type refTag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type refTotals struct {
	Count uint64      `json:"count"`
	Sum   json.Number `json:"sum"`
}

type refValue struct {
	Entry uint32      `json:"entry"`
	US    uint32      `json:"us"`
	Value json.Number `json:"value"`
}

var refKinds = map[byte]string{1: "timer", 2: "counter", 3: "updown", 4: "gauge", 5: "distribution"}

// refNumber writes a value as JSON does.
func refNumber(kind string, word uint64) json.Number {
	if kind == "gauge" || kind == "distribution" {
		text, err := json.Marshal(math.Float64frombits(word))
		if err != nil {
			return "not finite"
		}
		return json.Number(text)
	}
	return json.Number(fmt.Sprint(int64(word)))
}

// refCursor reads a frame; what it cannot read it panics with.
type refCursor struct{ rest []byte }

type refError string

func (c *refCursor) bytes(n int) []byte {
	if n > len(c.rest) {
		panic(refError("too short"))
	}
	taken := c.rest[:n]
	c.rest = c.rest[n:]
	return taken
}

func (c *refCursor) uint(size int) (v uint64) {
	for i, b := range c.bytes(size) {
		v |= uint64(b) << (8 * i)
	}
	return v
}

func (c *refCursor) ns() int64 { return int64(c.uint(8) &^ (1 << 63)) }

func (c *refCursor) str(least, most int, forbidden string, noReplacement bool) string {
	s := string(c.bytes(int(c.uint(1))))
	if len(s) < least || len(s) > most || !utf8.ValidString(s) || strings.ContainsAny(s, forbidden) {
		panic(refError("illegal string"))
	}
	for _, r := range s {
		if unicode.Is(unicode.Cc, r) || noReplacement && r == 0xFFFD {
			panic(refError("illegal character"))
		}
	}
	return s
}

func refCheck(ok bool, what string) {
	if !ok {
		panic(refError(what))
	}
}

// refDecode decodes a message of samples or of summaries.
func refDecode(frame []byte) (b *refBatch, err error) {
	defer func() {
		if r := recover(); r != nil {
			b, err = nil, errors.New(string(r.(refError)))
		}
	}()
	refCheck(len(frame) <= 1<<20, "size")
	parts := strings.SplitN(string(frame), "|", 3)
	refCheck(len(parts) == 3 && (parts[0] == "zsmp1" || parts[0] == "zsum1"), "topic")
	b = &refBatch{Detail: parts[0], Level: parts[1]}
	refCheck(len(b.Level) >= 1 && len(b.Level) <= 32 && !strings.HasPrefix(b.Level, "zs"), "level")
	for _, r := range b.Level {
		refCheck(strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-", r), "level")
	}
	refCheck(len(frame) >= 4, "no checksum")
	body, sum := frame[:len(frame)-4], frame[len(frame)-4:]
	refCheck(binary.LittleEndian.Uint32(sum) == crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)), "checksum")
	topic := len("zsmp1|") + len(b.Level) + 1
	refCheck(len(body) >= topic, "the checksum is part of the topic")
	c := &refCursor{body[topic:]}

	h := &refCursor{c.bytes(int(c.uint(2)))}
	b.Final = h.uint(1)&1 == 1
	h.uint(1)
	recorder := h.bytes(16)
	b.Recorder = hex.EncodeToString(recorder)
	b.Seq = h.uint(8)
	b.UptimeNS, b.IntervalNS = h.ns(), h.ns()
	b.BaseNS, b.StartNS = int64(h.uint(8)), int64(h.uint(8))
	b.PID = uint32(h.uint(4))
	entries, details := h.uint(4), h.uint(4)
	b.Host = h.str(0, 255, "|", false)
	b.Program = h.str(0, 255, "|", false)
	refCheck(strings.Trim(b.Recorder, "0") != "", "recorder")

	place := map[uint64]int{} // of an entry of the message among those kept
	for i := range entries {
		length := int(c.uint(2))
		refCheck(length >= 51, "entry")
		e, known := refDecodeEntry(&refCursor{c.bytes(length)})
		if !known {
			b.Unknown++
			continue
		}
		place[i] = len(b.Entries)
		b.Entries = append(b.Entries, e)
	}
	if b.Detail == "zsum1" {
		refDecodeSummaries(c, b, details, entries, place)
		return b, nil
	}
	for range details {
		i, us, word := c.uint(4), uint32(c.uint(4)), c.uint(8)
		refCheck(i < entries, "sample of no entry")
		at, known := place[i]
		if !known {
			continue
		}
		kind := b.Entries[at].Kind
		if kind == "timer" || kind == "counter" {
			refCheck(int64(word) >= 0, "negative")
		}
		v := refNumber(kind, word)
		refCheck(v != "not finite", "not finite")
		b.Samples = append(b.Samples, refValue{uint32(at), us, v})
	}
	refCheck(len(c.rest) == 0, "left over")
	return b, nil
}

func refDecodeEntry(c *refCursor) (e refEntry, known bool) {
	e.ID = uint32(c.uint(4))
	e.Kind, known = refKinds[byte(c.uint(1))]
	c.uint(1)
	e.BirthNS = c.ns()
	beforeCount, beforeSum := c.uint(8), c.uint(8)
	afterCount, afterSum := c.uint(8), c.uint(8)
	if !known {
		return e, false
	}
	e.Before = refTotals{beforeCount, refNumber(e.Kind, beforeSum)}
	e.After = refTotals{afterCount, refNumber(e.Kind, afterSum)}
	e.Name = c.str(1, 255, "|", false)
	e.Source = c.str(0, 255, "|", false)
	e.Unit = c.str(0, 63, "", true)
	e.Help = c.str(0, 255, "", true)
	tags := c.uint(1)
	refCheck(tags <= 32, "tags")
	for range tags {
		e.Tags = append(e.Tags, refTag{c.str(1, 64, "|", false), c.str(0, 255, "|", false)})
		if n := len(e.Tags); n > 1 {
			refCheck(e.Tags[n-2].Key < e.Tags[n-1].Key, "tags out of order")
		}
	}
	refCheck(beforeCount <= afterCount, "count decreases")
	if e.Kind == "timer" || e.Kind == "counter" {
		refCheck(int64(beforeSum) <= int64(afterSum), "sum decreases")
	}
	if e.Kind == "distribution" {
		refCheck(e.Before.Sum != "not finite" && e.After.Sum != "not finite", "not finite")
	}
	return e, true
}

// refOf shows a batch of the package as the document does.
func refOf(b *Batch) *refBatch {
	r := &refBatch{
		Detail: map[Detail]string{Samples: "zsmp1", Summaries: "zsum1"}[b.Detail],
		Level:  string(b.Level), Final: b.Final, Recorder: b.Process.Recorder.String(), Seq: b.Seq,
		UptimeNS: b.Uptime.Nanoseconds(), IntervalNS: b.Interval.Nanoseconds(),
		BaseNS: b.Base.UnixNano(), StartNS: b.Process.Start.UnixNano(),
		PID: b.Process.PID, Host: b.Process.Host, Program: b.Process.Program, Unknown: b.Skipped,
	}
	for _, e := range b.Entries {
		s := e.Series
		kind := refKinds[byte(s.Kind)]
		re := refEntry{
			e.ID, kind, e.Birth.Nanoseconds(),
			refTotals{e.Before.Count, refNumber(kind, uint64(e.Before.Sum))}, refTotals{e.After.Count, refNumber(kind, uint64(e.After.Sum))},
			s.Name, s.Source, s.Unit, s.Help, nil,
		}
		for _, t := range s.Tags {
			re.Tags = append(re.Tags, refTag(t))
		}
		r.Entries = append(r.Entries, re)
	}
	for _, s := range b.Samples {
		r.Samples = append(r.Samples, refValue{s.Entry, s.Time, refNumber(r.Entries[s.Entry].Kind, uint64(s.Value))})
	}
	for i := range b.Summaries {
		r.Summaries = append(r.Summaries, refSummaryOf(&b.Summaries[i]))
	}
	return r
}

// batch makes a batch of the package from what the document says of it.
func (r *refBatch) batch() (*Batch, error) {
	b := &Batch{
		Level: Level(r.Level), Final: r.Final, Seq: r.Seq, Uptime: time.Duration(r.UptimeNS), Interval: time.Duration(r.IntervalNS),
		Base:    time.Unix(0, r.BaseNS),
		Process: Process{Host: r.Host, Program: r.Program, PID: r.PID, Start: time.Unix(0, r.StartNS)},
	}
	if _, err := hex.Decode(b.Process.Recorder[:], []byte(r.Recorder)); err != nil {
		return nil, err
	}
	for _, e := range r.Entries {
		s := &Series{Level: b.Level, Name: e.Name, Source: e.Source, Unit: e.Unit, Help: e.Help}
		for number, name := range refKinds {
			if name == e.Kind {
				s.Kind = Kind(number)
			}
		}
		for _, t := range e.Tags {
			s.Tags = append(s.Tags, Tag(t))
		}
		before, err1 := refWord(e.Kind, e.Before.Sum)
		after, err2 := refWord(e.Kind, e.After.Sum)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		b.Entries = append(b.Entries, Entry{e.ID, s, time.Duration(e.BirthNS), Totals{e.Before.Count, before}, Totals{e.After.Count, after}})
	}
	for _, s := range r.Samples {
		v, err := refWord(r.Entries[s.Entry].Kind, s.Value)
		if err != nil {
			return nil, err
		}
		b.Samples = append(b.Samples, Sample{s.Entry, s.US, v})
	}
	for i := range r.Summaries {
		b.Detail = Summaries
		b.Summaries = append(b.Summaries, r.Summaries[i].summary())
	}
	return b, nil
}

func refWord(kind string, n json.Number) (Value, error) {
	if kind == "gauge" || kind == "distribution" {
		f, err := n.Float64()
		return Value(math.Float64bits(f)), err
	}
	i, err := n.Int64()
	return Value(i), err
}
