package store

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"github.com/zibrato/zibrato/metric"
)

const stateMagic = "zbstate1"

// State is what a backend knows between two windows. Times that [DecodeState] returns are wall times of the backend's host.
type State struct {
	Generation uint64    // of the log that follows; set by Store
	Next       uint64    // number of the next window; set by Store
	At         time.Time // when it was made
	Start      time.Time // of the open window: no window before it may begin anew
	Clean      bool      // the backend closed in good order: the next window begins when it comes back
	Apart      uint8     // backend.Config.Apart

	Coverage  Coverage
	Forgotten Forgotten
	Streams   []Stream
}

// Coverage says since when the backend has listened. Series born since then count from zero.
type Coverage struct {
	Rest   time.Time                  // for levels that Levels does not name; zero: they are not listened to
	Levels map[metric.Level]time.Time // for those for which it is another
}

// Forgotten says which recorders may have been heard of and forgotten: those that started no later than Start. What they had by
// Birth may have been counted.
type Forgotten struct{ Start, Birth time.Time }

// Stream is what one recorder said on one level.
type Stream struct {
	Recorder metric.RecorderID
	Level    metric.Level
	Seq      [2]uint64     // of the last batch, by detail
	Detail   metric.Detail // that of the first batch
	Final    bool          // it said that it ends
	Heard    time.Time     // last
	Start    time.Time     // of the recorder
	Coverage time.Time
	Uptime   time.Duration // of the recorder, in the last batch
	// Forgotten is the uptime before which were born those of its series that were known, and are no more; 0: there are none.
	Forgotten time.Duration
	Members   []Member
}

// Member is a series in one process.
type Member struct {
	ID    uint32
	Known metric.Totals
	// Series is nil but for an up-down counter whose Value stands in the sum over all processes. The next batch tells it again.
	Series *metric.Series
	Value  int64
}

const (
	streamLeast = 16 + 1 + 16 + 2 + 24 + 16 + 4
	memberLeast = 4 + 16 + 1
)

// AppendState appends the file to dst.
func AppendState(dst []byte, s *State) []byte {
	le, begin := binary.LittleEndian, len(dst)
	dst = append(dst, stateMagic...)
	dst = le.AppendUint64(dst, s.Generation)
	dst = le.AppendUint64(dst, s.Next)
	dst = appendTime(dst, s.At, s.At)
	dst = le.AppendUint64(dst, uint64(s.Start.UnixNano())) // a key of the sinks', to be kept as it is
	dst = append(dst, flag(s.Clean), s.Apart)
	dst = appendTime(dst, s.Coverage.Rest, s.At)
	dst = le.AppendUint16(dst, uint16(len(s.Coverage.Levels)))
	for _, l := range slices.Sorted(maps.Keys(s.Coverage.Levels)) {
		dst = appendStr(dst, string(l))
		dst = appendTime(dst, s.Coverage.Levels[l], s.At)
	}
	dst = appendTime(dst, s.Forgotten.Start, s.At)
	dst = appendTime(dst, s.Forgotten.Birth, s.At)
	dst = le.AppendUint32(dst, uint32(len(s.Streams)))
	for i := range s.Streams {
		dst = appendStream(dst, &s.Streams[i], s.At)
	}
	return append(dst[:begin], Seal(dst[begin:])...)
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func appendStream(dst []byte, s *Stream, at time.Time) []byte {
	le := binary.LittleEndian
	dst = append(dst, s.Recorder[:]...)
	dst = appendStr(dst, string(s.Level))
	dst = le.AppendUint64(dst, s.Seq[0])
	dst = le.AppendUint64(dst, s.Seq[1])
	dst = append(dst, byte(s.Detail), flag(s.Final))
	dst = appendTime(dst, s.Heard, at)
	dst = appendTime(dst, s.Start, at)
	dst = appendTime(dst, s.Coverage, at)
	dst = le.AppendUint64(dst, uint64(s.Uptime))
	dst = le.AppendUint64(dst, uint64(s.Forgotten))
	dst = le.AppendUint32(dst, uint32(len(s.Members)))
	for i := range s.Members {
		m := &s.Members[i]
		dst = le.AppendUint32(dst, m.ID)
		dst = le.AppendUint64(dst, m.Known.Count)
		dst = le.AppendUint64(dst, uint64(m.Known.Sum))
		dst = append(dst, flag(m.Series != nil))
		if m.Series != nil {
			dst = le.AppendUint64(dst, uint64(m.Value))
			dst = appendSeries(dst, m.Series)
		}
	}
	return dst
}

func appendSeries(dst []byte, s *metric.Series) []byte {
	dst = append(dst, byte(s.Kind))
	for _, text := range [...]string{s.Name, s.Source, s.Unit, s.Help} {
		dst = appendStr(dst, text)
	}
	dst = append(dst, byte(len(s.Tags)))
	for _, t := range s.Tags {
		dst = appendStr(dst, t.Key)
		dst = appendStr(dst, t.Value)
	}
	return dst
}

// DecodeState reads the file. The error is ErrDamaged, with what is wrong.
func DecodeState(b []byte) (*State, error) {
	r, err := unseal(b, stateMagic)
	if err != nil {
		return nil, err
	}
	s := &State{Generation: r.U64(), Next: r.U64(), At: r.time(), Start: r.time(), Clean: r.U8()&1 != 0, Apart: r.U8()}
	s.Coverage.Rest = r.time()
	s.Coverage.Levels = make(map[metric.Level]time.Time)
	for range r.count(uint32(r.U16()), 9) {
		l := metric.Level(r.Str())
		s.Coverage.Levels[l] = r.time()
	}
	s.Forgotten = Forgotten{r.time(), r.time()}
	n := r.count(r.U32(), streamLeast)
	s.Streams = make([]Stream, 0, n)
	for range n {
		st, err := r.stream()
		if err != nil {
			return nil, err
		}
		s.Streams = append(s.Streams, st)
	}
	if r.Short || len(r.B) > 0 {
		return nil, damaged("the lengths do not add up")
	}
	if s.At.IsZero() || s.Start.IsZero() {
		return nil, damaged("it does not say of what time it is")
	}
	return s, nil
}

func (r *reader) stream() (s Stream, err error) {
	copy(s.Recorder[:], r.Take(16))
	s.Level = metric.Level(r.Str())
	s.Seq = [2]uint64{r.U64(), r.U64()}
	s.Detail, s.Final = metric.Detail(r.U8()), r.U8()&1 != 0
	s.Heard, s.Start, s.Coverage = r.time(), r.time(), r.time()
	s.Uptime, s.Forgotten = time.Duration(r.U64()), time.Duration(r.U64())
	n := r.count(r.U32(), memberLeast)
	if r.Short || !s.Level.Valid() || s.Detail > metric.Summaries {
		return s, damaged("stream of recorder %v", s.Recorder)
	}
	s.Members = make([]Member, n)
	for i := range s.Members {
		m := &s.Members[i]
		m.ID = r.U32()
		m.Known = metric.Totals{Count: r.U64(), Sum: metric.Value(r.U64())}
		if r.U8()&1 == 0 {
			continue
		}
		m.Value = int64(r.U64())
		if m.Series = r.series(s.Level); m.Series.Kind != metric.UpDown {
			return s, damaged("a %v has a present value", m.Series.Kind)
		}
	}
	return s, nil
}

func (r *reader) series(l metric.Level) *metric.Series {
	s := &metric.Series{Kind: metric.Kind(r.U8()), Level: l, Name: r.Str(), Source: r.Str(), Unit: r.Str(), Help: r.Str()}
	if n := r.count(uint32(r.U8()), 2); n > 0 {
		s.Tags = make([]metric.Tag, n)
		for i := range s.Tags {
			s.Tags[i] = metric.Tag{Key: r.Str(), Value: r.Str()}
		}
	}
	return s
}
