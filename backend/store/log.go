package store

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/zibrato/zibrato/internal/decode"
	"github.com/zibrato/zibrato/metric"
)

const (
	logMagic   = "zblog001"
	recordHead = 4 + 4
	recordBody = 8 + 1
	maxRecord  = recordBody + metric.MaxFrame
)

// nobody stands for the recorder of a batch that has none: the binary form has to name one.
var nobody = metric.RecorderID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

func logName(n uint64) string { return "log." + strconv.FormatUint(n, 10) }

// errFull is what a log says that has reached its bound.
var errFull = errors.New("the log of what was received since the last flush has reached its bound: see Config.Bytes")

// Log takes down the batches of one generation. The fold appends to it in the same step in which it folds the batch; the store ends it.
type Log struct {
	store  *Store
	number uint64
	limit  int64

	mu        sync.Mutex
	file      *os.File // nil: nothing is taken down
	size      int64
	reference time.Time // times are told as the clock stood then; zero: not begun
	buf       []byte
}

// Begin says that the log is in use from now on.
func (l *Log) Begin(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reference = now
}

func (l *Log) begun() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.reference.IsZero()
}

// Append writes a batch that was received at that time, without fsync. One that there is no room for, or that cannot be written, is counted.
func (l *Log) Append(b *metric.Batch, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		l.store.unlogged(nil)
		return
	}
	l.buf = AppendRecord(l.buf[:0], b, at, l.reference)
	if len(l.buf) > recordHead+maxRecord || l.size+int64(len(l.buf)) > l.limit {
		l.store.unlogged(errFull)
		return
	}
	err := l.store.fault("append to a log")
	if err == nil {
		_, err = l.file.WriteAt(l.buf, l.size)
	}
	if err != nil { // the next flush begins another
		l.file.Truncate(l.size) // if it fails, the reader finds a torn record
		l.close()
		l.store.unlogged(err)
		return
	}
	l.size += int64(len(l.buf))
}

// end gives the file up.
func (l *Log) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.close()
}

func (l *Log) close() {
	if l.file != nil {
		l.file.Close()
		l.file = nil
	}
}

// AppendRecord appends a log's record of a batch to dst. The time is told as the clock stood at the reference.
func AppendRecord(dst []byte, b *metric.Batch, at, reference time.Time) []byte {
	le, begin := binary.LittleEndian, len(dst)
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
	dst = appendTime(dst, at, reference)
	dst = append(dst, flag(!b.HasTotals()))
	if !b.HasTotals() {
		own := *b
		own.Process.Recorder = nobody
		b = &own
	}
	dst = metric.AppendBatch(dst, b)
	body := dst[begin+recordHead:]
	le.PutUint32(dst[begin:], uint32(len(body)))
	le.PutUint32(dst[begin+4:], crc32.Checksum(body, castagnoli))
	return dst
}

// Reading is what came of reading a log.
type Reading struct {
	Batches int  // that were read
	Skipped int  // records that were damaged
	Torn    bool // the last record is not whole, as after a kill
}

// ReadLog calls f with each batch of a log and the time at which it was received. The batch is lent, see [metric.Batch]. The error is
// ErrDamaged where the log ends early, or that of r; f has had what stands before that.
func ReadLog(r io.Reader, f func(b *metric.Batch, at time.Time)) (got Reading, err error) {
	in := bufio.NewReaderSize(r, 1<<16)
	var head [recordHead]byte
	magic := make([]byte, len(logMagic))
	if n, err := io.ReadFull(in, magic); err != nil {
		got.Torn = n > 0
		return got, ended(err)
	}
	if string(magic) != logMagic {
		return got, damaged("it begins with %q, want %q", magic, logMagic)
	}
	var body []byte
	var b metric.Batch
	row := 0 // of damaged records
	for {
		if n, err := io.ReadFull(in, head[:]); err != nil {
			got.Torn = n > 0
			return got, ended(err)
		}
		n := binary.LittleEndian.Uint32(head[:])
		if n < recordBody || n > maxRecord {
			got.Skipped++
			return got, damaged("a record of %d bytes", n)
		}
		if int(n) > cap(body) {
			body = make([]byte, n)
		}
		body = body[:n]
		if _, err := io.ReadFull(in, body); err != nil {
			got.Torn = true
			return got, ended(err)
		}
		at, err := decodeRecord(body, binary.LittleEndian.Uint32(head[4:]), &b)
		if err == nil {
			row = 0
			got.Batches++
			f(&b, at)
			continue
		}
		got.Skipped++
		if row++; row == 2 {
			return got, damaged("two records in a row: %v", err)
		}
	}
}

// ended is nil where the file just ends.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

func decodeRecord(body []byte, sum uint32, b *metric.Batch) (at time.Time, err error) {
	if sum != crc32.Checksum(body, castagnoli) {
		return at, damaged("the checksum does not match")
	}
	r := reader{decode.Reader{B: body}}
	at = r.time()
	anonymous := r.U8()&1 != 0
	if err := metric.DecodeBatch(r.B, b); err != nil {
		return at, err
	}
	if anonymous {
		b.Process.Recorder = metric.RecorderID{}
	}
	return at, nil
}
