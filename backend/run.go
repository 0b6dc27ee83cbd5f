package backend

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxNotices is how many notices are logged in a minute.
const maxNotices = 20

// noticeLog counts the notices of the minute that began at since.
type noticeLog struct {
	since time.Time
	n     int
}

// run is the goroutine that flushes windows and logs what add may not. It ends when Shutdown is done.
func (b *Backend) run(s *schedule) {
	defer close(b.ended)
	t := time.NewTimer(b.wait(s))
	defer t.Stop()
	for b.await(t) {
		now := time.Now()
		if back := s.behind(now); back > 0 {
			if _, due := b.setBack.Due(0, time.Minute, now); due {
				b.cfg.Logger.Warn("backend: the clock was set back: the open window stays open until it has caught up", "by", back, "until", s.end)
			}
		}
		if start, end, ok := s.next(now); ok {
			b.flush(start, end, s.start, false)
		}
		t.Reset(b.wait(s))
	}
	b.turn.Store(0) // from here on Shutdown's context says what is late
	asked := b.receiving.Err() != nil
	if asked {
		b.awaitSource()
	}
	start, end := s.last(time.Now())
	b.flush(start, end, end, true)
	b.logRest()
	if asked {
		defer close(b.done)
	} else {
		b.cfg.Logger.Error("backend: the source broke", "error", b.broken)
		close(b.done)
		<-b.receiving.Done()
	}
	errs := append([]error{b.sourceErr()}, b.closeSinks()...)
	if b.store != nil {
		errs = append(errs, b.store.Close())
	}
	b.result = errors.Join(errs...)
	if b.result != nil {
		b.result = fmt.Errorf("backend: shutdown: %w", b.result)
	}
	b.stop()
	b.expire()
}

// wait is how long until the schedule is to be asked again, and notes when that is.
func (b *Backend) wait(s *schedule) time.Duration {
	now := time.Now()
	d := s.wait(now)
	b.turn.Store(int64(now.Sub(b.began) + max(d, 0)))
	return d
}

// await returns true when the timer fires, and false when receiving ends, by Shutdown or by itself.
func (b *Backend) await(t *time.Timer) bool {
	for {
		select {
		case <-t.C:
			return true
		case n := <-b.notices:
			b.notice(n)
		case <-b.receiving.Done():
			return false
		case <-b.received:
			return false
		}
	}
}

// awaitSource gives the source half of the time that Shutdown has.
func (b *Backend) awaitSource() {
	ctx, cancel := b.writing, context.CancelFunc(func() {})
	if !b.deadline.IsZero() {
		ctx, cancel = context.WithTimeout(b.writing, time.Until(b.deadline)/2)
	}
	defer cancel()
	for {
		select {
		case n := <-b.notices:
			b.notice(n)
		case <-b.received:
			return
		case <-ctx.Done():
			return
		}
	}
}

// sourceErr tells how the source ended.
func (b *Backend) sourceErr() error {
	select {
	case <-b.received:
		if b.broken != nil {
			return b.broken
		}
		return b.unclean
	default:
		return errors.New("source: does not return though it was asked to; what it still had is lost")
	}
}

// flush ends the open window and hands it to the sinks, unless nothing happened in it. The next one begins at that time.
func (b *Backend) flush(start, end, next time.Time, last bool) {
	var dropped uint64
	for _, o := range b.outlets {
		dropped += o.snapshot().Dropped
	}
	b.fold.noteDropped(dropped)
	var w waiting
	if b.store != nil {
		w = b.stored(start, end, next, last)
	} else {
		w.window = b.window(start, end, b.fold.take(time.Now(), last))
	}
	if w.window != nil {
		for _, o := range b.outlets {
			o.offer(w)
		}
		b.windows.Inc()
	}
	now := b.fold.snapshot()
	if b.tooMany.Rest(now.Overflow) > 0 {
		if since, due := b.tooMany.Due(now.Overflow, time.Minute, time.Now()); due {
			b.cfg.Logger.Warn("backend: too many series: some were left out; see Config.MaxSeries and MaxSeriesEach",
				"limit", b.cfg.MaxSeries, "of_each", b.cfg.MaxSeriesEach, "left_out", since)
		}
	}
	if b.missing.Rest(now.LostBatches) > 0 {
		if since, due := b.missing.Due(now.LostBatches, time.Minute, time.Now()); due {
			b.cfg.Logger.Warn("backend: batches were lost on the way: counts and sums are kept, histograms and single samples lack what was in them",
				"batches", since, "samples_so_far", now.LostSamples)
		}
	}
}

// notice logs what a recorder has to say, up to maxNotices in a minute.
func (b *Backend) notice(text string) {
	now := time.Now()
	if l := &b.noticed; l.since.IsZero() || now.Sub(l.since) >= time.Minute {
		*l = noticeLog{since: now}
	}
	if b.noticed.n++; b.noticed.n > maxNotices {
		b.unlogged.Inc()
		return
	}
	b.cfg.Logger.Warn("backend: notice", "text", text)
}

// logRest logs the notices that wait.
func (b *Backend) logRest() {
	for {
		select {
		case n := <-b.notices:
			b.notice(n)
		default:
			return
		}
	}
}

// closeSinks lets the sinks write what waits, within the time that Shutdown has, and tells what became of each.
func (b *Backend) closeSinks() (errs []error) {
	for _, o := range b.outlets {
		close(o.closing)
	}
	late := make(chan struct{})
	defer context.AfterFunc(b.writing, func() { time.AfterFunc(grace, func() { close(late) }) })()
	for _, o := range b.outlets {
		select {
		case <-o.done:
		case <-late:
		}
		errs = append(errs, o.result())
	}
	return errs
}
