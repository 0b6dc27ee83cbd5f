package metric

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"time"

	"github.com/zibrato/zibrato/internal/decode"
)

// The binary form, as docs/wire.md specifies it; all integers little-endian:
//
//	topic     "zsmp1|" level "|" for samples, "zsum1|" level "|" for summaries
//	u16       length of the header that follows, so that a reader can skip what a newer minor version added
//	header    u8 flags (1: final) · u8 0 · 16 B recorder · u64 seq · u64 uptime ns · u64 interval ns · i64 base unix ns ·
//	          i64 start unix ns · u32 pid · u32 entries · u32 samples or summaries · str host · str program
//	entries   each: u16 length of the rest · u32 id · u8 kind · u8 0 · u64 birth ns · u64 count, u64 sum before ·
//	          u64 count, u64 sum after · str name · str source · str unit · str help · u8 tags · tags × (str key · str value)
//	samples   each: u32 entry index · u32 µs after base · u64 value; or
//	summaries as summary_binary.go has them
//	u32       CRC-32C of everything before it
//
// str is a length of one byte and that many bytes of UTF-8.
const (
	SamplesTopic   = "zsmp1|" // what the topic of a batch of samples begins with
	SummariesTopic = "zsum1|" // what the topic of a batch of summaries begins with
	binaryPrefix   = "zs"     // what every binary form of every version begins with

	headerFixed = 2 + 16 + 8*5 + 4*3
	entryFixed  = 4 + 2 + 8*5
	// SampleSize is the size of one sample on the wire.
	SampleSize = 16
	// MaxFrame is the largest message that a decoder looks at. Publishers stay far below it.
	MaxFrame = 1 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// IsBinary reports whether the message is of a binary form, of whatever kind and version. Levels that begin so are not legal.
func IsBinary(frame []byte) bool { return bytes.HasPrefix(frame, []byte(binaryPrefix)) }

// AppendBatch appends the binary message for a batch to dst: its samples or its summaries, as b.Detail says. Names, host,
// program, tags and level must be legal, as LegalName and its sisters make them, and summaries as [Accumulator] makes them.
func AppendBatch(dst []byte, b *Batch) []byte {
	le := binary.LittleEndian
	begin := len(dst)
	topic, number := SamplesTopic, len(b.Samples)
	if b.Detail == Summaries {
		topic, number = SummariesTopic, len(b.Summaries)
	}
	dst = append(dst, topic...)
	dst = append(dst, b.Level...)
	dst = append(dst, '|')
	dst = le.AppendUint16(dst, uint16(headerFixed+2+len(b.Process.Host)+len(b.Process.Program)))
	var flags byte
	if b.Final {
		flags |= flagFinal
	}
	dst = append(dst, flags, 0)
	dst = append(dst, b.Process.Recorder[:]...)
	dst = le.AppendUint64(dst, b.Seq)
	dst = le.AppendUint64(dst, uint64(b.Uptime))
	dst = le.AppendUint64(dst, uint64(b.Interval))
	dst = le.AppendUint64(dst, uint64(b.Base.UnixNano()))
	dst = le.AppendUint64(dst, uint64(b.Process.Start.UnixNano()))
	dst = le.AppendUint32(dst, b.Process.PID)
	dst = le.AppendUint32(dst, uint32(len(b.Entries)))
	dst = le.AppendUint32(dst, uint32(number))
	dst = appendStr(dst, b.Process.Host)
	dst = appendStr(dst, b.Process.Program)
	for i := range b.Entries {
		dst = appendEntry(dst, &b.Entries[i])
	}
	if b.Detail == Summaries {
		for i := range b.Summaries {
			dst = appendSummary(dst, &b.Summaries[i])
		}
	} else {
		for i := range b.Samples {
			s := &b.Samples[i]
			dst = le.AppendUint32(dst, s.Entry)
			dst = le.AppendUint32(dst, s.Time)
			dst = le.AppendUint64(dst, uint64(s.Value))
		}
	}
	return le.AppendUint32(dst, crc32.Checksum(dst[begin:], castagnoli))
}

// SetUptime sets Batch.Uptime in a message that AppendBatch made, for those who let it wait before they hand it on.
func SetUptime(frame []byte, uptime time.Duration) {
	form := len(SamplesTopic) // as long as the other
	level := bytes.IndexByte(frame[form:], '|') + 1
	const before = 2 + 1 + 1 + 16 + 8 // length, flags, unused, recorder, sequence number
	body := frame[:len(frame)-4]
	binary.LittleEndian.PutUint64(body[form+level+before:], uint64(uptime))
	binary.LittleEndian.PutUint32(frame[len(body):], crc32.Checksum(body, castagnoli))
}

const flagFinal = 1

func appendEntry(dst []byte, e *Entry) []byte {
	le := binary.LittleEndian
	at := len(dst)
	dst = append(dst, 0, 0)
	dst = le.AppendUint32(dst, e.ID)
	dst = append(dst, byte(e.Series.Kind), 0)
	dst = le.AppendUint64(dst, uint64(e.Birth))
	dst = le.AppendUint64(dst, e.Before.Count)
	dst = le.AppendUint64(dst, uint64(e.Before.Sum))
	dst = le.AppendUint64(dst, e.After.Count)
	dst = le.AppendUint64(dst, uint64(e.After.Sum))
	s := e.Series
	dst = appendStr(dst, s.Name)
	dst = appendStr(dst, s.Source)
	dst = appendStr(dst, s.Unit)
	dst = appendStr(dst, s.Help)
	dst = append(dst, byte(len(s.Tags)))
	for _, t := range s.Tags {
		dst = appendStr(dst, t.Key)
		dst = appendStr(dst, t.Value)
	}
	le.PutUint16(dst[at:], uint16(len(dst)-at-2))
	return dst
}

func appendStr(dst []byte, s string) []byte {
	dst = append(dst, byte(len(s)))
	return append(dst, s...)
}

// EntrySize returns how many bytes an entry of the series takes on the wire, for those who fill messages to a size.
func EntrySize(s *Series) int {
	n := 2 + entryFixed + 5 + len(s.Name) + len(s.Source) + len(s.Unit) + len(s.Help)
	for _, t := range s.Tags {
		n += 2 + len(t.Key) + len(t.Value)
	}
	return n
}

// DecodeBatch decodes a binary message into b, whose memory it reuses, the histograms' included. The frame may be reused when it returns. Entries
// of a kind that this reader does not know are left out, with their samples or summaries, and counted in b.Skipped. The
// error is a *DecodeError.
func DecodeBatch(frame []byte, b *Batch) error {
	b.Reset()
	if len(frame) > MaxFrame {
		return malformed(ReasonSize, "%d bytes, more than %d", len(frame), MaxFrame)
	}
	rest, ok := bytes.CutPrefix(frame, []byte(SamplesTopic))
	if !ok {
		b.Detail = Summaries
		rest, ok = bytes.CutPrefix(frame, []byte(SummariesTopic))
	}
	if !ok {
		return malformed(ReasonVersion, "topic %s", excerpt(string(frame[:min(len(frame), 12)])))
	}
	level, rest, ok := bytes.Cut(rest, []byte{'|'})
	if !ok {
		return malformed(ReasonFields, "the topic does not end")
	}
	if b.Level = Level(level); !b.Level.Valid() {
		return malformed(ReasonLevel, "level %s", excerpt(string(level)))
	}
	if len(rest) < 4+2+headerFixed {
		return malformed(ReasonTruncated, "%d bytes after the topic", len(rest))
	}
	body := frame[:len(frame)-4]
	if sum := binary.LittleEndian.Uint32(frame[len(body):]); sum != crc32.Checksum(body, castagnoli) {
		return malformed(ReasonChecksum, "%d bytes", len(frame))
	}
	r := reader{decode.Reader{B: rest[:len(rest)-4]}}
	header := reader{decode.Reader{B: r.Take(int(r.U16()))}}
	flags := header.U8()
	header.U8()
	copy(b.Process.Recorder[:], header.Take(16))
	b.Final = flags&flagFinal != 0
	b.Seq = header.U64()
	b.Uptime = header.duration()
	b.Interval = header.duration()
	b.Base = time.Unix(0, int64(header.U64()))
	b.Process.Start = time.Unix(0, int64(header.U64()))
	b.Process.PID = header.U32()
	entries, details := int(header.U32()), int(header.U32())
	b.Process.Host = header.Str()
	b.Process.Program = header.Str()
	if header.Short || r.Short {
		return malformed(ReasonTruncated, "header")
	}
	if !isLegal(b.Process.Host, MaxNameLen) || !isLegal(b.Process.Program, MaxNameLen) {
		return malformed(ReasonEncoding, "host %s or program %s", excerpt(b.Process.Host), excerpt(b.Process.Program))
	}
	if b.Process.Recorder.IsZero() {
		return malformed(ReasonContent, "a recorder of zeros")
	}
	// Divide what is there rather than multiply what is claimed: 32-bit counts must not overflow an int on 32-bit machines.
	if entries < 0 || entries > len(r.B)/(2+entryFixed+5) {
		return malformed(ReasonTruncated, "%d entries in %d bytes", entries, len(r.B))
	}
	known, err := b.decodeEntries(&r, entries)
	if err != nil {
		return err
	}
	if b.Detail == Summaries {
		return b.decodeSummaries(&r, known, details)
	}
	return b.decodeSamples(&r, known, details)
}

// decodeEntries returns where in b.Entries each entry of the message is; -1: left out.
func (b *Batch) decodeEntries(r *reader, entries int) (known []int32, err error) {
	known = make([]int32, entries)
	for i := range known {
		er := reader{decode.Reader{B: r.Take(int(r.U16()))}}
		if r.Short {
			return nil, malformed(ReasonTruncated, "entry %d", i)
		}
		e, err := er.entry(b.Level)
		if err != nil {
			return nil, err
		}
		if e.Series == nil {
			b.Skipped++
			known[i] = -1
			continue
		}
		known[i] = int32(len(b.Entries))
		b.Entries = append(b.Entries, e)
	}
	return known, nil
}

func (b *Batch) decodeSamples(r *reader, known []int32, samples int) error {
	if samples < 0 || samples != len(r.B)/SampleSize || len(r.B)%SampleSize != 0 {
		return malformed(ReasonTruncated, "%d samples in %d bytes", samples, len(r.B))
	}
	for range samples {
		entry, at, v := r.U32(), r.U32(), Value(r.U64())
		if int64(entry) >= int64(len(known)) {
			return malformed(ReasonContent, "a sample of entry %d of %d", entry, len(known))
		}
		k := known[entry]
		if k < 0 {
			continue
		}
		if kind := b.Entries[k].Series.Kind; !kind.Integer() && notFinite(v.Float()) || (kind == Timer || kind == Counter) && v.Int() < 0 {
			return malformed(ReasonNumber, "a %s's value", kind)
		}
		b.Samples = append(b.Samples, Sample{uint32(k), at, v})
	}
	return nil
}

// entry decodes one entry. One of an unknown kind comes back without a Series.
func (r *reader) entry(level Level) (e Entry, err error) {
	e.ID = r.U32()
	kind := Kind(r.U8())
	r.U8()
	e.Birth = r.duration()
	e.Before = Totals{r.U64(), Value(r.U64())}
	e.After = Totals{r.U64(), Value(r.U64())}
	if r.Short {
		return e, malformed(ReasonTruncated, "entry")
	}
	if !kind.Valid() {
		return e, nil
	}
	s := &Series{Kind: kind, Level: level, Name: r.Str(), Source: r.Str(), Unit: r.Str(), Help: r.Str()}
	n := int(r.U8())
	if n > MaxTags {
		return e, malformed(ReasonContent, "%d tags", n)
	}
	if n > 0 {
		s.Tags = make([]Tag, n)
		for i := range s.Tags {
			s.Tags[i] = Tag{r.Str(), r.Str()}
		}
	}
	if r.Short {
		return e, malformed(ReasonTruncated, "entry")
	}
	if s.Name == "" || !isLegal(s.Name, MaxNameLen) || !isLegal(s.Source, MaxNameLen) || LegalText(s.Unit, MaxUnitLen) != s.Unit || LegalText(s.Help, MaxHelpLen) != s.Help {
		return e, malformed(ReasonEncoding, "series %s", excerpt(s.Name))
	}
	for i, t := range s.Tags {
		if t.Key == "" || !isLegal(t.Key, MaxTagKeyLen) || !isLegal(t.Value, MaxTagValueLen) {
			return e, malformed(ReasonEncoding, "tag %s", excerpt(t.Key))
		}
		if i > 0 && s.Tags[i-1].Key >= t.Key {
			return e, malformed(ReasonContent, "tags out of order")
		}
	}
	if e.After.Count < e.Before.Count || kind == Counter && e.After.Sum.Int() < e.Before.Sum.Int() || kind == Timer && e.After.Sum.Int() < e.Before.Sum.Int() ||
		kind == Distribution && (notFinite(e.Before.Sum.Float()) || notFinite(e.After.Sum.Float())) {
		return e, malformed(ReasonContent, "totals of %s", excerpt(s.Name))
	}
	e.Series = s
	return e, nil
}
