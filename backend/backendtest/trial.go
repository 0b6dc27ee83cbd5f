package backendtest

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"go.uber.org/goleak"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

const (
	// patience is how long a Write or Close may take when nothing is wrong.
	patience = 30 * time.Second
	// whileHanging is how long the suite lets the sink hang before the context ends.
	whileHanging = 50 * time.Millisecond
)

// trial is one target and one sink, for one check. As a backend does, it calls the sink from one goroutine only.
type trial struct {
	h      Harness
	target Target
	sink   backend.Sink
	before goleak.Option // the goroutines that were there before the sink
	calls  chan func()   // the sink's goroutine runs what it finds here
	idle   chan struct{} // closed when that goroutine has ended
	closed bool          // the sink's Close was called
}

func newTrial(h Harness) (*trial, error) {
	h.Prompt = cmp.Or(h.Prompt, 10*time.Second)
	h.Tolerance = cmp.Or(h.Tolerance, 1e-9)
	t := &trial{h: h, calls: make(chan func(), 1), idle: make(chan struct{})}
	var err error
	if t.target, err = h.NewTarget(); err != nil {
		return nil, fmt.Errorf("new target: %w", err)
	}
	go func() {
		defer close(t.idle)
		for call := range t.calls {
			call()
		}
	}()
	t.before = goleak.IgnoreCurrent()
	if t.sink, err = t.target.NewSink(); err != nil {
		close(t.calls)
		return nil, errors.Join(fmt.Errorf("new sink: %w", err), t.target.Close())
	}
	return t, nil
}

// end lets go of everything, whatever state the check left it in.
func (t *trial) end() error {
	err := t.target.Behave(Serve)
	if !t.closed {
		_, broken := t.close(t.h.Prompt)
		err = errors.Join(err, broken)
	}
	close(t.calls)
	// A sink that ignored its context is still in a call. It comes back now, as the target serves again, or when that closes.
	select {
	case <-t.idle:
	case <-time.After(t.h.Prompt):
	}
	err = errors.Join(err, t.target.Close())
	select {
	case <-t.idle:
	case <-time.After(t.h.Prompt):
		err = errors.Join(err, errors.New("a call of the sink did not even return when the target closed"))
	}
	return err
}

// write calls the sink's Write with a context that ends after the given time. answer is what Write returned; broken
// says what no Write may do, whatever the check expects of the answer.
func (t *trial) write(w *metric.Window, ends time.Duration) (answer, broken error) {
	ctx, cancel := context.WithTimeout(context.Background(), ends)
	defer cancel()
	return t.writeContext(ctx, w)
}

func (t *trial) writeContext(ctx context.Context, w *metric.Window) (answer, broken error) {
	return t.call(ctx, "sink.Write", func() error { return t.sink.Write(ctx, w) })
}

// close calls the sink's Close as write calls Write.
func (t *trial) close(ends time.Duration) (answer, broken error) {
	ctx, cancel := context.WithTimeout(context.Background(), ends)
	defer cancel()
	t.closed = true
	return t.call(ctx, "sink.Close", func() error { return t.sink.Close(ctx) })
}

func (t *trial) call(ctx context.Context, name string, f func() error) (answer, broken error) {
	answered := make(chan error, 1)
	select {
	case t.calls <- func() { answered <- f() }:
	default:
		return nil, fmt.Errorf("%s could not be called: an earlier call has not returned yet", name)
	}
	select {
	case answer = <-answered:
		return answer, t.secret(name, answer)
	case <-ctx.Done():
	}
	late := time.NewTimer(t.h.Prompt)
	defer late.Stop()
	select {
	case answer = <-answered:
		return answer, t.secret(name, answer)
	case <-late.C:
		return nil, fmt.Errorf("%s had not returned %v after its context ended", name, t.h.Prompt)
	}
}

// secret finds the harness's secrets in an error, as they are and in the escapes in which libraries quote them.
func (t *trial) secret(name string, err error) error {
	if err == nil {
		return nil
	}
	text := err.Error() + fmt.Sprintf("%+v", err)
	for i, s := range t.h.Secrets {
		b := []byte(s)
		for _, form := range [...]string{
			s, url.QueryEscape(s), url.PathEscape(s), base64.StdEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b),
		} {
			if strings.Contains(text, form) {
				return fmt.Errorf("the error of %s holds Harness.Secrets[%d]: errors are logged, so they must not hold secrets", name, i)
			}
		}
	}
	return nil
}

// deliver writes a window where nothing is wrong.
func (t *trial) deliver(c content) error { return t.hand(c, c.window()) }

// hand writes w, which holds c, where nothing is wrong. Of series that do not arrive, by the harness, the sink may
// speak or not.
func (t *trial) hand(c content, w *metric.Window) error {
	answer, broken := t.write(w, patience)
	if n, rejected := backend.Rejected(answer); rejected && n == len(c.series)-len(c.points(&t.h)) {
		answer = nil
	}
	if answer != nil {
		answer = fmt.Errorf("sink.Write returned an error though the target serves: %w", answer)
	}
	return errors.Join(answer, broken)
}

// behave makes the target behave so; the check ends here if it cannot.
func (t *trial) behave(b Behaviour) error {
	err := t.target.Behave(b)
	if errors.Is(err, errors.ErrUnsupported) {
		return &unsupported{b}
	}
	return err
}

// arrived checks that the windows arrived, each at least once and at most so often, and nothing else.
func (t *trial) arrived(most int, windows ...content) error {
	var want []Point
	for i := range windows {
		want = append(want, windows[i].points(&t.h)...)
	}
	for deadline := time.Now().Add(t.h.Settle); ; time.Sleep(5 * time.Millisecond) {
		got, err := t.target.Arrived()
		if err != nil {
			return fmt.Errorf("what arrived could not be read: %w", err)
		}
		if err = compare(got, want, most, t.h.Tolerance); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// mostAfter is how often a window may arrive that was written so many times, each of which may have delivered it.
func (t *trial) mostAfter(writes int) int {
	if t.h.Appends {
		return writes
	}
	return 1
}

// retry checks that the answer asks for the window again.
func retry(answer error) error {
	if answer == nil {
		return errors.New("sink.Write returned nil, so the window is lost")
	}
	_, again := backend.RetryAfter(answer)
	if _, rejected := backend.Rejected(answer); rejected || !again {
		return fmt.Errorf("sink.Write's error gives the window up instead of asking for it again: %w", answer)
	}
	return nil
}

// leaked checks that the sink's goroutines have ended.
func (t *trial) leaked() error {
	for deadline := time.Now().Add(t.h.Prompt); ; {
		if err := goleak.Find(t.before); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}
