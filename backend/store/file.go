package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/zibrato/zibrato/internal/decode"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrDamaged says that a file does not hold what was written to it, or is of a version that this reader does not know.
var ErrDamaged = errors.New("the file is damaged")

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// Seal appends the checksum with which every file but the log ends.
func Seal(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// unseal returns a reader of what stands between the file's first eight bytes, which must be these, and its checksum.
func unseal(b []byte, magic string) (*reader, error) {
	if len(b) < len(magic)+4 {
		return nil, damaged("%d bytes", len(b))
	}
	if got := string(b[:len(magic)]); got != magic {
		return nil, damaged("it begins with %q, want %q", got, magic)
	}
	body := b[:len(b)-4]
	if binary.LittleEndian.Uint32(b[len(body):]) != crc32.Checksum(body, castagnoli) {
		return nil, damaged("the checksum does not match")
	}
	return &reader{decode.Reader{B: body[len(magic):]}}, nil
}

// reader takes the values of files.
type reader struct{ decode.Reader }

// count reads how many things follow. What is left must be able to hold so many, lest a wrong number takes all memory.
func (r *reader) count(n uint32, least int) int {
	if int64(n)*int64(least) > int64(len(r.B)) {
		r.Fail()
		return 0
	}
	return int(n)
}

const (
	never = math.MinInt64 // stands for the zero time
	// furthest is how far from 1970 a time may be, 146 years, so that the distance of any two is a time.Duration.
	furthest = 1 << 62
)

// time takes a time. One that is no backend's makes the reader short.
func (r *reader) time() time.Time {
	ns := int64(r.U64())
	if ns == never || r.Short {
		return time.Time{}
	}
	if ns < -furthest || ns > furthest {
		r.Fail()
		return time.Time{}
	}
	return time.Unix(0, ns)
}

// appendTime appends a time as the clock stood at the reference, so that a clock that was set in between changes no distance.
func appendTime(dst []byte, t, reference time.Time) []byte {
	ns := int64(never)
	if !t.IsZero() {
		ns = reference.UnixNano() + int64(t.Sub(reference))
	}
	return binary.LittleEndian.AppendUint64(dst, uint64(ns))
}

// appendStr appends at most 255 bytes, as many as any legal name has.
func appendStr(dst []byte, s string) []byte {
	s = s[:min(len(s), math.MaxUint8)]
	return append(append(dst, byte(len(s))), s...)
}

// maxFile is more than any file but a log takes: ten million series and processes have room in it. What seems larger is not read into memory.
const maxFile = 1 << 30

// open opens a file to be read. A pipe in its place would keep whoever opens it waiting, a device never end.
func (s *Store) open(name string) (*os.File, os.FileInfo, error) {
	path := filepath.Join(s.cfg.Dir, name)
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s: it is no regular file", path)
	}
	f, err := os.Open(path)
	return f, info, err
}

// content reads a file.
func (s *Store) content(name string) ([]byte, error) {
	f, info, err := s.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info.Size() > maxFile {
		return nil, damaged("it has %d bytes", info.Size())
	}
	b := make([]byte, info.Size())
	_, err = io.ReadFull(f, b)
	return b, err
}

// fault asks the test whether the step that comes next shall fail. A test may also end the process there.
func (s *Store) fault(step string) error {
	if s.cfg.Fault == nil {
		return nil
	}
	return s.cfg.Fault(step)
}

// replace writes a file in one step: whatever happens, there is the old one or the new one. Durable says that it must also
// survive the death of the machine.
func (s *Store) replace(name string, content []byte, durable bool) (err error) {
	path := filepath.Join(s.cfg.Dir, name)
	temporary := path + ".tmp"
	defer func() {
		if err != nil {
			os.Remove(temporary)
		}
	}()
	if err := s.fault("create " + name); err != nil {
		return err
	}
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err = s.fault("write " + name); err == nil {
		_, err = f.Write(content)
	}
	if err == nil && durable {
		if err = s.fault("sync " + name); err == nil {
			err = f.Sync()
		}
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	if err := s.fault("rename " + name); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	if !durable {
		return nil
	}
	if err := s.fault("sync directory for " + name); err != nil {
		return err
	}
	return syncDir(s.cfg.Dir)
}

// remove removes a file. That it is gone already is fine.
func (s *Store) remove(name string) error {
	if err := s.fault("remove " + name); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(s.cfg.Dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
