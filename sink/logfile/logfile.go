// Package logfile writes windows as lines of JSON, to a file that it rotates or to any writer, standard output by default.
//
// One line is one series in one window, an object whose fields are always all there, in this order:
//
//	time                      the window's start in UTC, RFC 3339; a fraction only where it is not a whole second
//	name, kind, unit          kind is timer, counter, updown, gauge or distribution; unit is "" where none was said
//	level, source             source may be ""
//	tags                      an object, {} where there are none
//	count                     calls
//	sum                       their sum; of a counter, what it grew by
//	min, max, last, stddev    of the values; stddev is the population's
//	p50, p90, p95, p99, p999  quantiles, within 1.1 %
//
// Values are in the series' unit, a timer's in seconds. What is not known is null: all from min on of a counter and of
// a series whose samples were lost on the way, the sum of a gauge or an up-down counter that has no samples, and what does
// not fit a float64. (The sum of a gauge's values is good for a mean only.)
//
// Sums of counters and timers are exact and may have more digits than a float64 holds; every other number is the
// shortest that reads back as the same float64. Names stand as they are, with the escapes that JSON asks for, and no line
// holds a line break of any sort:
//
//	{"time":"2026-03-01T12:00:00Z","name":"jobs.done","kind":"counter","unit":"","level":"info","source":"orders",
//	 "tags":{"region":"eu"},"count":3,"sum":47,"min":null,"max":null,"last":null,"stddev":null,"p50":null,"p90":null, ...
package logfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

// Config says where the lines go. The zero Config is standard output.
type Config struct {
	// Path is a file to append to. It is made if need be; its directory must be there. It must be a regular file that
	// no other program or sink writes to. Empty: Writer.
	Path string

	// Writer takes the lines if Path is empty. Nil: standard output. The sink does not close it. A writer that blocks
	// is still in use when Write or Close gave up on it.
	Writer io.Writer

	// MaxBytes is the size that a file does not exceed, unless a single window does. A file that would is renamed to
	// Path.1 first, what was Path.1 to Path.2 and so on. 0: 100 MiB. Negative: no limit, as where logrotate is at work.
	MaxBytes int64

	// Keep is how many renamed files are kept. 0: 7. Negative: none.
	Keep int

	// Mode is the permissions of new files, before umask. 0: 0o640.
	Mode fs.FileMode
}

// Defaults of Config.
const (
	DefaultMaxBytes = 100 << 20
	DefaultKeep     = 7
	DefaultMode     = fs.FileMode(0o640)
)

// Sink writes windows as lines of JSON. It is a [backend.Sink], to be called from one goroutine at a time.
//
// A window goes out in one write. A file that takes a part of it, as on a full disk, is cut back to where the window
// began. A writer that takes a part gets the rest when the window comes again; if another comes instead, the line that
// broke off is finished. So no line is torn, and none is there twice, also when a window comes again that is out already.
// A line that a crash left unfinished in a file is removed when that is next opened; lines before it stay, though their
// window may come again.
//
// A file that somebody else renames or removes, as logrotate does, is noticed at the next window, which goes to a new
// file of the old name. One that is truncated (copytruncate) is appended to. Files are not synced: what a crash of the
// whole machine takes is for the file system to say.
//
// Where standard output or error is a pipe whose reader is gone, Write returns an error that wraps [syscall.EPIPE]. The
// process does not die of it, as it would if it wrote there itself.
type Sink struct {
	name   string
	closer io.Closer // nil: w is the caller's
	closed bool
	done   chan error // gets the result of the delivery that is under way; nil: none is

	// Owned by the delivery while one is under way, by the caller otherwise.
	w    io.Writer
	next []byte // the lines to write
	last []byte // the lines written last
	out  int    // so many bytes of last are out for good
}

var _ backend.Sink = (*Sink)(nil)

// New returns a sink that writes where cfg says. A file is opened here, so that what is wrong with it shows at once:
// errors name the path and what to do about it. Close the sink when done.
func New(cfg Config) (*Sink, error) {
	if cfg.Path != "" {
		if cfg.Writer != nil {
			return nil, errors.New("logfile: Config.Path and Config.Writer are both set: choose one")
		}
		if cfg.Mode&^fs.ModePerm != 0 {
			return nil, fmt.Errorf("logfile: Config.Mode %v: want permissions only, such as 0o640", cfg.Mode)
		}
		path, err := filepath.Abs(cfg.Path) // the working directory may change before the next file is opened
		if err != nil {
			return nil, fmt.Errorf("logfile: Config.Path %s: %w", cfg.Path, err)
		}
		cfg.Path = path
		f := newFile(cfg)
		if err := f.open(); err != nil {
			return nil, fmt.Errorf("logfile: Config.Path: %w", err)
		}
		return &Sink{name: path, w: f, closer: f}, nil
	}
	w := cfg.Writer
	if w == nil {
		w = os.Stdout
	}
	f, ok := w.(*os.File)
	if !ok {
		return &Sink{name: "Config.Writer", w: w}, nil
	}
	own, err := ownStandard(f)
	switch {
	case err != nil:
		return nil, fmt.Errorf("logfile: %s is not open: %w", f.Name(), err)
	case own != nil:
		return &Sink{name: f.Name(), w: own, closer: own}, nil
	}
	return &Sink{name: f.Name(), w: f}, nil
}

// String names the sink for logs.
func (s *Sink) String() string { return "logfile " + s.name }

// Write appends the window's lines. Its errors ask for the window again, since whatever went wrong may pass. When ctx ends
// while the target hangs, Write returns and leaves the lines to a goroutine, which goes on when the target does; until
// then, further windows wait for it.
func (s *Sink) Write(ctx context.Context, w *metric.Window) error {
	if s.closed {
		return fmt.Errorf("logfile: write to %s: %w", s.name, os.ErrClosed)
	}
	// An earlier Write may have left its delivery behind. How that went, deliver knows: nothing is to be done about its error.
	s.await(ctx)
	if s.done != nil {
		return s.retry(fmt.Errorf("still writing an earlier window: %w", ctx.Err()))
	}
	if err := s.encode(ctx, w); err != nil {
		return s.retry(err)
	}
	if len(s.next) == 0 {
		return nil
	}
	s.start(s.deliver)
	if err := s.await(ctx); err != nil {
		return s.retry(err)
	}
	return nil
}

// Close ends the sink and closes its file; a writer stays open. If the target hangs until ctx ends, Close returns an
// error and a goroutine does the rest when the target goes on. Only the first Close does anything.
func (s *Sink) Close(ctx context.Context) error {
	if s.closed {
		return nil
	}
	s.closed = true
	earlier := s.done
	s.start(func() error {
		if earlier != nil {
			<-earlier
		}
		err := s.finishLine()
		if s.closer != nil {
			err = errors.Join(err, s.closer.Close())
		}
		return err
	})
	if err := s.await(ctx); err != nil {
		return fmt.Errorf("logfile: close %s: %w", s.name, err)
	}
	return nil
}

// start runs f on a goroutine: writes to files and pipes cannot be given a context, so waiting for them must be
// something that can be broken off.
func (s *Sink) start(f func() error) {
	done := make(chan error, 1)
	s.done = done
	go func() { done <- f() }()
}

// await returns the result of the delivery under way, or ctx's error when that ends first.
func (s *Sink) await(ctx context.Context) error {
	if s.done == nil {
		return nil
	}
	select {
	case err := <-s.done:
		s.done = nil
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// encode puts the window's lines into s.next.
func (s *Sink) encode(ctx context.Context, w *metric.Window) error {
	start := appendTime(nil, w.Start)
	s.next = s.next[:0]
	for i := range w.Series {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.next = appendLine(s.next, start, &w.Series[i])
	}
	return nil
}

// deliver writes s.next, or what of it is not out yet. It knows a window that comes again by its lines, which hold its
// time.
func (s *Sink) deliver() error {
	if !bytes.Equal(s.next, s.last) {
		if err := s.finishLine(); err != nil {
			return err
		}
		s.last, s.next, s.out = s.next, s.last, 0
	}
	return s.writeTo(len(s.last))
}

// finishLine writes the rest of a line that is out in part.
func (s *Sink) finishLine() error {
	if s.out == 0 || s.last[s.out-1] == '\n' {
		return nil
	}
	return s.writeTo(s.out + bytes.IndexByte(s.last[s.out:], '\n') + 1)
}

// writeTo writes s.last up to the given end.
func (s *Sink) writeTo(end int) error {
	rest := s.last[s.out:end]
	if len(rest) == 0 {
		return nil
	}
	n, err := s.w.Write(rest)
	n = min(max(n, 0), len(rest))
	s.out += n
	if n < len(rest) && err == nil {
		err = io.ErrShortWrite
	}
	return err
}

// retry asks for the window again, by an error that names the target.
func (s *Sink) retry(err error) error {
	if named := (*fs.PathError)(nil); !errors.As(err, &named) {
		err = fmt.Errorf("write to %s: %w", s.name, err)
	}
	if readerGone(err) {
		err = fmt.Errorf("the reader is gone: %w", err)
	}
	return backend.Retry(fmt.Errorf("logfile: %w", err), 0)
}
