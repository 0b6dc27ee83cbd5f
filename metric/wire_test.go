package metric

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash/crc32"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// blocks returns the fenced blocks of docs/wire.md of one language, by name.
func blocks(t testing.TB, language string) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../docs/wire.md")
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	for _, m := range regexp.MustCompile("(?ms)^```"+language+" (\\w+)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		found[m[1]] = m[2]
	}
	return found
}

// vector is a message of the document, and what the document says is in it.
type vector struct {
	frame []byte
	says  *refBatch
}

func vectors(t testing.TB) map[string]vector {
	t.Helper()
	says := blocks(t, "json")
	vs := make(map[string]vector)
	for name, dump := range blocks(t, "hex") {
		var digits strings.Builder
		for line := range strings.Lines(dump) {
			code, _, _ := strings.Cut(line, "#")
			digits.WriteString(strings.Join(strings.Fields(code), ""))
		}
		frame, err := hex.DecodeString(digits.String())
		if err != nil {
			t.Fatalf("vector %s: %v", name, err)
		}
		v := vector{frame, &refBatch{Detail: string(frame[:5])}}
		if err := json.Unmarshal([]byte(says[name]), v.says); err != nil {
			t.Fatalf("vector %s: %v", name, err)
		}
		vs[name] = v
	}
	if len(vs) < 2 || len(vs) != len(says) {
		t.Fatalf("docs/wire.md holds %d messages and %d descriptions", len(vs), len(says))
	}
	return vs
}

func TestVectorsOfTheDocumentAreDecodedAndEncodedAsItSays(t *testing.T) {
	for name, v := range vectors(t) {
		ref, err := refDecode(v.frame)
		if err != nil {
			t.Fatalf("%s: the reference decoder: %v", name, err)
		}
		if diff := cmp.Diff(v.says, ref, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: the reference decoder: %s", name, diff)
		}
		b := new(Batch)
		if err := DecodeBatch(v.frame, b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(v.says, refOf(b), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: DecodeBatch: %s", name, diff)
		}
		for _, e := range b.Entries {
			if e.Series.Level != b.Level {
				t.Errorf("%s: series %s has level %q", name, e.Series.Name, e.Series.Level)
			}
		}
		made, err := v.says.batch()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(hex.Dump(v.frame), hex.Dump(AppendBatch(nil, made))); diff != "" {
			t.Errorf("%s: AppendBatch: %s", name, diff)
		}
		if prefixed := AppendBatch([]byte("before"), made); string(prefixed) != "before"+string(v.frame) {
			t.Errorf("%s: AppendBatch does not append", name)
		}
	}
}

func TestTextOfTheDocumentIsReadAsItSays(t *testing.T) {
	for name, block := range blocks(t, "text") {
		lines := strings.Split(strings.TrimSuffix(block, "\n"), "\n")
		if len(lines) < 2 || len(lines)%2 != 0 {
			t.Fatalf("block %s has %d lines", name, len(lines))
		}
		for i := 0; i < len(lines); i += 2 {
			line, says := lines[i], lines[i+1]
			var b Batch
			err := DecodeText([]byte(line), &b)
			if reason, bad := strings.CutPrefix(says, "malformed "); bad {
				var malformed *DecodeError
				if !errors.As(err, &malformed) || malformed.Reason.String() != reason {
					t.Errorf("%s: got %v, want %s", line, err, says)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", line, err)
				continue
			}
			var want struct {
				Level, Kind, Name, Source, Unit string
				Value                           json.Number
				TimeNS                          int64 `json:"time_ns"`
			}
			if err := json.Unmarshal([]byte(says), &want); err != nil {
				t.Fatalf("%s: %v", says, err)
			}
			value, err := refWord(want.Kind, want.Value)
			if err != nil {
				t.Fatal(err)
			}
			s := b.Entries[0].Series
			got := []any{b.Level, s.Level, s.Kind.String(), s.Name, s.Source, s.Unit, len(s.Tags), b.Samples, b.Base.UnixNano(), b.HasTotals()}
			if diff := cmp.Diff([]any{Level(want.Level), Level(want.Level), want.Kind, want.Name, want.Source, want.Unit, 0, []Sample{{Value: value}}, want.TimeNS, false}, got); diff != "" {
				t.Errorf("%s: %s", line, diff)
			}
			if name == "written" {
				if again := string(AppendText(nil, &b, 0)); again != line {
					t.Errorf("%s is written %s", line, again)
				}
			}
		}
	}
}

// seal puts the right checksum to a frame.
func seal(frame []byte) []byte {
	body := frame[:len(frame)-4]
	return binary.LittleEndian.AppendUint32(append([]byte(nil), body...), crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
}

func TestEveryTruncationAndEveryFlippedBitIsFound(t *testing.T) {
	for name, v := range vectors(t) {
		var b Batch
		for n := range v.frame {
			if err := DecodeBatch(v.frame[:n], &b); err == nil {
				t.Errorf("%s: the first %d bytes pass", name, n)
			}
		}
		frame := append([]byte(nil), v.frame...)
		for bit := range 8 * len(frame) {
			frame[bit/8] ^= 1 << (bit % 8)
			err := DecodeBatch(frame, &b)
			var malformed *DecodeError
			if !errors.As(err, &malformed) {
				t.Errorf("%s: with bit %d flipped: %v", name, bit, err)
			}
			frame[bit/8] ^= 1 << (bit % 8)
		}
	}
}

// agree holds the decoder against the reference.
func agree(t *testing.T, frame []byte) (accepted bool) {
	t.Helper()
	var b Batch
	want, refErr := refDecode(frame)
	err := DecodeBatch(frame, &b)
	if (err == nil) != (refErr == nil) {
		t.Errorf("DecodeBatch says %v, the reference %v\n%s", err, refErr, hex.Dump(frame))
		return false
	}
	if err != nil {
		return false
	}
	if got := refOf(&b); !reflect.DeepEqual(want, got) { // cmp takes its time
		t.Errorf("%s%s", cmp.Diff(want, got), hex.Dump(frame))
	}
	return true
}

func TestUnderARightChecksumTheDecoderAgreesWithTheReference(t *testing.T) {
	for name, v := range vectors(t) {
		accepted, refused := 0, 0
		try := func(frame []byte) {
			if agree(t, frame) {
				accepted++
			} else {
				refused++
			}
		}
		for bit := range 8 * (len(v.frame) - 4) {
			frame := append([]byte(nil), v.frame...)
			frame[bit/8] ^= 1 << (bit % 8)
			try(seal(frame))
		}
		for at := range len(v.frame) - 4 {
			for _, value := range []byte{0, 1, 6, '|', 0x7f, 0x80, 0xff} {
				frame := append([]byte(nil), v.frame...)
				frame[at] = value
				try(seal(frame))
			}
			try(seal(append(append([]byte(nil), v.frame[:at]...), 0, 0, 0, 0)))                 // cut
			try(seal(append(append(append([]byte(nil), v.frame[:at]...), 0), v.frame[at:]...))) // a byte more
		}
		if accepted < 100 || refused < 100 {
			t.Errorf("%s: %d accepted, %d refused: too few to say anything", name, accepted, refused)
		}
	}
}

func TestEntriesOfUnknownKindsAreLeftOutWithTheirSamples(t *testing.T) {
	b := manyKinds()
	gauge := b.Entries[1]
	unknown := *gauge.Series
	unknown.Kind = 77
	b.Entries[1].Series = &unknown
	var got Batch
	if err := DecodeBatch(AppendBatch(nil, b), &got); err != nil {
		t.Fatal(err)
	}
	want := manyKinds()
	want.Entries = append(want.Entries[:1:1], want.Entries[2:]...)
	var samples []Sample
	for _, s := range want.Samples {
		if s.Entry == 1 {
			continue
		}
		if s.Entry > 1 {
			s.Entry--
		}
		samples = append(samples, s)
	}
	want.Samples, want.Skipped = samples, 1
	if diff := cmp.Diff(want, &got); diff != "" {
		t.Error(diff)
	}
}

func TestSummariesOfUnknownKindsAreLeftOutToo(t *testing.T) {
	b := summarized(timings(100)...)
	unknown := *b.Entries[3].Series
	unknown.Kind = 77
	b.Entries[3].Series = &unknown
	b.Summaries[2].Count = 0 // what an unknown kind's summary looks like is not for us to judge
	var got Batch
	if err := DecodeBatch(AppendBatch(nil, b), &got); err != nil {
		t.Fatal(err)
	}
	want := summarized(timings(100)...)
	want.Entries = slices.Delete(want.Entries, 3, 4)
	want.Summaries = slices.Delete(want.Summaries, 2, 3)
	want.Summaries[2].Entry = 3
	want.Skipped = 1
	if diff := cmp.Diff(want, &got, histograms, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAMinorVersionAddsIsSkipped(t *testing.T) {
	for name, v := range vectors(t) {
		at := bytes.IndexByte(v.frame[6:], '|') + 6 + 1
		frame := append([]byte(nil), v.frame[:at]...)
		rest := v.frame[at : len(v.frame)-4]
		longer := func(add string) { // copies something with its length, and adds to it
			n := int(binary.LittleEndian.Uint16(rest))
			frame = binary.LittleEndian.AppendUint16(frame, uint16(n+len(add)))
			frame = append(append(frame, rest[2:2+n]...), add...)
			rest = rest[2+n:]
		}
		longer("new")
		for range v.says.Entries {
			longer("newer")
		}
		for range v.says.Summaries {
			longer("newest")
		}
		frame = append(append(frame, rest...), 0, 0, 0, 0)
		var b Batch
		if err := DecodeBatch(seal(frame), &b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(v.says, refOf(&b), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// manyKinds is a batch with a series of each kind and two samples of each.
func manyKinds() *Batch {
	b := &Batch{
		Process: Process{Recorder: RecorderID{15: 1}, Host: "h", Program: "p", PID: 1, Start: time.Unix(1, 2)},
		Level:   "info", Seq: 3, Uptime: time.Minute, Interval: time.Second, Base: time.Unix(100, 7),
	}
	for i, k := range Kinds {
		one, two := IntValue(10), IntValue(20)
		if !k.Integer() {
			one, two = FloatValue(1.5), FloatValue(-2.5)
		}
		e := Entry{
			ID:     uint32(i),
			Series: &Series{Kind: k, Level: "info", Name: k.String(), Source: "s", Tags: []Tag{{"a", ""}, {"b", "ß"}}},
			Birth:  time.Second, Before: Totals{Count: 5, Sum: one}, After: Totals{Count: 7, Sum: one},
		}
		b.Entries = append(b.Entries, e)
		b.Samples = append(b.Samples, Sample{uint32(i), 1, one}, Sample{uint32(i), 2, two})
	}
	return b
}
