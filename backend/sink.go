package backend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// A Sink takes windows to where people look at them. The backend gives every sink a goroutine and a queue of its own, so a
// sink may block; its methods are called one after the other, with one window at a time.
//
// Write delivers the window, or as much of it as the target takes, and returns nil only when it is delivered: nothing of
// it is left to do.
//
//   - It neither changes the window nor keeps it, or anything in it, after it returned, the Series it points to included:
//     other sinks read the same ones. Strings may be kept.
//   - It gives up when ctx ends, within milliseconds, also when the target hangs, and leaves the window's memory alone from
//     then on; it returns nil even then only when the window is delivered.
//   - An error that [Retry] made asks for the same window again after that time; a plain error, too, after a time that
//     grows from try to try. The whole window comes again, so Write must be idempotent as far as its target allows: same series, same time, same value.
//   - An error that [Reject] made says that the target refused n series for good, or cannot carry them; a sink may leave the
//     latter out in silence where it documents that. The rest was delivered. The window is done, and the refusal counted and logged.
//   - An error never holds a secret: it is logged.
//
// Close releases what the sink holds, when ctx ends at the latest, and returns nil when nothing went wrong; what a
// hanging target still holds at ctx's end is released when the target goes on. It is called once, after the last Write. A
// Write after Close returns an error.
//
// A sink that is a [fmt.Stringer] is named by it in logs, errors and statistics; other sinks are named by their types.
//
// Package backendtest holds the suite of tests that every sink passes.
type Sink interface {
	Write(ctx context.Context, w *metric.Window) error
	Close(ctx context.Context) error
}

// Retry says that a window should be written again, not before the given time has passed. Zero leaves the time to the backend.
// Of nested verdicts the outermost counts.
func Retry(err error, after time.Duration) error { return &retryError{err, after} }

// Reject says that the target refused n series of a window for good, or cannot carry them, for the reason err. Of nested
// verdicts the outermost counts.
func Reject(err error, n int) error { return &rejectError{err, n} }

type retryError struct {
	err   error
	after time.Duration
}

func (e *retryError) Error() string { return fmt.Sprint(e.err) }
func (e *retryError) Unwrap() error { return e.err }
func (e *retryError) verdict()      {}

type rejectError struct {
	err error
	n   int
}

func (e *rejectError) Error() string { return fmt.Sprintf("%d series refused: %v", e.n, e.err) }
func (e *rejectError) Unwrap() error { return e.err }
func (e *rejectError) verdict()      {}

// outermost returns the first *retryError or *rejectError in err's tree, or nil.
func outermost(err error) error {
	var v interface {
		error
		verdict()
	}
	if errors.As(err, &v) {
		return v
	}
	return nil
}

// RetryAfter reports whether err asks for another try, and when at the earliest. Every error does but a rejection.
func RetryAfter(err error) (after time.Duration, retry bool) {
	switch e := outermost(err).(type) {
	case *retryError:
		return e.after, true
	case *rejectError:
		return 0, false
	}
	return 0, err != nil
}

// Rejected reports whether err is a rejection, and of how many series.
func Rejected(err error) (n int, rejected bool) {
	if e, ok := outermost(err).(*rejectError); ok {
		return e.n, true
	}
	return 0, false
}
