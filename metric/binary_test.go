package metric

import (
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBatchesSurviveTheTrip(t *testing.T) {
	full := manyKinds()
	s := full.Entries[0].Series
	s.Name, s.Source = strings.Repeat("n", MaxNameLen), strings.Repeat("完", 85)
	s.Unit, s.Help = strings.Repeat("u", MaxUnitLen), strings.Repeat("h", MaxHelpLen)
	s.Tags = nil
	for i := range MaxTags {
		s.Tags = append(s.Tags, Tag{strconv.Itoa(100+i) + strings.Repeat("k", MaxTagKeyLen-3), strings.Repeat("v", MaxTagValueLen)})
	}
	full.Process.Host, full.Process.Program = strings.Repeat("h", 255), strings.Repeat("p", 255)
	full.Level = Level(strings.Repeat("l", MaxLevelLen))
	for i := range full.Entries {
		full.Entries[i].Series.Level = full.Level
	}
	extreme := manyKinds()
	extreme.Samples = []Sample{
		{0, math.MaxUint32, IntValue(math.MaxInt64)}, {2, 0, IntValue(math.MinInt64)},
		{3, 0, FloatValue(math.MaxFloat64)}, {4, 0, FloatValue(-math.SmallestNonzeroFloat64)},
	}
	extreme.Entries[0].After = Totals{math.MaxUint64, IntValue(math.MaxInt64)}
	extreme.Seq, extreme.Uptime = math.MaxUint64, math.MaxInt64
	idle := manyKinds()
	idle.Samples = nil
	empty := manyKinds()
	empty.Entries, empty.Samples, empty.Final = nil, nil, true

	var got Batch // reused, as a subscriber does
	for name, b := range map[string]*Batch{"full": full, "extreme": extreme, "idle": idle, "empty": empty} {
		frame := AppendBatch(nil, b)
		if !IsBinary(frame) {
			t.Errorf("%s: does not count as binary", name)
		}
		if err := DecodeBatch(frame, &got); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i := range frame {
			frame[i] = 0xee // the receiver may reuse it
		}
		if diff := cmp.Diff(refOf(b), refOf(&got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if !got.HasTotals() {
			t.Errorf("%s: no totals", name)
		}
	}
}

func TestEntrySizeIsWhatAnEntryTakes(t *testing.T) {
	b := manyKinds()
	for _, e := range b.Entries {
		with, without := *b, *b
		with.Entries, with.Samples = []Entry{e}, nil
		without.Entries, without.Samples = nil, nil
		if got, want := EntrySize(e.Series), len(AppendBatch(nil, &with))-len(AppendBatch(nil, &without)); got != want {
			t.Errorf("%s: EntrySize says %d, it is %d", e.Series.Name, got, want)
		}
	}
	one := *b
	one.Samples = b.Samples[:1]
	none := *b
	none.Samples = nil
	if got := len(AppendBatch(nil, &one)) - len(AppendBatch(nil, &none)); got != SampleSize {
		t.Errorf("a sample takes %d bytes", got)
	}
}

func TestMalformedMessagesAreRefusedWithTheirReason(t *testing.T) {
	edited := func(edit func(*Batch)) []byte {
		b := manyKinds()
		edit(b)
		return AppendBatch(nil, b)
	}
	good := AppendBatch(nil, manyKinds())
	counts := len("zsmp1|info|") + 2 + headerFixed - 8 // where the numbers of entries and samples stand
	claiming := func(at int, n uint32) []byte {
		frame := append([]byte(nil), good...)
		binary.LittleEndian.PutUint32(frame[at:], n)
		return seal(frame)
	}
	for name, test := range map[string]struct {
		reason Reason
		frame  []byte
	}{
		"too large":             {ReasonSize, append(append([]byte(nil), good...), make([]byte, MaxFrame)...)},
		"empty":                 {ReasonVersion, nil},
		"another form":          {ReasonVersion, []byte("zsxx1|info|")},
		"another version":       {ReasonVersion, []byte("zsmp2|info|")},
		"an endless topic":      {ReasonFields, []byte("zsmp1|info")},
		"no level":              {ReasonLevel, []byte("zsmp1||")},
		"a bad level":           {ReasonLevel, []byte("zsmp1|in fo|")},
		"only a topic":          {ReasonTruncated, []byte("zsmp1|info|")},
		"cut":                   {ReasonChecksum, good[:len(good)-1]},
		"entries claimed":       {ReasonTruncated, claiming(counts, math.MaxUint32)},
		"an entry claimed":      {ReasonTruncated, claiming(counts, 6)},
		"samples claimed":       {ReasonTruncated, claiming(counts+4, math.MaxUint32)},
		"a sample too few":      {ReasonTruncated, claiming(counts+4, 9)},
		"no recorder":           {ReasonContent, edited(func(b *Batch) { b.Process.Recorder = RecorderID{} })},
		"a bar in the host":     {ReasonEncoding, edited(func(b *Batch) { b.Process.Host = "a|b" })},
		"a bell in the program": {ReasonEncoding, edited(func(b *Batch) { b.Process.Program = "a\ab" })},
		"no name":               {ReasonEncoding, edited(func(b *Batch) { b.Entries[0].Series.Name = "" })},
		"a bar in a name":       {ReasonEncoding, edited(func(b *Batch) { b.Entries[0].Series.Name = "a|b" })},
		"a name not UTF-8":      {ReasonEncoding, edited(func(b *Batch) { b.Entries[0].Series.Name = "\xff" })},
		"a source not UTF-8":    {ReasonEncoding, edited(func(b *Batch) { b.Entries[0].Series.Source = "\xff" })},
		"a long unit":           {ReasonEncoding, edited(func(b *Batch) { b.Entries[0].Series.Unit = strings.Repeat("u", 64) })},
		"a line in the help":    {ReasonEncoding, edited(func(b *Batch) { b.Entries[0].Series.Help = "a\nb" })},
		"a tag without a key":   {ReasonEncoding, edited(func(b *Batch) { b.Entries[0].Series.Tags[0].Key = "" })},
		"a long key":            {ReasonEncoding, edited(func(b *Batch) { b.Entries[0].Series.Tags[1].Key = strings.Repeat("k", 65) })},
		"a bar in a tag":        {ReasonEncoding, edited(func(b *Batch) { b.Entries[0].Series.Tags[0].Value = "|" })},
		"a key twice":           {ReasonContent, edited(func(b *Batch) { b.Entries[0].Series.Tags[1].Key = "a" })},
		"tags too many":         {ReasonContent, edited(func(b *Batch) { b.Entries[0].Series.Tags = make([]Tag, 33) })},
		"a count that falls":    {ReasonContent, edited(func(b *Batch) { b.Entries[3].After.Count = 4 })},
		"a timer that falls":    {ReasonContent, edited(func(b *Batch) { b.Entries[0].After.Sum = IntValue(9) })},
		"a counter that falls":  {ReasonContent, edited(func(b *Batch) { b.Entries[1].After.Sum = IntValue(9) })},
		"a sum that is none":    {ReasonContent, edited(func(b *Batch) { b.Entries[4].After.Sum = FloatValue(math.NaN()) })},
		"a sample of nothing":   {ReasonContent, edited(func(b *Batch) { b.Samples[0].Entry = 5 })},
		"a negative duration":   {ReasonNumber, edited(func(b *Batch) { b.Samples[0].Value = IntValue(-1) })},
		"a negative growth":     {ReasonNumber, edited(func(b *Batch) { b.Samples[2].Value = IntValue(-1) })},
		"a gauge of NaN":        {ReasonNumber, edited(func(b *Batch) { b.Samples[6].Value = FloatValue(math.NaN()) })},
		"an infinite gauge":     {ReasonNumber, edited(func(b *Batch) { b.Samples[6].Value = FloatValue(math.Inf(-1)) })},
		"a distribution of NaN": {ReasonNumber, edited(func(b *Batch) { b.Samples[8].Value = FloatValue(math.NaN()) })},
	} {
		var b Batch
		err := DecodeBatch(test.frame, &b)
		var malformed *DecodeError
		if !errors.As(err, &malformed) || malformed.Reason != test.reason {
			t.Errorf("%s: got %v, want %s", name, err, test.reason)
			continue
		}
		if len(err.Error()) > 300 || !strings.HasPrefix(err.Error(), "malformed message: "+test.reason.String()+": ") {
			t.Errorf("%s: the error is %q", name, err)
		}
	}
}

func TestDecodingTakesLittleMoreMemoryThanTheFrame(t *testing.T) {
	frame := append([]byte(nil), AppendBatch(nil, manyKinds())...)
	at := len("zsmp1|info|") + 2 + headerFixed - 8
	binary.LittleEndian.PutUint32(frame[at:], 1<<31)
	binary.LittleEndian.PutUint32(frame[at+4:], 1<<31)
	frame = seal(frame)
	var b Batch
	if got := allocated(func() {
		if DecodeBatch(frame, &b) == nil {
			t.Fatal("accepted")
		}
	}); got > uint64(20*len(frame)) {
		t.Errorf("a frame of %d bytes costs %d", len(frame), got)
	}
}
